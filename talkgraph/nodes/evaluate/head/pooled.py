"""Figures of head motion that one clip is too short for: taken over the clips of many people."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from talkgraph.nodes.evaluate.head.coupling import coupling
from talkgraph.nodes.evaluate.head.events import curve_agreement, pooled
from talkgraph.nodes.evaluate.head.explained import explained_by_speech
from talkgraph.nodes.evaluate.head.habits import retrieval
from talkgraph.nodes.evaluate.head.spread import (
    speed_ratios,
    spread_ratios,
    typical,
    typical_factor,
)
from talkgraph.nodes.evaluate.head.talks import HeadTalk
from talkgraph.nodes.evaluate.head.windows import pooled_frechet
from talkgraph.nodes.signals import correlation

ENOUGH_PEOPLE = 5  # for a correlation over people


def pooled_figures(
    made: Sequence[HeadTalk], real: Sequence[HeadTalk], people: Sequence[str] | None = None
) -> dict[str, float]:
    """Compare the heads of several clips with the real ones, clip by clip and all together.

    Returns std_r, std_factor, vc_r, vc_factor over clips and angles; explained_* pooled; events_r,
    events_amplitude of pitch and speed where there are enough events; frechet where there are
    enough windows; coupling_r, retrieval over five clips or more, and chance of the latter.

    Args:
        made, real: one real head for each made one; at least one.
        people: who each is; None: everybody is another.
    """
    mine, theirs = [talk.spoken() for talk in made], [talk.spoken() for talk in real]
    pairs = list(zip(mine, theirs, strict=True))
    fps = mine[0].fps
    spreads = [spread_ratios(a.pose, b.pose) for a, b in pairs]
    speeds = [speed_ratios(a.pose, b.pose, fps) for a, b in pairs]
    values = {
        "std_r": typical(spreads),
        "std_factor": typical_factor(spreads),
        "vc_r": typical(speeds),
        "vc_factor": typical_factor(speeds),
        **{f"explained_{k}": v for k, v in explained_by_speech(mine).items()},
    }
    curves = curve_agreement(pooled(mine), pooled(theirs))
    for name, (form, amplitude) in (curves or {}).items():
        values |= {f"events_{name}_r": form, f"events_{name}_amplitude": amplitude}
    distance = pooled_frechet([a.pose for a in mine], [b.pose for b in theirs], fps)
    if distance is not None:
        values["frechet"] = distance
    if len(pairs) >= ENOUGH_PEOPLE:
        values["coupling_r"] = correlation(
            np.array([coupling(a) for a in mine]), np.array([coupling(b) for b in theirs])
        )
        values["retrieval"] = retrieval(
            [a.pose for a in mine], [b.pose for b in theirs], fps, people
        )
        many = list(people or range(len(pairs)))
        values["retrieval_chance"] = sum(many.count(one) for one in many) / len(many) ** 2
    return values
