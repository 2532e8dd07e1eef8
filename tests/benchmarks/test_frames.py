"""The benchmark of frames: how it sums up, and that what it runs is a program."""

import ast
import json
import subprocess
import sys

import pytest

from tests.places import ROOT

BENCHMARK = ROOT / "benchmarks/frames.py"


@pytest.fixture
def frames(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARK.parent))
    import frames

    return frames


def test_the_middle_of_runs_is_taken_figure_by_figure(frames):
    runs = [{"fps": fps, "stage_ms": {"face": fps / 2}} for fps in (10.0, 30.0, 20.0)]
    made = {key: frames.middle([run[key] for run in runs]) for key in runs[0]}
    assert made == {"fps": 20.0, "stage_ms": {"face": 10.0}}


def test_rows_compare_trees_measured_in_turn(frames, monkeypatch, tmp_path):
    told = []

    def measure(self, tree, clip, quality, speech):
        told.append((tree, speech))
        return {name: 2.0 if tree == "here" else 1.0 for name in frames.COUNTED}

    monkeypatch.setattr(frames.Bench, "measure", measure)
    monkeypatch.setattr(frames.Bench, "forget", lambda self, tree: None)
    args = type("Args", (), {"rounds": 2, "speech": "speech", "data": tmp_path})()
    row = frames.Bench(args, {"here": ROOT, "before": ROOT}, tmp_path).row("clip", "draft")
    assert row["ratio"] == dict.fromkeys(frames.COUNTED, 2.0)
    known, measured = told[:2], told[2:]
    assert [speech for _, speech in known] == [frames.OTHER_SPEECH] * 2
    assert measured == [("here", "speech"), ("before", "speech")] * 2


def test_its_child_is_a_program(frames):
    ast.parse(frames.CHILD)


def test_a_folder_that_is_none_is_refused():
    said = subprocess.run(
        [sys.executable, str(BENCHMARK), "--data", "nowhere"], capture_output=True, text=True
    )
    assert said.returncode == 2 and "no folder" in said.stderr
    assert json.dumps("usage") not in said.stdout
