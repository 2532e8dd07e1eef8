"""`compare_head_motion`: HS of eq. (6) with the baseline it needs, and jitter."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from talkgraph.engine import Node, node, param
from talkgraph.nodes.evaluate.scores import Scores
from talkgraph.nodes.values import Motion

Angles = NDArray[np.floating]

BINS = 20


@node("compare_head_motion", version=1)
class CompareHeadMotion(Node):
    """Similarity of head motion (HS) beside its replay baseline, and jitter.

    Example:
        >>> from talkgraph.nodes.face_model.synthetic import synthetic_fit
        >>> still = synthetic_fit(frames=50).motion
        >>> CompareHeadMotion().run(still, still)
        Scores(...)
    """

    bins: int = param(BINS, "bins of the angles' histograms", ge=2)

    def run(self, generated: Motion, real: Motion, clip: Motion | None = None) -> Scores:
        """Return hs, jitter and jitter_real (rad), and with `clip`, the input, also hs_replay.

        Args:
            generated: the motion of the result.
            real: the motion of the person that it is compared with.
            clip: the input clip, whose ping-pong replay is the baseline of hs.
        """
        values = {
            "hs": head_similarity(generated.rotation, real.rotation, self.bins),
            "jitter": jitter(generated.rotation),
            "jitter_real": jitter(real.rotation),
        }
        if clip is not None:
            values["hs_replay"] = replay_similarity(
                clip.rotation, real.rotation, len(generated.rotation), self.bins
            )
        return Scores(values=values)


def head_similarity(
    generated: Angles,
    real: Angles,
    bins: int = BINS,
    limits: tuple[float, float] | None = None,
) -> float:
    """HS = 1 - W1 of eq. (6): how alike the distributions of the head's angles are, in [0, 1].

    The paper leaves open bins, range and what normalises the distance. Here, for each of pitch,
    yaw and roll: histograms of `bins` equal bins from the smallest to the largest angle of *both*
    sequences; W1 is the mean absolute difference of the two cumulative histograms times
    bins / (bins - 1), so that all mass in one end bin against all in the other is 1. HS is one
    minus the mean over the three angles. Histograms know no order: always print
    `replay_similarity` beside it.

    Args:
        generated, real: `[shape=(T, 3)]` pitch, yaw, roll in rad; lengths may differ.
        bins: 2 or more.
        limits: a fixed range in rad for all angles instead; angles outside count at its ends.
    """
    return 1 - float(
        np.mean([_distance(generated[:, k], real[:, k], bins, limits) for k in range(3)])
    )


def _distance(a: Angles, b: Angles, bins: int, limits: tuple[float, float] | None) -> float:
    low, high = limits or (min(a.min(), b.min()), max(a.max(), b.max()))
    if high <= low:
        return 0.0  # two heads that hold the same angle
    cumulative = [
        np.cumsum(np.histogram(np.clip(x, low, high), bins, (low, high))[0]) / len(x)
        for x in (a, b)
    ]
    return float(np.abs(cumulative[0] - cumulative[1])[:-1].sum() / (bins - 1))


def ping_pong(clip: Angles, length: int) -> Angles:
    """Return `length` rows of `clip [shape=(T, 3)]` played forwards, backwards, forwards, …"""
    back_and_forth = np.concatenate([clip, clip[-2:0:-1]]) if len(clip) > 2 else clip
    return back_and_forth[np.arange(length) % len(back_and_forth)]


def replay_similarity(
    clip: Angles,
    real: Angles,
    length: int,
    bins: int = BINS,
    limits: tuple[float, float] | None = None,
) -> float:
    """HS of the method that does nothing: the input clip, ping-pong, for `length` frames."""
    return head_similarity(ping_pong(clip, length), real, bins, limits)


def jitter(sequence: NDArray[np.floating]) -> float:
    """Root mean square of the second difference over sqrt(6), in the sequence's own unit.

    For independent noise of deviation σ on top of linear motion it is σ (the second difference
    1, -2, 1 has variance 6 σ²). Shakes raise it, and so does real acceleration: compare with the
    real video's.

    Args:
        sequence: `[shape=(T, ...)]`, T >= 3.
    """
    if len(sequence) < 3:
        raise ValueError(f"jitter needs 3 frames or more, got {len(sequence)}")
    second = np.diff(np.asarray(sequence, np.float64), n=2, axis=0)
    return float(np.sqrt(np.mean(second**2) / 6))
