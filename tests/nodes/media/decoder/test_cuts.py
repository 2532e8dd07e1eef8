import numpy as np
import pytest

from talkgraph.nodes.media import CutFootage, ReadVideo
from talkgraph.nodes.media.decoder.cuts import find_cuts
from tests.nodes.media import made_media as made


def shot(count, seed, *, shaking=0):
    """A smooth picture, moved a little from frame to frame."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:60, 0:100] / 30
    phases = rng.uniform(0, 6, (3, 2))
    picture = np.stack([127 + 100 * np.sin(2 * x + a) * np.cos(2 * y + b) for a, b in phases], -1)
    places = np.clip(10 + np.cumsum(rng.integers(-shaking, shaking + 1, (count, 2)), 0), 0, 20)
    return np.stack([picture[j : j + 28, k : k + 48] for j, k in places]).astype(np.uint8)


def test_cuts_are_found_to_the_frame():
    film = np.concatenate([shot(30, 1), shot(20, 2, shaking=1), shot(40, 3)])
    assert find_cuts(film) == [30, 50]


@pytest.mark.parametrize("shaking", [0, 1, 3])
def test_one_shot_has_no_cut_however_it_shakes(shaking):
    assert find_cuts(shot(80, 4, shaking=shaking)) == []


def test_a_flash_and_a_slow_change_of_light_are_no_cuts():
    film = shot(60, 5).astype(int)
    film[20:22] += 90
    film[30:] += np.arange(30)[:, None, None, None]
    assert find_cuts(np.clip(film, 0, 255).astype(np.uint8)) == []


def test_a_title_that_appears_is_no_cut():
    film = shot(40, 7)
    film[20:, 20:] = 255
    assert find_cuts(film) == []


@pytest.mark.parametrize("count", [1, 2])
def test_hardly_a_film_at_all(count):
    assert find_cuts(shot(count, 6)) == []


def test_a_read_video_knows_its_cuts_and_a_part_of_it_too(tmp_path):
    first = made.write_video(tmp_path / "a.mp4", [k / 25 for k in range(60)])
    footage = ReadVideo().run(first)
    assert footage.cuts == ()
    whole = made.write_video(tmp_path / "b.mp4", [k / 25 for k in range(60)], cut_at=31)
    footage = ReadVideo().run(whole)
    assert footage.cuts == (31,)
    assert CutFootage(start=0.4).run(footage).cuts == (21,)
    assert CutFootage(seconds=1.2).run(footage).cuts == ()
