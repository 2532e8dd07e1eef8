import numpy as np
import pytest

from talkgraph.nodes.evaluate.glossary import FIGURES, names_in, number, written
from talkgraph.nodes.evaluate.scores import Scores
from talkgraph.nodes.evaluate.summary import (
    ClipScores,
    column_of,
    columns_of,
    mean_of,
    worst_person,
)


def clip(name, person, r, frames=100.0, **more):
    made = {"opening_r": r, "opening_r_at_lag": r + 0.1, "frames": frames, **more}
    return ClipScores(name, person, {"made": made, "energy": {"opening_r": 0.1}})


@pytest.mark.parametrize(
    ("step", "column"),
    [("made_scores", "made"), ("mean_face_scores", "mean_face"), ("made_head_scores", "made"),
     ("replay_head_scores", "replay"), ("real_blinks_scores", "real")],
)  # fmt: skip
def test_a_step_says_which_column_it_is_of(step, column):
    assert column_of(step) == column


def test_scores_of_one_column_come_together():
    found = columns_of({
        "made_mouth_scores": Scores(values={"lag": 1.0}),
        "made_head_scores": Scores(values={"hs": 0.5}),
        "real_head_scores": Scores(values={"hs": 1.0}),
    })  # fmt: skip
    assert found == {"made": {"lag": 1.0, "hs": 0.5}, "real": {"hs": 1.0}}


def test_means_are_weighted_by_frames_over_the_clips_that_have_the_figure():
    clips = [clip("a", "p", 0.2, 300.0), clip("b", "q", 0.6, 100.0, silence_movement=2.0)]
    mean = mean_of(clips)
    assert mean["made"]["opening_r"] == pytest.approx((0.2 * 300 + 0.6 * 100) / 400)
    assert mean["made"]["silence_movement"] == 2
    assert mean["energy"] == {"opening_r": pytest.approx(0.1)}


def test_the_worst_is_a_person_not_a_clip():
    clips = [clip("a", "p", 0.1), clip("b", "p", 0.9), clip("c", "q", 0.3), clip("d", "r", 0.6)]
    assert worst_person(clips) == ("q", "opening_r_at_lag", pytest.approx(0.4))
    assert worst_person([ClipScores("a", "p", {"made": {"hs": 1.0}})]) is None


def test_figures_are_written_short_with_their_twin():
    assert written("opening_r", {"opening_r": 0.534, "opening_r_at_lag": -0.2}) == ".53 / -.20"
    twin = {"opening_correlation": 1.0, "opening_correlation_at_lag": 0.5}
    assert written("opening_correlation", twin) == "1.00"
    assert written("psnr", {}) == "–"
    assert [number(x, 2) for x in (-0.001, 10.5, 0.0, 1e6)] == [".00", "10.50", ".00", "∞"]


def test_every_figure_that_a_node_returns_is_in_the_glossary(known_figures):
    unknown = {name.removesuffix("_at_lag") for name in known_figures} - set(FIGURES)
    assert unknown - {"blinks"} == set()


@pytest.fixture(scope="module")
def known_figures():
    from talkgraph.cache.frames import Frames
    from talkgraph.nodes.evaluate import (
        CompareHeadMotion,
        CompareMouthMotion,
        CompareMouths,
        ComparePictures,
        MeasureBlinks,
        ObserveHead,
    )
    from talkgraph.nodes.evaluate.head.pooled import pooled_figures
    from talkgraph.nodes.face_model.synthetic import synthetic_face_model, synthetic_track
    from tests.nodes.evaluate.head.test_pooled import people
    from tests.nodes.evaluate.test_compare_mouth_motion import moving
    from tests.nodes.evaluate.test_observe_head import speech

    model, fit = synthetic_face_model(levels=0), moving()
    track = synthetic_track(model, fit)
    head = ObserveHead().run(fit.motion, speech(12.0))
    grey = Frames.from_array(np.zeros((300, 64, 64, 3), np.uint8))
    return [
        *CompareMouthMotion().run(fit.motion, fit, model, speech(12.0)).values,
        *CompareHeadMotion().run(head, head, head).values,
        *CompareMouths().run(track, track).values,
        *ComparePictures(side=64).run(grey, grey, track).values,
        *MeasureBlinks().run(track).values,
        *pooled_figures(people(0), people(1)),
    ]


def test_names_come_in_the_order_of_the_glossary_and_strangers_last():
    columns = [{"hs": 1.0, "zz": 1.0}, {"opening_r": 1.0, "opening_r_at_lag": 1.0}]
    assert names_in(columns) == ["opening_r", "hs", "zz"]
