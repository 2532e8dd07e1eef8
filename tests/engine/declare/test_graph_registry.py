"""Graphs that other packages announce, and what is said of one that is not as it should be."""

import pytest

from talkgraph.engine import graph, graphs
from talkgraph.errors import GraphError, ModelError

PACKAGE = """
from typing import Literal

from talkgraph import Graph, Node, node

@node("graph_registry_test_one", version=1)
class One(Node):
    def run(self) -> int:
        return 1

fixed = Graph("fixed", steps={"one": One().on()})
number = 3

def made(quality: Literal["draft", "best"] = "draft"):
    return Graph(quality, steps={"one": One().on()})
"""
ENTRY_POINTS = """
[talkgraph.graphs]
announced-fixed = graph_registry_test_package:fixed
announced-made = graph_registry_test_package:made
announced-number = graph_registry_test_package:number
announced-gone = graph_registry_test_package:gone
announced-broken = graph_registry_test_broken:graph
announced-strict = graph_registry_test_strict:graph
"""


@pytest.fixture(autouse=True)
def package(tmp_path, monkeypatch):
    (tmp_path / "graph_registry_test_package.py").write_text(PACKAGE)
    (tmp_path / "graph_registry_test_broken.py").write_text("raise OSError('no driver\\n  here')")
    refuses = (
        "from talkgraph.errors import ModelError\nraise ModelError('its weights are not here')"
    )
    (tmp_path / "graph_registry_test_strict.py").write_text(refuses)
    facts = tmp_path / "graph_registry_test_package-1.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: graph-registry-test-package\nVersion: 1\n"
    )
    (facts / "entry_points.txt").write_text(ENTRY_POINTS)
    monkeypatch.syspath_prepend(str(tmp_path))


def test_a_graph_or_a_function_that_makes_one():
    assert graph("announced-fixed").name == "fixed"
    assert graph("announced-made").name == "draft"
    assert graph("announced-made", quality="best").name == "best"


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        (
            "announced-fixd",
            {},
            "no graph 'announced-fixd' (did you mean 'announced-fixed'?)",
        ),
        ("announced-fixed", {"seed": 1}, "'announced-fixed' has no options; change its parameters"),
        ("announced-made", {"qualty": 1}, "has no option 'qualty' (did you mean 'quality'?)"),
        (
            "announced-made",
            {"quality": "bst"},
            "graph 'announced-made': option 'quality': expected one of 'draft', 'best', got str",
        ),
        (
            "announced-number",
            {},
            "'announced-number' is of type int, not Graph; mend its package",
        ),
        (
            "announced-gone",
            {},
            "of graph_registry_test_package:gone cannot be loaded (",
        ),
        ("announced-broken", {}, "cannot be loaded (no driver here); repair or uninstall"),
    ],
)
def test_what_is_wrong_names_the_graph_and_the_fix(name, options, words):
    with pytest.raises(GraphError) as caught:
        graph(name, **options)
    assert words in str(caught.value) and "\n" not in str(caught.value)


def test_what_a_package_refuses_by_itself_is_left_as_it_says_it():
    with pytest.raises(ModelError, match=r"^its weights are not here$"):
        graph("announced-strict")


def test_every_graph_of_ours_is_announced_and_made():
    names = set(graphs())
    assert {"yi2020", "photo", "announced-made"} <= names
    for name in ("yi2020", "photo"):
        assert graph(name).name == name
    assert "refined" in graph("yi2020", quality="best", seed=3).steps
