"""How well predicted motion follows the speech: figures beside baselines.

A clip's sound and picture may be off by a constant few frames, for which no mapping can be blamed.
So the lip opening is compared frame by frame, and everything at the clip's own lag, each half at
the lag that was found on the other (see `talkgraph.nodes.agreement`).
"""

from __future__ import annotations

import attrs
import numpy as np

from talkgraph.nodes.agreement import concordance, cross_fitted_pairs, spread_ratio
from talkgraph.nodes.closure import hits_and_false, lowest_openings
from talkgraph.nodes.pose_mapping.facts import MappingFacts
from talkgraph.nodes.pose_mapping.train.corpus import Target
from talkgraph.nodes.signals import correlation
from talkgraph.nodes.values import Floats

LARGEST_LAG = 8  # frames


@attrs.frozen(kw_only=True)
class Score:
    """Figures of one clip, all at its own lag but `at_0`.

    lag: by which the picture is late, mean of both halves, frames.
    at_0: correlation of predicted and tracked lip opening, frame by frame.
    opening, width, jaw: correlation with the tracked measure.
    ccc: concordance of the opening about its mean, which a wrong gain lowers too.
    energy: correlation of loudness with the lip opening, frame by frame (baseline).
    rolled: of the prediction, put off by half the clip, with the opening (baseline: 0).
    gain: 1 - squared error of the mouth measures / that of the mean expression (the mean scores 0).
    spread, width_spread: std predicted / tracked.
    hits: share of closures (lowest openings of the clip) that the prediction closes too.
    false: share of clearly open frames in which the prediction is closed.
    """

    name: str
    person: str
    frames: int
    lag: float
    at_0: float
    opening: float
    width: float
    jaw: float
    ccc: float
    energy: float
    rolled: float
    gain: float
    spread: float
    width_spread: float
    hits: float
    false: float


def score(target: Target, expression: Floats, facts: MappingFacts) -> Score:
    """Compare a normalised prediction with `target`, on its measured frames."""
    example, seen = target.example, target.measured
    real = facts.readout.of(target.expression * facts.expression_std)
    made = facts.readout.of(expression * facts.expression_std)
    pairs = cross_fitted_pairs(made[:, 0], real[:, 0], seen, LARGEST_LAG)
    a, b = (part - part.mean(0) for part in pairs.of(made, real))
    counted = np.ones(len(b), bool)
    opening, width, jaw = (facts.readout.names.index(name) for name in ("opening", "width", "jaw"))
    hits, false = hits_and_false(
        a[:, opening], b[:, opening], lowest_openings(b[:, opening], counted), counted
    )
    error, mean_error = ((part / facts.mouth_std) ** 2 for part in (a - b, b))
    rolled = np.roll(made[:, opening], len(made) // 2)
    loud = example.loudness

    def at_0(series: Floats) -> float:
        return correlation(series[seen], real[seen, opening])

    return Score(
        name=example.name,
        person=example.person,
        frames=int(seen.sum()),
        lag=float(np.mean(pairs.lags)),
        at_0=at_0(made[:, opening]),
        opening=correlation(a[:, opening], b[:, opening]),
        width=correlation(a[:, width], b[:, width]),
        jaw=correlation(a[:, jaw], b[:, jaw]),
        ccc=concordance(a[:, opening], b[:, opening]),
        energy=0.0 if loud is None else at_0(loud),
        rolled=at_0(rolled),
        gain=float(1 - error.sum() / mean_error.sum()),
        spread=spread_ratio(a[:, opening], b[:, opening]),
        width_spread=spread_ratio(a[:, width], b[:, width]),
        hits=hits,
        false=false,
    )


def seen_by_viewer(target: Target, expression: Floats, facts: MappingFacts) -> float:
    """One number for how well a mouth follows the speech, at most 1; 0 for one that does not.

    The mean of what `Score` says of opening, width and closures, at the lag of `target` as it is.
    """
    real = facts.readout.of(target.expression * facts.expression_std)
    made = facts.readout.of(expression * facts.expression_std)
    opening, width = (facts.readout.names.index(name) for name in ("opening", "width"))
    seen = target.measured
    a, b = made[seen, opening], real[seen, opening]
    counted = np.ones(len(b), bool)
    hits, false = hits_and_false(a, b, lowest_openings(b, counted), counted)
    return float(
        np.mean(
            [
                correlation(a, b),
                concordance(a - a.mean(), b - b.mean()),
                correlation(made[seen, width], real[seen, width]),
                hits - false,
            ]
        )
    )


def table(scores: list[Score]) -> str:
    """Markdown table with one line per clip and the mean of people."""
    columns = [field.name for field in attrs.fields(Score)]
    figures = columns[3:]
    lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    for entry in scores:
        values = [f"{getattr(entry, name):.2f}" for name in figures]
        lines.append(
            f"| {entry.name} | {entry.person} | {entry.frames} | " + " | ".join(values) + " |"
        )
    mean = mean_score(scores)
    values = [f"**{mean[name]:.2f}**" for name in figures]
    people = len({entry.person for entry in scores})
    frames = sum(entry.frames for entry in scores)
    lines.append(f"| mean of people | {people} | {frames} | " + " | ".join(values) + " |")
    return "\n".join(lines)


def mean_score(scores: list[Score]) -> dict[str, float]:
    """Every figure, its mean over people; within a person clips count by their length."""
    names = [field.name for field in attrs.fields(Score)][3:]
    people: dict[str, list[Score]] = {}
    for entry in scores:
        people.setdefault(entry.person, []).append(entry)

    def of_person(entries: list[Score], name: str) -> float:
        weights = [max(entry.frames, 1) for entry in entries]
        return float(np.average([getattr(entry, name) for entry in entries], weights=weights))

    return {
        name: float(np.mean([of_person(entries, name) for entries in people.values()]))
        for name in names
    }
