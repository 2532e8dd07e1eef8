"""The benchmark of photo mode and keypoint field: its graph, its regions, and how it sums up."""

import argparse
import json
import subprocess
import sys

import attrs
import numpy as np
import pytest

import talkgraph as tg
from talkgraph.nodes.face_model.synthetic import (
    synthetic_face_model,
    synthetic_fit,
    synthetic_track,
)
from tests.places import ROOT


@pytest.fixture(autouse=True)
def beside(monkeypatch):
    """Benchmarks import what lies beside them."""
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))


@pytest.fixture(scope="module")
def track():
    """A face that speaks, in the middle of a picture of which it takes about half."""
    fit = synthetic_fit(frames=6, size=256)
    fit.motion.expression[:, 0] = np.sin(np.arange(6))  # the jaw
    found = synthetic_track(synthetic_face_model(levels=0), fit)
    points = found.landmarks * 0.5
    return attrs.evolve(found, landmarks=points + np.float32([64, 64, 0]))


def test_both_graphs_differ_in_the_picture_alone():
    from photo_field import FIELD, RENDERED, field_graph

    moved, rendered = field_graph(seed=3), tg.graph("photo", seed=3, mark=False)
    same = [name for name in rendered.needed_for(("motion",)) if name in rendered.steps]
    assert len(same) > 15
    for name in same:
        assert moved.steps[name] == rendered.steps[name]
    assert set(FIELD) <= set(moved.steps) and set(RENDERED) <= set(rendered.steps)
    assert not set(RENDERED) & set(moved.steps)


def test_a_head_that_moves_is_not_behind_itself(track):
    from photo_scores import around, elsewhere

    behind, body = around(track)
    points = track.landmarks[:, :468, :2].astype(int)
    assert behind.any() and body.any() and not (behind & body).any()
    assert not behind[points[..., 1], points[..., 0]].any()
    assert not body[points[..., 1], points[..., 0]].any()
    photo = np.full((256, 256, 3), 100, np.uint8)
    made = np.repeat(photo[None], 6, axis=0)
    made[3:, behind] += 8
    made[:, points[0, 1, 1], points[0, 1, 0]] += 50
    assert elsewhere(made, photo, track) == {"behind": pytest.approx(4), "body": 0.0}


def test_lips_and_shake_are_those_of_the_track(track):
    from photo_scores import followed, same_person

    assert followed(track, track) == {
        "lmd": 0, "opening_r": pytest.approx(1), "opening_spread": pytest.approx(1),
        "points": 0, "jitter": pytest.approx(1),
    }  # fmt: skip
    beside = attrs.evolve(track, landmarks=track.landmarks + np.float32([3, 4, 0]))
    assert followed(beside, track)["points"] == pytest.approx(5, abs=1e-3)
    assert followed(beside, track)["lmd"] == pytest.approx(0, abs=1e-3)
    assert same_person(np.array([0.2, 0.4, 0.6, 0.4])) == {"identity": 0.4, "same": 0.75}


def test_a_stage_is_run_on_what_came_before_it():
    from photo_cost import before, stages
    from photo_field import FIELD, field_graph

    graph = field_graph()
    assert before(graph, FIELD) == {
        "motion", "fit", "face_model", "clip", "source", "motion_network", "generator",
    }  # fmt: skip
    fit = synthetic_fit(frames=4)
    known = {"motion": fit.motion, "fit": fit, "face_model": synthetic_face_model()}
    found = stages(graph, ("driving",), known, 4)
    assert found.keys() == {"driving"} and found["driving"] >= 0


def test_what_is_measured_is_kept_and_not_measured_again(tmp_path):
    import photo
    from PIL import Image

    frames, asked = np.zeros((9, 16, 16, 3), np.uint8), []

    def measure(name):
        asked.append(name)
        return {"clip": name}, {"real": frames, "photo": frames + 200}

    bench = photo.Bench(argparse.Namespace(state=tmp_path))
    for _ in range(2):
        bench.kept("given-somebody", measure, "somebody")
    assert asked == ["somebody"]
    assert photo.summed_up(tmp_path)["photo_given"] == [{"clip": "somebody"}]
    with Image.open(tmp_path / "given-somebody.png") as sheet:
        assert sheet.size == (photo.sheet({"a": frames}).width, 2 * 192)
    assert "given-somebody" in photo.page(list(tmp_path.glob("*.png")))


def test_its_table_has_a_row_for_each_way(tmp_path):
    way = {"identity": 0.2, "same": 1.0, "behind": None, "body": 2.0, "lmd": 1.0, "points": 1.0,
           "opening_r": 0.5, "opening_spread": 1.0, "jitter": 1.0}  # fmt: skip
    picture = {"psnr_box": 20.0, "ssim_box": 0.5, "psnr_mouth": 19.0}
    talk = {"faces": 1.0, "asked": [1, 2, 3], "turned": [1, 2, 3], **way}
    report = {
        "command": "benchmarks/photo.py",
        "photo_given": [
            {"clip": "a", "frames": 3, "rows": {"real": way, "still": way | picture}},
            {"clip": "b", "frames": 3, "rows": {"real": way, "still": way | picture}},
        ],
        "photo_speech": [{"photo": "p", "speech": "speech_de_01", "frames": 2,
                          "rows": {"photo": talk}}],
        "cost": {"size": 512, "frames": 3, "load": 1.0, "ms": {"photo": {"face": 9.0}},
                 "published_ms": {"frames": 700.0}},
    }  # fmt: skip
    file = tmp_path / "photo.json"
    file.write_text(json.dumps(report))
    command = [sys.executable, str(ROOT / "benchmarks/table.py"), str(file)]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    lines = said.splitlines()
    assert "| still | 20.0 / .500 | 19.0 |" in said and "| real | – | – |" in said
    assert sum(line.startswith("| p, de_01 |") for line in lines) == 1
    assert any("face 9.0" in line for line in lines)


@pytest.mark.parametrize("system", ["yi2020", "yi2022", "field"])
def test_a_system_has_what_it_is_judged_by(system):
    import talk

    graph = talk.GRAPHS[system]("draft", 0)
    assert {"audio"} < set(graph.inputs) <= {"audio", "video", "photo"}
    wanted = {"speech", "backgrounds" if system != "field" else "motion", graph.output}
    assert wanted <= set(graph.steps) and ("field" in graph.steps) == (system == "field")


def test_systems_stand_in_one_table_beside_the_clip():
    from systems_table import systems_table

    talk = {
        "face_in_frames": 1.0, "identity_distance": 0.2, "av_length_difference_frames": -0.38,
        "head_similarity": 0.9, "head_similarity_replay": 0.99, "head_jitter_deg_in": 0.05,
        "head_jitter_deg_out": 0.02, "head_range_in_deg": [1, 2, 3],
        "head_range_out_deg": [4, 5, 6], "seconds": 20.4,
    }  # fmt: skip
    clips = [{"clip": "a", "speeches": {"speech_de_01": talk}}]
    lines = systems_table({"systems": {"yi2020": clips, "field": clips}}).splitlines()
    assert len({line.count("|") for line in lines}) == 1 and len(lines) == 5
    assert "*the clip* | 1.0 / 2.0 / 3.0" in lines[2] and "| field | 4.0 / 5.0 / 6.0" in lines[4]


def test_a_folder_that_is_none_is_refused(tmp_path):
    command = [sys.executable, str(ROOT / "benchmarks/photo.py"), "--data", "nowhere"]
    said = subprocess.run(
        [*command, "--state", str(tmp_path)], capture_output=True, text=True
    )  # fmt: skip
    assert said.returncode == 2 and "no folder" in said.stderr
