import numpy as np
import pytest
from scipy.ndimage import gaussian_filter1d

from talkgraph.nodes.evaluate.head.events import (
    AROUND,
    EVENTS,
    curve_agreement,
    event_curves,
    events_of,
    phrases,
    pooled,
)
from tests.nodes.evaluate.head.made import FPS, talk


def nodding(seed: int, depth: float = 1.0):
    """A head that goes up .2 s after each phrase starts, over some swaying."""
    base = talk(seed)
    nods = np.zeros(500)
    for start, _ in phrases(base.active, FPS):
        nods[start + 5] -= 60 * depth
    base.pose[:, 0] += gaussian_filter1d(nods, 4)
    return base


def test_phrases_join_short_gaps_and_leave_out_short_bursts():
    active = np.zeros(200, bool)
    active[10:40] = active[44:80] = active[100:105] = active[150:200] = True
    assert phrases(active, FPS) == [(10, 80), (150, 200)]


def test_events_are_where_they_are():
    one = talk(0)
    found = events_of(one)
    assert list(found) == list(EVENTS)
    assert all(one.active[at] and not one.active[at - 1] for at in found["phrase start"])
    assert all(not one.active[at] and one.active[at - 1] for at in found["phrase end"])
    for kind, curve in (("pitch peak", one.pitch), ("energy peak", one.energy)):
        assert found[kind] and all(curve[at] >= curve[at - 1 : at + 2].max() for at in found[kind])


def test_a_head_that_starts_a_phrase_with_a_nod_is_seen_to_do_so():
    curves = pooled([nodding(seed) for seed in range(8)]).curves()
    pitch = curves[0, 0]
    assert pitch.argmin() == pytest.approx(round((AROUND + 0.2) * FPS), abs=1)
    assert pitch.min() < -0.6
    assert np.abs(pooled([talk(seed) for seed in range(8)]).curves()[0, 0]).max() < 0.5


def test_pooling_adds_up_and_moments_outside_a_clip_are_not_counted():
    one, other = event_curves(talk(1)), event_curves(talk(2))
    both = pooled([talk(1), talk(2)])
    assert np.array_equal(both.counts, one.counts + other.counts)
    assert both.sums == pytest.approx(one.sums + other.sums)
    assert one.counts[0, 0] < one.counts[0, 25]  # the first phrase starts after .6 s


def test_agreement_tells_form_and_amplitude():
    real = pooled([nodding(seed) for seed in range(8)])
    itself = curve_agreement(real, real)
    assert np.array(list(itself.values())) == pytest.approx(1)
    weak = pooled([nodding(seed + 50, 0.4) for seed in range(8)])
    form, amplitude = curve_agreement(weak, real)["pitch"]
    assert form > 0.6 and 0.2 < amplitude < 0.85
    unrelated = pooled([talk(seed + 50) for seed in range(8)])
    assert curve_agreement(unrelated, real)["pitch"][0] < 0.6
    short = event_curves(talk(3).part(0, 60))
    assert curve_agreement(short, short) is None
