import numpy as np
import pytest
from scipy.ndimage import gaussian_filter1d

from talkgraph.nodes.evaluate.head.explained import TARGETS, explained_by_speech, responses
from tests.nodes.evaluate.head.made import FPS, talk


def moved_by_speech(seed: int, share: float):
    """A head whose nods follow the energy half a second ago with `share` of their variance."""
    one = talk(seed, count=750)
    loud = gaussian_filter1d(np.roll(one.energy, 12), 3)
    loud = (loud - loud.mean()) / loud.std()
    pitch = one.pose[:, 0] - one.pose[:, 0].mean()
    own = np.diff(pitch, prepend=0).std()
    heard = np.diff(loud, prepend=0).std()
    one.pose[:, 0] = np.sqrt(1 - share) * pitch / own + np.sqrt(share) * loud / heard
    return one


def test_nothing_is_explained_where_speech_and_head_are_unrelated():
    found = explained_by_speech([talk(seed, count=750) for seed in range(12)])
    assert list(found) == list(TARGETS)
    assert np.abs(list(found.values())).max() < 0.05


@pytest.mark.parametrize("share", [0.3, 0.8])
def test_the_share_that_speech_moves_is_found(share):
    found = explained_by_speech([moved_by_speech(seed, share) for seed in range(12)])
    assert found["pitch"] == pytest.approx(share, abs=0.12)
    assert abs(found["yaw"]) < 0.05


def test_one_clip_alone_is_split_into_stretches():
    found = explained_by_speech([moved_by_speech(3, 0.9)])
    assert found["pitch"] > 0.5 > 0.2 > abs(found["roll"])


def test_the_displacement_is_that_over_four_tenths_of_a_second():
    one = talk(0)
    moved = one.pose[15:-5, 1] - one.pose[5:-15, 1]
    found = responses(one)[10:-10, 1]
    assert np.corrcoef(moved, found)[0, 1] == pytest.approx(1)
    assert responses(one).std(0) == pytest.approx(1) and one.fps == FPS
