import numpy as np
import pytest

from talkgraph.nodes.pose_mapping.train.visemes import MEASURES, Phone, mouth_of

TIMES = np.arange(0.0, 1.0, 0.01)


def said(*names, each=0.1):
    return [Phone(name, i * each, (i + 1) * each) for i, name in enumerate(names)]


def measure(phones, name):
    return mouth_of(phones, TIMES)[:, MEASURES.index(name)]


def test_lips_close_in_the_middle_of_p_between_open_vowels():
    opening = measure(said("aa", "aa", "p", "aa", "aa"), "opening")
    assert opening[25] < -0.6  # the middle of p
    assert opening[5] > 0.5 and opening[45] > 0.5
    assert int(np.argmin(opening[:50])) == pytest.approx(25, abs=5)


def test_rounding_starts_before_the_rounded_vowel():
    early = measure(said("pau", "s", "uw"), "width")[15]
    plain = measure(said("pau", "s", "iy"), "width")[15]
    assert early < plain - 0.05


def test_a_diphthong_glides():
    width = measure(said("pau", "ow", "pau", each=0.3), "width")
    jaw = measure(said("pau", "ow", "pau", each=0.3), "jaw")
    assert jaw[40] > jaw[58]  # 'o' is opener than the 'w' that follows
    assert width.min() < -0.4


def test_targets_stay_in_range_and_unknown_phones_hardly_pull():
    made = mouth_of(said("iy", "b", "aa", "w", "sh", "f", "xx", "aw"), TIMES)
    assert made.shape == (100, 3) and np.abs(made).max() <= 1.0
    a = measure(said("aa", "xx", "aa"), "opening")
    assert a[15] > 0.6
