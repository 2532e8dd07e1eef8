from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from talkgraph.nodes.media.resample import GUARD, FrameClock


def chosen(times: list[float], end: float, fps: float) -> list[int]:
    clock, out = FrameClock(fps), []
    for index, until in enumerate([*times[1:], end]):
        out += [index] * clock.due(until)
    return out


@given(
    gaps=st.lists(st.floats(0.001, 0.5), min_size=1, max_size=60),
    fps=st.sampled_from([15.0, 24.0, 25.0, 29.97, 50.0]),
)
def test_each_frame_shows_what_was_on_display(gaps, fps):
    times = [sum(gaps[:k]) for k in range(len(gaps))]
    end = sum(gaps)
    frames = chosen(times, end, fps)
    for k, index in enumerate(frames):
        moment = (k + 0.5) / fps - GUARD
        assert times[index] <= moment + 1e-9 or index == 0
        until = times[index + 1] if index + 1 < len(times) else end
        assert moment < until + 1e-9
    assert frames == sorted(frames)
    assert abs(len(frames) - end * fps) <= 0.5 + GUARD * fps + 1e-6


@given(
    rate=st.sampled_from([25.0, 50.0, 75.0, 100.0]),
    seconds=st.integers(1, 5),
    seed=st.integers(0, 1000),
)
def test_rounded_timestamps_do_not_change_the_choice(rate, seconds, seed):
    # Matroska rounds to 1 ms: multiples of the rate must still be thinned out evenly.
    count, step = round(rate * seconds), round(rate / 25)
    noise = np.random.default_rng(seed).uniform(-0.0009, 0.0009, count)
    times = [max(0.0, k / rate + noise[k]) if k else 0.0 for k in range(count)]
    frames = chosen(times, count / rate, 25.0)
    assert len(frames) == 25 * seconds
    first = frames[0]
    assert frames == [first + step * k for k in range(len(frames))]


def test_slow_source_repeats_only_what_lasts():
    assert chosen([0, 0.1, 0.2], 0.3, 25.0) == [0, 0, 0, 1, 1, 2, 2, 2]
    assert chosen([k / 25 for k in range(50)], 2.0, 25.0) == list(range(50))
