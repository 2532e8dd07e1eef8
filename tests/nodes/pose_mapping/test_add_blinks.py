import attrs
import numpy as np
import pytest

from talkgraph.errors import ModelError
from talkgraph.nodes.face_model.lids import lids_of
from talkgraph.nodes.face_model.readout import mouth_readout
from talkgraph.nodes.pose_mapping import AddBlinks
from talkgraph.nodes.pose_mapping.eyelids import (
    LID_TOUCH,
    blinks_in_clip,
    closing_by_model,
)
from talkgraph.nodes.values import Motion


def still(count, fps=25.0):
    zeros = np.zeros((count, 3), np.float32)
    return Motion(
        expression=np.zeros((count, 64), np.float32), rotation=zeros, translation=zeros, fps=fps
    )


def test_the_model_tells_how_lids_close(toys):
    model = toys.face_model()
    identity, rest = np.zeros(80, np.float32), np.zeros(64, np.float32)
    lids = lids_of(model, identity)
    change = closing_by_model(model, identity, rest, stillness=0.3)
    assert lids.opening(rest) == pytest.approx(0.1, rel=1e-5)
    assert lids.opening(change) == pytest.approx(0.1 * LID_TOUCH, abs=1e-3)
    assert np.abs(change[0]) > 5 * np.abs(change[1:]).max()  # coefficient 0 is the lids' own


def test_stillness_keeps_the_mouth_still(toys):
    model = toys.face_model()
    readout = mouth_readout(model)
    identity, rest = np.zeros(80, np.float32), np.zeros(64, np.float32)
    moved = [
        np.abs(readout.of(closing_by_model(model, identity, rest, stillness=s))).max()
        for s in (0.0, 3.0)
    ]
    assert moved[1] <= moved[0] + 1e-6
    assert moved[1] < 0.02


def test_lids_close_fully_and_open_again(toys):
    model = toys.face_model()
    made = AddBlinks(rate=20.0).run(still(750), model)
    opening = lids_of(model, np.zeros(80, np.float32)).opening(made.expression)
    closed = opening < 0.02
    starts = int(np.diff(closed.astype(int), prepend=0).clip(0).sum())
    assert 5 <= starts <= 16  # 10 expected in half a minute
    assert opening.max() == pytest.approx(0.1, rel=1e-3)
    assert np.median(opening) > 0.099  # open most of the time
    longest = max(map(len, "".join("x" if c else " " for c in closed).split()))
    assert longest <= 4


def test_blinks_depend_on_the_seed_alone(toys):
    model = toys.face_model()
    first, again, other = (
        AddBlinks(seed=seed).run(still(500), model).expression for seed in (3, 3, 4)
    )
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_pose_is_untouched_and_rate_zero_changes_nothing(toys):
    motion = still(200)
    made = AddBlinks(rate=0.0).run(motion, toys.face_model())
    np.testing.assert_array_equal(made.expression, motion.expression)
    assert made.rotation is motion.rotation and made.fps == motion.fps


@pytest.mark.parametrize("count", [1, 5])
@pytest.mark.parametrize("fps", [15.0, 25.0, 60.0])
def test_short_motion_and_other_rates(toys, count, fps):
    made = AddBlinks(rate=60.0).run(still(count, fps), toys.face_model())
    assert made.expression.shape == (count, 64)


def blinking_clip(toys, frames=(40, 110, 160)):
    clip = toys.example("someone", count=200, seed=3)
    expression = np.random.default_rng(0).standard_normal((200, 64)).astype(np.float32) * 0.01
    direction = np.zeros(64, np.float32)
    direction[0], direction[20] = 1.6, 0.5  # this person also does something else on blinking
    for frame in frames:
        for offset, part in ((-1, 0.5), (0, 1.0), (1, 0.7), (2, 0.2)):
            expression[frame + offset] += part * direction
    return toys.fit_of(attrs.evolve(clip, expression=expression)), direction


def test_own_blinks_are_found_and_used(toys):
    model = toys.face_model()
    person, direction = blinking_clip(toys)
    lids = lids_of(model, person.identity)
    seen = blinks_in_clip(person, lids, mouth_readout(model), closed_below=0.6, around_s=0.24)
    assert seen is not None and list(seen.frames) == [40, 110, 160]
    cosine = seen.closing @ direction / np.linalg.norm(seen.closing) / np.linalg.norm(direction)
    assert cosine > 0.97
    per_minute = AddBlinks()._habit(still(10), model, person)[1]
    assert per_minute == pytest.approx(3 / (200 / 25 / 60))
    assert AddBlinks(own=False)._habit(still(10), model, person)[1] == 15.0


def test_one_blink_is_no_habit(toys):
    model = toys.face_model()
    person, _ = blinking_clip(toys, frames=(40,))
    assert AddBlinks()._habit(still(10), model, person)[1] == 15.0


def test_a_model_without_lids_is_refused(toys):
    model = toys.face_model()
    few = attrs.evolve(model, landmark_index=np.arange(10, 13), landmark_vertices=np.arange(3))
    with pytest.raises(ModelError, match="eyelid landmarks"):
        AddBlinks().run(still(50), few)
    with pytest.raises(ModelError, match="opening"):
        mouth_readout(few)
