"""The eyes take the person's usual gaze, not a glance aside."""

import numpy as np

from talkgraph.nodes.albedo.inner import _most_usual


def test_a_glance_and_a_blink_are_not_the_usual_gaze():
    rng = np.random.default_rng(0)
    usual = rng.uniform(0.2, 0.8, (1, 30, 3))
    tint = np.repeat(usual, 7, axis=0) + rng.normal(0, 0.01, (7, 30, 3))
    tint[2] = usual[0, ::-1]  # looks aside
    tint[5, :20] = 0.6  # half closed
    seen = np.ones((7, 30))
    seen[6, :25] = 0  # hardly seen: what is visible of it fits exactly
    tint[6, 25:] = np.median(tint[:6, 25:], axis=0) + 0.02
    assert _most_usual(tint.astype(np.float32), seen.astype(np.float32)) in (0, 1, 3, 4)
