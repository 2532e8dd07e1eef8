"""What ten seconds give, and how fast and how far: the figures' own arithmetic."""

import numpy as np
import pytest

from tests.places import ROOT


@pytest.fixture(autouse=True)
def beside(monkeypatch):
    """Benchmarks import what lies beside them."""
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))


def test_a_mouth_of_half_the_spread_agrees_by_four_fifths():
    from mapping_person import figures_of

    real = np.random.default_rng(0).standard_normal((400, 3)).astype(np.float32)
    found = figures_of(real / 2 + 1, real, np.arange(400) < 300)
    assert (found.opening, found.width, found.jaw) == pytest.approx((1, 1, 1), abs=1e-6)
    assert (found.spread, found.ccc) == pytest.approx((0.5, 0.8), abs=1e-6)
    assert found.hits == 1.0 and found.false == 0.0


def test_people_count_once_in_the_summary():
    from mapping_person import summary

    def one(person, spread):
        return {"person": person, "rows": {"general": {"spread": spread, "opening": 1.0}}}

    found = summary([one("a", 1.0), one("a", 2.0), one("b", 1.0)])["general"]
    assert found["spread"] == pytest.approx((1.5 + 1.0) / 2)
    assert found["within"] == pytest.approx(2 / 3)


def test_a_changed_end_changes_what_is_near_it_most():
    from mapping_run import reach, speech_of

    from talkgraph.nodes.networks import LoadNetwork

    sound = np.random.default_rng(0).standard_normal(9 * 16000).astype(np.float32) / 10
    encoder = LoadNetwork(name="speech-encoder-tiny").run()
    mapping = LoadNetwork(name="general-mapping-speech-encoder").run()
    found = reach(speech_of(sound, 16000), encoder, mapping)
    values = list(found.values())
    assert values == sorted(values, reverse=True) and values[0] > values[-2] > 0
    assert values[-1] == 0  # six seconds before it nothing changes
