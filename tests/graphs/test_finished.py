"""Every graph of a talking video ends marked, unless it is told not to."""

import pytest

import talkgraph as tg
from talkgraph.errors import GraphError

TALKS = ("yi2020", "yi2022", "photo", "audio2head")


@pytest.mark.parametrize("name", TALKS)
def test_a_video_is_marked_by_default(name):
    steps = tg.graph(name).steps
    assert steps["marked"].sources == {"frames": "pasted"}
    assert steps["video_out"].sources == {
        "frames": "marked", "speech": "speech", "origin": "origin",
    }  # fmt: skip
    assert "labelled" not in steps


@pytest.mark.parametrize("name", TALKS)
def test_marks_are_left_out_and_a_label_put_in(name):
    steps = tg.graph(name, mark=False).steps
    assert not {"marked", "origin", "labelled"} & set(steps)
    assert steps["video_out"].sources == {"frames": "pasted", "speech": "speech"}
    steps = tg.graph(name, label="made by a machine").steps
    assert steps["labelled"].node.text == "made by a machine"
    assert steps["marked"].sources == {"frames": "labelled"}


def test_a_graph_says_which_options_it_has():
    with pytest.raises(GraphError, match=r"no option 'marks' \(did you mean 'mark'\?\)"):
        tg.graph("photo", marks=False)
