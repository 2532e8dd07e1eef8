"""Graphs that other packages announce, and what is said of one that is not as it should be."""

import pytest

from talkgraph.cli.lookup import named_graph
from talkgraph.errors import GraphError, ModelError

PACKAGE = """
from talkgraph import Graph, Node, node

@node("lookup_test_one", version=1)
class One(Node):
    def run(self) -> int:
        return 1

fixed = Graph("fixed", steps={"one": One().on()})
number = 3

def made(quality="draft"):
    return Graph(quality, steps={"one": One().on()})
"""
ENTRY_POINTS = """
[talkgraph.graphs]
lookup-fixed = lookup_test_package:fixed
lookup-made = lookup_test_package:made
lookup-number = lookup_test_package:number
lookup-gone = lookup_test_package:gone
lookup-broken = lookup_test_broken:graph
lookup-strict = lookup_test_strict:graph
"""


@pytest.fixture(autouse=True)
def package(tmp_path, monkeypatch):
    (tmp_path / "lookup_test_package.py").write_text(PACKAGE)
    (tmp_path / "lookup_test_broken.py").write_text("raise OSError('no driver\\n  here')")
    refuses = (
        "from talkgraph.errors import ModelError\nraise ModelError('its weights are not here')"
    )
    (tmp_path / "lookup_test_strict.py").write_text(refuses)
    facts = tmp_path / "lookup_test_package-1.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: lookup-test-package\nVersion: 1\n"
    )
    (facts / "entry_points.txt").write_text(ENTRY_POINTS)
    monkeypatch.syspath_prepend(str(tmp_path))


def test_a_graph_or_a_function_that_makes_one():
    assert named_graph("lookup-fixed", quality=None).name == "fixed"
    assert named_graph("lookup-made", quality=None).name == "draft"
    assert named_graph("lookup-made", quality="best").name == "best"


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("lookup-fixd", {}, "there is no graph 'lookup-fixd' (did you mean 'lookup-fixed'?)"),
        ("lookup-fixed", {"seed": 1}, "'lookup-fixed' has no options; use --set"),
        ("lookup-made", {"qualty": 1}, "has no option 'qualty' (did you mean 'quality'?)"),
        ("lookup-number", {}, "graph 'lookup-number' is of type int, not Graph; mend its package"),
        ("lookup-gone", {}, "'lookup-gone' of lookup_test_package:gone cannot be loaded ("),
        ("lookup-broken", {}, "cannot be loaded (no driver here); repair or uninstall"),
    ],
)
def test_what_is_wrong_names_the_graph_and_the_fix(name, options, words):
    with pytest.raises(GraphError) as caught:
        named_graph(name, **options)
    assert words in str(caught.value) and "\n" not in str(caught.value)


def test_what_a_package_refuses_by_itself_is_left_as_it_says_it():
    with pytest.raises(ModelError, match=r"^its weights are not here$"):
        named_graph("lookup-strict")
