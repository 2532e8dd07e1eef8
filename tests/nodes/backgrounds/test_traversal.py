from itertools import product

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from talkgraph.nodes.backgrounds.traversal import (
    BLOCK,
    interpolated,
    nearest_frames,
    unbroken_runs,
)


@settings(max_examples=60, deadline=None)
@given(
    keys=st.integers(1, 4),
    frames=st.integers(1, 6),
    seed=st.integers(0, 2**16),
    data=st.data(),
)
def test_path_is_the_cheapest_of_all(keys, frames, seed, data):
    rng = np.random.default_rng(seed)
    wanted, offered = rng.normal(size=(keys, 2)), rng.normal(size=(frames, 2))
    penalty = rng.uniform(0, 1, frames)
    reach = np.array([data.draw(st.integers(0, 3)) for _ in range(keys - 1)], np.int64)
    path, mean = nearest_frames(wanted, offered, penalty, reach)

    def cost(candidate):
        return sum(
            ((w - offered[j]) ** 2).sum() + penalty[j]
            for w, j in zip(wanted, candidate, strict=True)
        )

    allowed = [
        p for p in product(range(frames), repeat=keys) if (np.abs(np.diff(p)) <= reach).all()
    ]
    assert tuple(path) in allowed
    np.testing.assert_allclose(mean * keys, min(cost(p) for p in allowed))
    np.testing.assert_allclose(mean * keys, cost(path))


def test_steps_stay_bounded_across_blocks():
    rng = np.random.default_rng(0)
    keys = 3 * BLOCK + 5
    reach = rng.integers(0, 4, keys - 1)
    path, _ = nearest_frames(
        rng.normal(size=(keys, 3)), rng.normal(size=(40, 3)), np.zeros(40), reach
    )
    assert len(path) == keys and (np.abs(np.diff(path)) <= reach).all()


def test_interpolation_is_exact_and_rounds_half_up():
    position, index = interpolated(np.array([0, 4, 6]), np.array([0, 2, 1]))
    np.testing.assert_allclose(position, [0, 0.5, 1, 1.5, 2, 1.5, 1])
    assert list(index) == [0, 1, 1, 2, 2, 2, 1]
    position, index = interpolated(np.array([0]), np.array([7]))
    assert list(position) == [7.0] and list(index) == [7]


def test_runs_bridge_short_gaps_only():
    seen = np.array([0, 1, 1, 0, 0, 1, 0, 0, 0, 1, 1, 0], bool)
    assert unbroken_runs(seen, 2) == [(1, 6), (9, 11)]
    assert unbroken_runs(seen, 3) == [(1, 11)]
    assert unbroken_runs(np.zeros(4, bool), 2) == [(0, 4)]
