"""What a step of the training sees: windows and goals, moved or cut, under other light."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from talkgraph.nodes.refine.pairs import Pairs
from talkgraph.nodes.refine.schedule import Schedule
from talkgraph.nodes.refine.temporal_window import to_network
from talkgraph.nodes.values import Floats, Ints

WANDER = 0.25  # of a part's side: how far from its middle the mouth or the eye may be


def batches(pairs: Pairs, schedule: Schedule) -> Iterator[list[Tensor]]:
    """Yield `steps` batches of window, real frame, identity and pixel weight, in random order.

    All targets come before one comes again. Pictures are whole, moved by `shift`, or parts with
    sides of `crop` px; the shapes are (B, 9, h, h), (B, 3, h, h), (B, n) and (B, 1, h, h).
    """
    rng = np.random.default_rng(schedule.seed)
    waiting = np.empty(0, np.int64)
    for _ in range(schedule.steps):
        while len(waiting) < schedule.batch:
            waiting = np.concatenate([waiting, rng.permutation(len(pairs.real))])
        chosen, waiting = waiting[: schedule.batch], waiting[schedule.batch :]
        pictures = zip(*(_varied(pairs, k, schedule, rng) for k in chosen.tolist()), strict=True)
        window, real, weight = (torch.from_numpy(np.stack(several)) for several in pictures)
        yield [window, real, torch.from_numpy(pairs.identity[chosen]), weight]


def _varied(
    pairs: Pairs, target: int, schedule: Schedule, rng: np.random.Generator
) -> tuple[Floats, Floats, Floats]:
    """Window, real frame and pixel weight of one target, all changed alike."""
    rows, columns = _seen(pairs, target, schedule, rng)
    if rng.random() < schedule.mirrored:
        columns = columns[::-1]
    at = np.ix_(rows, columns)
    shown = to_network(pairs.rendered[pairs.windows[target]][:, *at])
    real = to_network(pairs.real[target][at][None])[0]
    weight = np.ones(real.shape[1:], np.float32)
    if pairs.weights is not None:
        weight = pairs.weights[target][at]
    # One factor for rendered and real alike: the task stays the same, the light varies.
    gain = np.float32(rng.uniform(1 - schedule.brightness, 1 + schedule.brightness))
    window = shown.reshape(-1, *real.shape[1:])
    return _dimmed(window, gain), _dimmed(real, gain), weight[None]


def _seen(
    pairs: Pairs, target: int, schedule: Schedule, rng: np.random.Generator
) -> tuple[Ints, Ints]:
    """Rows and columns of a picture that are seen.

    Of a whole picture all, moved by a random number of pixels with the border repeated: a clip
    shows few head positions, and without it the net fails where the head goes to a new place. A
    part lies around the mouth or an eye, or anywhere.
    """
    side = pairs.real.shape[1]
    if not 0 < schedule.crop < side:
        most = round(schedule.shift * side)
        rows, columns = (
            np.clip(np.arange(side) - move, 0, side - 1)
            for move in rng.integers(-most, most + 1, 2)
        )
        return rows, columns
    room = side - schedule.crop
    corner = rng.integers(0, room + 1, 2)
    if pairs.details is not None and rng.random() < schedule.near_details:
        middle = rng.choice(pairs.details[target])[::-1]
        wander = rng.uniform(-WANDER, WANDER, 2) * schedule.crop
        corner = np.clip(np.rint(middle + wander - schedule.crop / 2), 0, room).astype(np.int64)
    top, left = corner.tolist()
    return np.arange(top, top + schedule.crop), np.arange(left, left + schedule.crop)


def _dimmed(picture: Floats, gain: np.float32) -> Floats:
    """Multiply the light of a picture in [-1, 1] by `gain`, clipped like a camera would."""
    dimmed: Floats = np.minimum((picture + 1) * gain - 1, np.float32(1))
    return dimmed
