"""The groups of places: a bound that adds up, and pictures that are whole or cut lie in theirs."""

import math

import numpy as np
import pytest

from talkgraph.nodes.marking.pattern.places import GROUPS, LARGEST, SMALLEST, shares
from talkgraph.nodes.marking.pattern.search import places, scores_of, search
from talkgraph.nodes.marking.pattern.tile import SIDE, UNITS, plane, tile_of

WHOLE, MARGIN, ANY = range(3)


def counted(height, width):
    """How many places each group has for a picture of this shape."""
    unit = min(height, width) / UNITS
    found = [0, 0, 0]
    for share in shares():
        for mirrored in (False, True):
            for index, group in enumerate(GROUPS):
                where = group.where(share, height / unit, width / unit, mirrored=mirrored)
                found[index] += 0 if where is None else 2 * int(where.sum())
    return found


def needed(count, group, chance=1e-4):
    return math.sqrt(2 * math.log(count / group.part / chance))


def test_the_parts_of_the_groups_sum_to_one():
    assert sum(group.part for group in GROUPS) == pytest.approx(1)
    assert 1.0 in shares() and min(shares()) >= SMALLEST and max(shares()) <= LARGEST


@pytest.mark.parametrize("size", [(256, 256), (150, 200), (1080, 1920), (640, 360)])
def test_the_likelier_a_group_the_fewer_places_and_the_less_is_needed(size):
    counts = counted(*size)
    assert counts[WHOLE] < 150 and counts[ANY] == places() == len(shares()) * 4 * SIDE**2
    scores = [needed(count, group) for count, group in zip(counts, GROUPS, strict=True)]
    assert scores[WHOLE] < 5.5 and scores[MARGIN] < 6.6 and 7 < scores[ANY] < 7.2


def group_of(share, top, left, shape, mirrored=False):
    """The first group with the place of a picture of `shape` that was cut so, px."""
    height, width = shape
    rows, columns = round(share * height), round(share * width)
    pattern = plane(tile_of(0), height, width)[top : top + rows, left : left + columns]
    seen = np.ascontiguousarray(pattern[:, ::-1] if mirrored else pattern)
    best = search(seen, tile_of(0))
    assert best.score > 11 and best.mirrored == mirrored
    unit = min(rows, columns) / UNITS
    for share, turned, scores in scores_of(seen, tile_of(0)):
        if (share, turned) == (best.share, best.mirrored) and scores.max() == best.score:
            place = np.unravel_index(scores.argmax(), scores.shape)
    for index, group in enumerate(GROUPS):
        where = group.where(best.share, rows / unit, columns / unit, mirrored=mirrored)
        if where is not None and where[place]:
            return index
    return None


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("shape", [(256, 256), (180, 320), (300, 200)])
def test_a_picture_lies_in_the_group_of_its_cut(shape, mirrored):
    height, width = shape
    assert group_of(1.0, 0, 0, shape, mirrored) == WHOLE
    for top, left in ((0, 0), (0.1, 0.1), (0.03, 0.06)):
        found = group_of(0.9, round(top * height), round(left * width), shape, mirrored)
        assert found == MARGIN
    assert group_of(0.7, round(0.1 * height), round(0.2 * width), shape, mirrored) == ANY


def test_the_chance_is_that_of_the_group():
    whole = search(plane(tile_of(0), 200, 200), tile_of(0))
    count = counted(200, 200)[WHOLE]
    assert whole.share == 1
    assert whole.chance == pytest.approx(
        count / GROUPS[WHOLE].part * math.exp(-(whole.score**2) / 2)
    )
