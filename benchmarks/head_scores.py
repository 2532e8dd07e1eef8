"""Figures of head motion over many clips: what is made for the second half, beside the real one."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import attrs
import numpy as np

from talkgraph.nodes.evaluate import CompareHeadMotion
from talkgraph.nodes.evaluate.head.habits import diversity
from talkgraph.nodes.evaluate.head.pooled import pooled_figures
from talkgraph.nodes.evaluate.head.stillness import held_share
from talkgraph.nodes.evaluate.head.talks import HeadTalk

OF_ONE_HEAD = ("kurtosis", "still", "held", "energy_response", "silence_speed",
               "explained_pitch", "explained_yaw", "explained_speed")  # fmt: skip
"""Figures that compare a head with nothing."""

PER_CLIP = ("hs", "lsd", "kurtosis", "still", "jerk", "energy_response", "silence_speed", "copied")


@attrs.frozen(kw_only=True, eq=False)
class Heads:
    """One clip: its first part, the real second part, and what was made for that, by seed."""

    person: str
    first: HeadTalk
    real: HeadTalk
    made: tuple[HeadTalk, ...]


def figures(clips: Sequence[Heads]) -> dict[str, float]:
    """All figures of a method: pooled ones by `pooled_figures`, the others as means over people."""
    seeds = range(len(clips[0].made))
    pools = [pooled_figures([c.made[k] for c in clips], [c.real for c in clips]) for k in seeds]
    found = {name: float(np.mean([pool[name] for pool in pools])) for name in pools[0]}
    for name in PER_CLIP:
        found[name] = over_people(
            clips, lambda c, name=name: mean_of(compared(c, talk).get(name) for talk in c.made)
        )
    found["held"] = over_people(clips, lambda c: mean_of(map(held, c.made)))
    if len(seeds) > 1:
        found["diversity"] = over_people(
            clips, lambda c: diversity([talk.pose for talk in c.made], c.real.pose)
        )
    return found


def of_real_heads(clips: Sequence[Heads]) -> dict[str, float]:
    """The figures of the real second parts that compare with nothing."""
    whole = figures([attrs.evolve(clip, made=(clip.real,)) for clip in clips])
    return {name: whole[name] for name in OF_ONE_HEAD}


def compared(clip: Heads, made: HeadTalk) -> dict[str, float]:
    """Figures of one made head against the real one."""
    return CompareHeadMotion().run(made, clip.real, clip.first).values


def held(talk: HeadTalk) -> float:
    """Share of time in which yaw and roll are held."""
    spoken = talk.spoken()
    return held_share(spoken.pose, spoken.fps)


def over_people(clips: Sequence[Heads], of: Callable[[Heads], float | None]) -> float:
    """Mean over people of the mean over their clips, where it can be told."""
    by_person: dict[str, list[float]] = {}
    for clip in clips:
        value = of(clip)
        if value is not None:
            by_person.setdefault(clip.person, []).append(value)
    return float(np.mean([np.mean(values) for values in by_person.values()]))


def mean_of(values) -> float | None:
    """Mean of those that are not None; None where all are."""
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None
