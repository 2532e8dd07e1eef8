"""The graphs on real input, from files to a file, with figures."""

import numpy as np
import pytest
import soundfile

from talkgraph.cli import samples
from talkgraph.graphs import photo, watch, yi2020, yi2022
from talkgraph.nodes.audio_features import Mfcc
from talkgraph.nodes.evaluate import CompareHeadMotion, ObserveHead
from talkgraph.nodes.evaluate.compare_identity import identity_distance
from talkgraph.nodes.evaluate.picture.sharpness import sharpness
from talkgraph.nodes.face_fit import DescribeIdentity
from talkgraph.nodes.networks import LoadNetwork
from talkgraph.nodes.pose_mapping import AddBlinks, MapMotion, PersonaliseMapping

WATCH = watch.graph()
OF_THE_PERSON = {
    "footage", "faces", "view", "clip", "track", "fit", "cover", "albedo", "appearance",
    "detail", "mapping", "clip_features", "clip_voice",
}  # fmt: skip


@pytest.fixture(scope="module")
def speech(tmp_path_factory):
    """Three seconds of our own sample speech."""
    samples_, rate = soundfile.read(samples.speech())
    path = tmp_path_factory.mktemp("speech") / "three seconds.wav"
    soundfile.write(path, samples_[: 3 * rate], rate)
    return path


def check(result, store, seconds):
    """Length, a face in every frame, the right person; returns how far the head moved, degrees."""
    seen = WATCH.run({"video": result.output.path}, store=store)
    assert abs(seen["footage"].count - 25 * seconds) <= 1
    assert abs(seen["footage"].speech.seconds - seconds) <= 1 / 25
    assert seen["track"].measured.all()
    person = DescribeIdentity().run(result["clip"], result["track"], seen["identity_network"])
    assert identity_distance(seen["identity"], person) < 0.45
    return np.rad2deg(np.ptp(result["backgrounds"].motion.rotation, axis=0))


def test_a_photo_talks(store, speech):
    inputs = {"audio": speech, "photo": samples.photo()}
    result = photo.graph().run(inputs, store=store)
    assert check(result, store, 3.0).max() > 2
    opening = result["motion"].expression
    assert opening.std(axis=0).max() > 0.2
    drawn, real = result["face"], result["clip"].frames[0]
    detail = [
        sharpness(one[..., :3], real, one[..., 3] == 255)
        for one in (drawn[0], drawn[37], drawn[74])
    ]
    assert min(detail) > 0.65 and max(detail) < 1.3  # of the photo; .5 by vertices alone
    again = photo.graph().run(inputs, store=store)
    assert all(record.cached for record in again.records.values())


def test_a_clip_talks_and_new_speech_remakes_nothing_of_the_person(store, speech, tmp_path, clips):
    graph = yi2020.graph()
    video = clips / "video" / "grid_female_02.mp4"
    result = graph.run({"audio": speech, "video": video}, store=store)
    moved = check(result, store, 3.0)
    clip = np.rad2deg(np.ptp(result["fit"].motion.rotation, axis=0))
    assert (moved > 0.2 * clip).all() and (moved < 2 * clip + 1).all()
    assert result["fit"].error.mean() < 1.0
    other = tmp_path / "other.wav"
    samples_, rate = soundfile.read(samples.speech())
    soundfile.write(other, samples_[2 * rate : 4 * rate], rate)
    plan = graph.plan({"audio": other, "video": video}, store=store)
    assert {"speech", "video_out"} <= set(plan.to_run) | {"video_out"}
    for step in OF_THE_PERSON:
        assert plan[step].state == "hit", (step, plan[step].reason)


def test_the_mapping_of_the_paper_takes_the_place_of_ours(store, speech, clips):
    graph = yi2020.graph().replace(
        features=Mfcc(), clip_features=Mfcc(),
        general_mapping=LoadNetwork(name="general-mapping-mfcc"), mapping=PersonaliseMapping(),
        spoken=MapMotion(),
        motion=AddBlinks().on(motion="spoken", model="face_model", person="fit"),
    )  # fmt: skip
    inputs = {"audio": speech, "video": clips / "video" / "grid_female_02.mp4"}
    result = graph.run(inputs, store=store, until=["spoken", "motion"])
    assert "head" not in result.records and "rested" not in result.records
    motion = result["motion"]
    assert motion.expression.shape == (75, 64) and np.ptp(motion.rotation) > 0
    np.testing.assert_array_equal(motion.rotation, result["spoken"].rotation)


def test_a_head_moves_by_a_pattern_and_the_speech(store, speech, clips):
    video = clips / "video" / "grid_female_02.mp4"
    result = yi2022.graph().run({"audio": speech, "video": video}, store=store)
    assert check(result, store, 3.0).max() > 1
    assert result["head"].expression is not None
    np.testing.assert_array_equal(result["head"].expression, result["rested"].expression)
    assert not np.allclose(result["head"].rotation, result["spoken"].rotation, atol=1e-3)
    clip, fit = result["footage"].speech, result["fit"]
    real = ObserveHead().run(fit.motion, clip, fit.measured)
    made = ObserveHead().run(result["head"], result["speech"])
    figures = CompareHeadMotion().run(made, real).values
    assert 0.1 < figures["std_r"] < 2 and 0.1 < figures["vc_r"] < 2
    place = np.abs(made.pose.mean(0) - real.pose.mean(0))
    assert (place[:3] < 10).all() and (place[3:] < 0.3).all()
    backgrounds = result["backgrounds"]  # by turns of the head: no more keyframes than a tenth
    assert len(backgrounds.keyframes) <= len(backgrounds.source) / 10 + 2
    again = yi2022.graph().run({"audio": speech, "video": video}, store=store)
    assert all(record.cached for record in again.records.values())


def test_the_refiner_improves_what_it_was_trained_on(store, speech, clips):
    graph = yi2020.graph("standard").with_params(
        refiner={"steps": 30, "size": 64, "width": 8, "levels": 3, "learning_rate": 2e-2}
    )
    video = clips / "video" / "grid_female_02.mp4"
    result = graph.run({"audio": speech, "video": video}, store=store, until="refined")
    refined, plain = result["refined"][20].astype(int), result["composite"][20].astype(int)
    assert refined.shape == plain.shape
    assert 0 < np.abs(refined - plain).mean() < 10  # it does something, and keeps the picture


def test_the_refiner_with_its_memory_is_told_who_is_in_each_frame(store, speech, clips):
    graph = yi2020.graph("standard", preset="paper").with_params(
        refiner={
            "preset": "ours", "steps": 5, "size": 64, "width": 8, "levels": 3,
            "learning_rate": 2e-2,
        },
        refiner_memory={"steps": 200},
    )  # fmt: skip
    video = clips / "video" / "grid_female_02.mp4"
    result = graph.run({"audio": speech, "video": video}, store=store, until="refined")
    memory, who = result["refiner_memory"], result["identities"].vectors
    assert 1 <= len(memory.keys) <= len(who) == result["footage"].count
    assert np.allclose(memory.values, who[memory.indices])
    refined, plain = result["refined"][20].astype(int), result["composite"][20].astype(int)
    assert 0 < np.abs(refined - plain).mean() < 10
