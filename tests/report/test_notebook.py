"""Graphs, plans, results and values show themselves, without scripts and with their own style."""

import subprocess
import sys

import numpy as np
import pytest

from talkgraph.cache import File, Frames
from talkgraph.graphs import yi2020
from talkgraph.nodes.values import Motion


@pytest.fixture(scope="module")
def things(talk):
    motion = Motion(
        expression=np.zeros((5, 64), np.float32), rotation=np.zeros((5, 3), np.float32),
        translation=np.zeros((5, 3), np.float32), fps=25.0,
    )  # fmt: skip
    graph = yi2020.graph()
    plan = talk._run.request.graph.plan(talk._run.request.inputs, store=talk._run.request.store)
    frames = Frames.from_array(np.zeros((2, 8, 8, 3), np.uint8))
    return {
        "graph": graph, "plan": plan, "result": talk, "motion": motion, "frames": frames,
        "file": File(talk.output.path), "clip": talk["clip"], "fit": talk["fit"],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("graph", "match_backgrounds"), ("plan", "stored"), ("result", "made"),
        ("motion", "pitch"), ("frames", "Sampled frames"), ("file", "MP4"),
        ("clip", "The head"), ("fit", "mean error 0.49 px"),
    ],
)  # fmt: skip
def test_everything_shows_itself(things, parsed, name, words):
    page = parsed(things[name]._repr_html_())
    assert words in page.text
    assert page.elements[0] == ("div", {"class": "talkgraph"})
    assert not page.all("script") and "could not be made" not in page.text
    assert all(a["href"].startswith("#") for a in page.all("a"))


def test_nothing_is_drawn_or_imported_before_somebody_looks():
    code = (
        "import sys, talkgraph.engine, talkgraph.nodes.values, talkgraph.graphs.photo;"
        "print([m for m in sys.modules if m.startswith('talkgraph.report')])"
    )
    made = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert made.stdout.strip() == "[]"
