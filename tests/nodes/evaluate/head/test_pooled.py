import numpy as np
import pytest

from talkgraph.nodes.evaluate.head.pooled import pooled_figures
from tests.nodes.evaluate.head.made import swaying, talk


def people(take: int, gain: float = 1.0):
    """Six people with spreads of their own, one take each."""
    own = np.exp(np.random.default_rng(9).normal(0, 0.8, (6, 6)))
    poses = [swaying(100 * k + take) * own[k] * gain for k in range(6)]
    return [talk(k, pose) for k, pose in enumerate(poses)]


def test_people_against_themselves():
    real = people(0)
    found = pooled_figures(real, real)
    for name in ("std_r", "vc_r", "std_factor", "events_pitch_r", "events_speed_amplitude",
                 "coupling_r", "retrieval"):  # fmt: skip
        assert found[name] == pytest.approx(1), name
    assert found["frechet"] == pytest.approx(0, abs=1e-6)
    assert found["retrieval_chance"] == pytest.approx(1 / 6)
    pairs = pooled_figures(real, real, list("aabbcc"))
    assert pairs["retrieval_chance"] == pytest.approx(1 / 3)


def test_another_take_with_half_the_range_is_found_by_its_moments_and_said_to_be_small():
    found = pooled_figures(people(1, 0.5), people(0))
    assert found["std_r"] == pytest.approx(0.5, rel=0.1)
    assert found["std_factor"] == pytest.approx(2, rel=0.15)
    assert found["frechet"] < 0.2
    assert abs(found["explained_yaw"]) < 0.1


def test_few_clips_say_nothing_of_people():
    found = pooled_figures(people(1)[:2], people(0)[:2])
    assert "retrieval" not in found and "coupling_r" not in found
    assert np.isfinite(list(found.values())).all()
