"""One node, one file, named like the node; and one file of tests in the same place."""

import re

import pytest

from talkgraph.engine import node_class, node_ids
from tests.places import ROOT

OURS = [id for id in node_ids() if node_class(id).__module__.startswith("talkgraph.nodes.")]


@pytest.mark.parametrize("id", OURS)
def test_file_and_class_are_named_like_the_node(id):
    cls = node_class(id)
    assert re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower() == id
    assert cls.__module__.rpartition(".")[2] == id


@pytest.mark.parametrize("id", OURS)
def test_the_tests_of_a_node_lie_where_the_node_does(id):
    *rooms, file = node_class(id).__module__.split(".")[1:]
    assert ROOT.joinpath("tests", *rooms, f"test_{file}.py").is_file()
