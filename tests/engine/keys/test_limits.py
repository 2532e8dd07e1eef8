"""What keys do not see, as the page on keys says it: a node reads it at its own risk."""

import os
import re

from talkgraph import Graph, Node, Store, node
from tests.places import ROOT


@node("read_variable", version=1)
class ReadVariable(Node):
    """What the environment says."""

    def run(self) -> str:
        return os.environ["TALKGRAPH_TEST_SAYS"]


def test_a_variable_of_the_environment_is_not_in_the_key_and_the_page_says_so(
    tmp_path, monkeypatch
):
    graph, store = Graph("one", steps={"said": ReadVariable().on()}), Store(tmp_path)
    found = []
    for word in ("first", "second"):
        monkeypatch.setenv("TALKGRAPH_TEST_SAYS", word)
        found.append(graph.run({}, store=store).output)
    assert found == ["first", "first"]
    page = (ROOT / "docs/caching-and-keys.md").read_text()
    limits = " ".join(re.search(r"The limits:(.*?)\n\n", page, re.DOTALL)[1].split())
    assert "`os.environ`" in limits and "make them parameters or inputs" in limits
