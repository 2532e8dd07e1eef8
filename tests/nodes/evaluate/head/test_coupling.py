import numpy as np
import pytest
from scipy.ndimage import gaussian_filter1d

from talkgraph.nodes.evaluate.head.coupling import coupling, energy_response, silence_speed_ratio
from tests.nodes.evaluate.head.made import FPS, talk


def driven(seed: int, slope: float):
    """A head that turns at 8 exp(slope x energy in its unit) deg/s."""
    one = talk(seed)
    pace = 8 * np.exp(slope * one.energy / (gaussian_filter1d(one.energy, 5).std() + 0.3))
    pace *= 8 / np.exp(np.log(pace).mean())
    turning = np.zeros((500, 6))
    turning[:, 1] = np.cumsum(pace) / FPS  # never turns back, so that nothing slows at turns
    return talk(seed, turning)


@pytest.mark.parametrize("slope", [-0.5, 0, 0.4])
def test_the_slope_of_the_person_is_found(slope):
    assert coupling(driven(0, slope)) == pytest.approx(slope, abs=0.05)


def test_response_has_the_sign_of_the_slope_and_is_little_by_chance():
    assert energy_response(driven(1, 0.5)) > 0.5 > -0.5 > energy_response(driven(1, -0.5))
    by_chance = [energy_response(talk(seed)) for seed in range(20)]
    assert abs(np.mean(by_chance)) < 0.15


def test_speed_in_silence_is_over_speed_in_speech():
    one = talk(2)
    turning = np.zeros((500, 6))
    turning[:, 0] = np.cumsum(np.where(one.active, 10, 5)) / FPS
    assert silence_speed_ratio(talk(2, turning)) == pytest.approx(0.5, rel=0.1)
    assert silence_speed_ratio(one.part(30, 40)) is None
