"""The benchmark of the watermark: what it does to a clip, and how it sums up."""

import argparse
import json

import numpy as np
import pytest

from tests.places import ROOT


@pytest.fixture
def marking(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    import marking

    return marking


def test_a_clip_is_played_to_and_fro(marking):
    assert marking.to_and_fro(4, 0.4).tolist() == [0, 1, 2, 3, 2, 1, 0, 1, 2, 3]
    assert marking.to_and_fro(1, 0.12).tolist() == [0, 0, 0]


def test_an_attack_crops_resizes_and_compresses(marking):
    frames = np.zeros((3, 100, 160, 3), np.uint8)
    frames[:, :50] = 200
    made = marking.decoded(marking.attacked(frames, 20, scale=0.5, crop=0.1))
    assert made.shape == (3, 46, 72, 3) or made.shape == (3, 44, 72, 3)
    assert abs(int(made[0, 5, 5, 0]) - 200) < 4 and made[0, -5, 5].max() < 4


def test_figures_of_clips_are_counted(marking, tmp_path):
    for name, size, score in (("a", 256, 6.0), ("b", 512, 9.0)):
        scores = {attack: [score, 10**-score, score > 7] for attack in marking.ATTACKS}
        row = {"clip": name, "size": size, "seconds": 4.0, "psnr": 46.0 + score, "scores": scores}
        (tmp_path / f"marked-{name}.json").write_text(json.dumps(row))
    other = {"clip": "a", "chances": [0.3, 5e-5], "places": 10**6, "above": [30, 0]}
    (tmp_path / "unmarked-a.json").write_text(json.dumps(other))
    found = marking.summed_up(argparse.Namespace(state=tmp_path, seconds=4.0))["marking"]
    row = found["attacks"]["crf 28"]
    assert row["all"] == {
        "clips": 2, "found": 1, "at_least": 0.0126, "lowest": 6.0, "middle": 7.5
    }  # fmt: skip
    assert row["large"]["found"] == 1 and row["large"]["lowest"] == 9.0
    assert found["unmarked"]["found"] == 1 and found["unmarked"]["trials"] == 2
    assert found["unmarked"]["above"]["4"] == [30, 32] and found["psnr"] == [52.0, 53.5]


def test_shares_have_exact_intervals(marking):
    """With none of n found, 1 - 0.025^(1/n); with all of n, 0.025^(1/n)."""
    assert marking.interval(0, 100) == (0.0, pytest.approx(1 - 0.025**0.01, abs=1e-4))
    assert marking.interval(60, 60) == (pytest.approx(0.025 ** (1 / 60), abs=1e-4), 1.0)
    assert marking.interval(0, 0) == (0.0, 1.0)
