"""A run with scores has a section of them; one without has none."""

import pytest

from talkgraph.engine import Graph, Node, node, param
from talkgraph.nodes.evaluate.scores import Scores
from talkgraph.report import report_html


@node("scores_judge", version=1)
class Judge(Node):
    share: float = param(1.0, "of the input")

    def run(self, value: float) -> Scores:
        if value > 90:
            raise ValueError("too much")
        values = {"opening_r": self.share * value, "opening_r_at_lag": 0.5, "my_own": 1.0}
        return Scores(values=values)


GRAPH = Graph(
    "judged",
    inputs={"clip": float},
    steps={
        "made_scores": Judge().on(value="clip"),
        "mean_face_scores": Judge(share=0.0).on(value="clip"),
    },
)
BOTH = ["made_scores", "mean_face_scores"]


@pytest.fixture
def page(tmp_path, parsed):
    result = GRAPH.run({"clip": 0.25}, store=tmp_path, until=BOTH)
    return parsed(report_html(result))


def test_all_columns_stand_in_one_table_with_what_each_figure_says(page):
    for words in ("How near it is to the real one", "mean face", "opening r", "gap of the inner",
                  ".25 / .50", ".00 / .50", "my own", "right is"):  # fmt: skip
        assert words in page.text, words
    assert page.text.count(".25 / .50") == 1  # not again at the step


def test_links_lead_on(page):
    targets = {a["href"][1:] for a in page.all("a")}
    assert targets <= set(page.ids) and "scores" in targets


def test_several_clips_have_a_table_each_and_a_failed_one_none(tmp_path, parsed):
    results = GRAPH.map(
        [{"clip": 0.25}, {"clip": 0.75}, {"clip": 99.0}], store=tmp_path, until=BOTH
    )
    text = parsed(report_html(results[0])).text
    assert ".25 / .50" in text and ".75 / .50" in text
    assert "99.00" not in text


def test_a_run_without_scores_has_no_section(tmp_path, parsed, talk):
    assert "How near it is" not in parsed(report_html(talk)).text
