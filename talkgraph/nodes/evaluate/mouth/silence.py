"""What the mouth does while nobody speaks: complaint number two of users of such systems."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from talkgraph.nodes.closure import runs_of
from talkgraph.nodes.values import Speech

Series = NDArray[np.floating]
Mask = NDArray[np.bool_]

LOUD_PERCENTILE, FLOOR_PERCENTILE = 95.0, 5.0
BELOW_LOUD_DB = 35.0  # in a clean recording, silence lies this far below loud speech
ABOVE_FLOOR_DB = 6.0  # in a noisy one it is what lies near the floor ...
LEAST_RANGE_DB = 20.0  # ... if that is so far below loud speech
SHORTEST_PAUSE = 0.3  # s; shorter ones are the closures of p, t and k
ENOUGH_SILENCE = 0.4  # s in all, below which a clip says nothing about silence
QUIET = 1e-5  # amplitude that is nothing (-100 dB)


def levels_db(speech: Speech, fps: float) -> NDArray[np.float64]:
    """Level of every whole video frame, `[shape=(T,)]`, dB of full scale, at least -100."""
    edges = np.rint(np.arange(int(speech.seconds * fps + 1e-6) + 1) * speech.rate / fps).astype(int)
    sums = np.concatenate([[0.0], np.cumsum(speech.samples.astype(np.float64) ** 2)])
    power = np.diff(sums[np.minimum(edges, len(speech.samples))]) / np.maximum(np.diff(edges), 1)
    return np.asarray(10 * np.log10(np.maximum(power, 0) + QUIET**2))


def silent_frames(levels: Series, fps: float) -> Mask:
    """Video frames without speech by an energy gate, `[shape=(T,), bool]`.

    The gate lies 35 dB below loud speech (95th percentile), in noise 6 dB above the floor (5th
    percentile), but never less than 20 dB below loud speech; only pauses of .3 s and more count.
    Music and other voices are taken for speech: give a mask of your own where there are any.

    Args:
        levels: `[shape=(T,)]`, dB, of `levels_db`.
    """
    if not len(levels):
        return np.zeros(0, bool)
    floor, loud = np.percentile(levels, (FLOOR_PERCENTILE, LOUD_PERCENTILE))
    gate = min(max(floor + ABOVE_FLOOR_DB, loud - BELOW_LOUD_DB), loud - LEAST_RANGE_DB)
    quiet = np.asarray(levels < gate)
    for start, stop in runs_of(quiet):
        if stop - start < SHORTEST_PAUSE * fps:
            quiet[start:stop] = False
    return quiet


def movement(series: Series, frames: Mask) -> float:
    """Mean absolute change from frame to frame within `frames`, in the unit of the series.

    Args:
        series: `[shape=(T,)]`.   frames: `[shape=(T,)]`; a change counts if both its frames do.
    """
    steps = np.abs(np.diff(np.asarray(series, np.float64)))
    within = frames[1:] & frames[:-1]
    return float(steps[within].mean()) if within.any() else 0.0


def movement_in_silence(
    made: Series, real: Series, silent: Mask, counted: Mask, fps: float
) -> float | None:
    """Movement of the made mouth in silence over that of the real one; at most 1 is right.

    Args:
        made, real: `[shape=(T,)]`, lip opening.
        silent: `[shape=(T,)]`, of `silent_frames` or a mask of your own.
        counted: `[shape=(T,)]`, frames in which the real face was measured.

    Returns:
        None where less than .4 s are silent.
    """
    frames = silent & counted
    if frames.sum() < ENOUGH_SILENCE * fps:
        return None
    return movement(made, frames) / max(movement(real, frames), 1e-9)
