"""The three graphs of evaluation on one real clip of three seconds, with figures."""

import json

import pytest

from talkgraph.cli.main import main
from talkgraph.engine import graph
from talkgraph.graphs.evaluate import compare, self_reenactment, sync
from talkgraph.nodes.evaluate.summary import SCORES, columns_of


@pytest.fixture(scope="module")
def clip(clips):
    return clips / "video" / "grid_female_02.mp4"


def scored(graph, inputs, store):
    targets = [name for name in graph.steps if name.endswith(SCORES)]
    result = graph.run(inputs, store=store, until=targets)
    return columns_of({name: result[name] for name in targets}), result


@pytest.fixture(scope="module")
def synced(store, clip):
    return scored(sync(graph("photo")), {"video": clip}, store)


def test_sync_of_a_person_known_by_one_frame_beside_its_baselines(synced):
    columns, result = synced
    assert list(columns) == ["made", "shuffled", "energy", "mean_face"]
    made, shuffled, still = columns["made"], columns["shuffled"], columns["mean_face"]
    assert made["frames"] == 75
    assert made["opening_r"] > 0.35 > 0.2 > shuffled["opening_r"]
    assert made["jaw_r"] > 0.5 > shuffled["jaw_r"]
    assert 0.3 < made["opening_spread"] < 2.5
    assert still["opening_r"] == still["opening_spread"] == still["closure_hits"] == 0
    assert columns["energy"]["opening_spread"] == pytest.approx(1, abs=0.02)
    assert result["photo"].count == 1


def test_the_command_takes_it_from_the_store_and_prints_every_figure(
    synced, store, clip, tmp_path, capsys
):
    page = tmp_path / "page.html"
    common = ["evaluate", "sync", "--video", str(clip), "--store", str(store.path)]
    assert main([*common, "--json", "--report", str(page)]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["evaluate"] == "sync" and said["failed"] == {}
    (only,) = said["clips"]
    assert only["person"] == "grid_female_02"
    assert only["scores"] == synced[0]
    assert said["mean"]["made"] == pytest.approx(synced[0]["made"])
    assert said["worst"]["person"] == "grid_female_02"
    text = page.read_text()
    assert "How near it is to the real one" in text and "closures hit" in text
    assert main([*common, "--quiet"]) == 0
    assert "opening CCC" in capsys.readouterr().out


def test_self_learned_from_one_second_and_compared_with_the_rest(store, clip):
    columns, result = scored(self_reenactment(graph("yi2020"), seconds=1.0), {"video": clip}, store)
    assert result["learned"].count == 25 and result["rest"].count == 50
    assert set(columns) == {"made", "energy", "seen", "halves", "replay", "frozen", "real", "still"}
    made, real = columns["made"], columns["real"]
    assert real["hs"] == 1 and real["std_r"] == pytest.approx(1)
    assert columns["frozen"]["std_r"] < 1e-3
    assert 12 < made["psnr_face"] < 40 and made["pixels_face"] < made["pixels"] == 256**2
    assert made["lmd"] < 12 and made["identity_distance"] < 0.5
    # What is made and what is seen of it in the finished video are nearly the same lips.
    assert columns["seen"]["opening_r"] == pytest.approx(made["opening_r"], abs=0.35)


def test_a_video_against_itself_is_perfect(store, clip):
    columns, _ = scored(compare(graph("yi2020")), {"made": clip, "real": clip}, store)
    made = columns["made"]
    for figure in ("opening_r", "width_ccc", "jaw_spread", "std_r", "hs", "ssim", "sharpness"):
        assert made[figure] == pytest.approx(1, abs=1e-6), figure
    assert made["psnr"] == 100 and made["lmd"] == made["identity_distance"] == 0
    assert made["blinks_per_minute"] == columns["real"]["blinks_per_minute"]


def test_a_video_that_cuts_is_judged_by_one_shot():
    """Else its parts choose shots of their own, beside a sound that begins elsewhere."""
    alone = self_reenactment(graph("yi2020"))
    assert {alone.steps[part].sources["footage"] for part in ("learned", "rest")} == {"shot_view"}
    listened = sync(graph("photo"), renderer=graph("yi2020"))
    for step in ("sound", "photo", "frames"):
        assert listened.steps[step].sources["footage"] == "shot_view"
    held = compare(graph("yi2020"))
    assert held.steps["made_shot"].sources["view"] == "shot_faces.view"
    assert held.steps["real_faces"].sources["footage"] == "shot_view"
    assert held.steps["made_clip"].sources["footage"] == "made_shot"
    assert held.steps["real_head"].sources["speech"] == "shot_view.speech"
