"""The score's distribution by chance, held against the bound, and where a pattern is found."""

import numpy as np
import pytest

from talkgraph.nodes.marking.pattern import search as module
from talkgraph.nodes.marking.pattern.search import false_alarm, places, search
from talkgraph.nodes.marking.pattern.tile import (
    HIGHEST,
    LOWEST,
    SIDE,
    SMALL_HIGHEST,
    plane,
    tile_of,
)


def test_phases_are_drawn_evenly_and_apart_for_every_key():
    tiles = [tile_of(key) for key in range(40)]
    unit = np.stack([tile.waves[tile.small > 0] for tile in tiles])
    assert np.abs(unit) == pytest.approx(1)
    assert abs(unit.mean()) < 4 / np.sqrt(unit.size)
    assert np.abs(unit @ unit.conj().T / unit.shape[1] - np.eye(40)).max() < 0.35  # 1 in 100
    frequency = np.hypot(tiles[0].rows[:, None], tiles[0].columns) / SIDE
    for amplitude, highest in ((tiles[0].large, HIGHEST), (tiles[0].small, SMALL_HIGHEST)):
        used = frequency[amplitude > 0]
        assert LOWEST <= used.min() < used.max() <= highest


def test_the_bound_holds_for_one_place_of_a_picture_that_looks_like_a_pattern(monkeypatch):
    """Over keys, even a picture of another tile scores no more often than the bound allows."""
    picture = plane(tile_of(10**6), 128, 128)
    monkeypatch.setattr(module, "shares", lambda: np.array([1.0]))
    monkeypatch.setattr(module, "_MIRRORED", (False,))
    scores = np.array([search(picture, tile_of(key)).score for key in range(1000)])
    for level in (4.5, 5.0, 5.5):
        assert (scores > level).mean() <= 2 * SIDE * SIDE * np.exp(-(level**2) / 2)
    assert scores.max() < 7 and scores.min() > 2


def test_a_tile_finds_itself_at_its_share_and_mirrored():
    pattern = plane(tile_of(0), 300, 400)
    noise = np.random.default_rng(0).normal(0, 2, pattern.shape).astype(np.float32)
    cut = (pattern + noise)[17 : 17 + 270, 31 : 31 + 310]
    found = search(np.ascontiguousarray(cut), tile_of(0))
    assert found.score > 9 and found.share == pytest.approx(0.9, abs=0.007) and not found.mirrored
    found = search(np.ascontiguousarray(cut[:, ::-1]), tile_of(0))
    assert found.score > 9 and found.mirrored


def test_false_alarms_are_bounded():
    assert false_alarm(-3, 10) == false_alarm(0, 10) == 1
    assert false_alarm(7.1, places()) < 1e-4 < false_alarm(6.8, places())
