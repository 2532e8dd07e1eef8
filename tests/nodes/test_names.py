"""One node, one file, named like the node."""

import re

import pytest

from talkgraph.engine import node_class, node_ids

OURS = [id for id in node_ids() if node_class(id).__module__.startswith("talkgraph.nodes.")]


@pytest.mark.parametrize("id", OURS)
def test_file_and_class_are_named_like_the_node(id):
    cls = node_class(id)
    assert re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower() == id
    assert cls.__module__.rpartition(".")[2] == id
