"""How well predicted motion follows the speech: figures beside baselines."""

from __future__ import annotations

import attrs
import numpy as np
from numpy.typing import NDArray

from talkgraph.nodes.pose_mapping.facts import MappingFacts
from talkgraph.nodes.pose_mapping.train.corpus import Target
from talkgraph.nodes.signals import correlation
from talkgraph.nodes.values import Floats

NEAR = 1  # frames by which a predicted closure may miss the true one
LOW_PERCENTILE = 15.0  # a prediction in its own lowest openings counts as closed


@attrs.frozen(kw_only=True)
class Score:
    """Figures of one clip.

    opening, width, jaw: correlation with the tracked measure.
    energy: correlation of loudness with the lip opening (baseline).
    gain: 1 - squared error of the mouth measures / that of the mean expression (the mean scores 0).
    expression_gain: likewise over all coefficients.
    spread: std of the predicted opening / the true one.
    hits: share of closures (lowest openings of the clip) that the prediction closes too.
    false: share of clearly open frames in which the prediction is closed.
    pose_spread: mean over the axes of std predicted / true.
    """

    name: str
    person: str
    frames: int
    opening: float
    width: float
    jaw: float
    energy: float
    gain: float
    expression_gain: float
    spread: float
    hits: float
    false: float
    pose_spread: float


def score(target: Target, expression: Floats, pose: Floats, facts: MappingFacts) -> Score:
    """Compare normalised predictions with `target`, on its measured frames."""
    seen = target.measured
    truth = facts.readout.of(target.expression * facts.expression_std)[seen]
    made = facts.readout.of(expression * facts.expression_std)[seen]
    by_name = {
        name: correlation(made[:, i], truth[:, i]) for i, name in enumerate(facts.readout.names)
    }
    unit = facts.mouth_std
    error = (((made - truth) / unit) ** 2).sum()
    mean_error = (((truth - truth.mean(0)) / unit) ** 2).sum()
    whole = ((expression - target.expression)[seen] ** 2).sum()
    mean_whole = (target.expression[seen] ** 2).sum()
    hits, false = closures(made[:, 0], truth[:, 0], target.closed[seen])
    loud = target.example.loudness
    return Score(
        name=target.example.name,
        person=target.example.person,
        frames=int(seen.sum()),
        opening=by_name["opening"],
        width=by_name["width"],
        jaw=by_name["jaw"],
        energy=0.0 if loud is None else correlation(loud[seen], truth[:, 0]),
        gain=float(1 - error / mean_error),
        expression_gain=float(1 - whole / mean_whole),
        spread=float(made[:, 0].std() / truth[:, 0].std()),
        hits=hits,
        false=false,
        pose_spread=float((pose[seen].std(0) / target.pose[seen].std(0)).mean()),
    )


def closures(
    made: NDArray[np.floating], truth: NDArray[np.floating], closed: NDArray[np.bool_]
) -> tuple[float, float]:
    """Share of closed frames that are hit, and of open ones (above the median) falsely closed."""
    low = made <= np.percentile(made, LOW_PERCENTILE)
    near = np.convolve(low, np.ones(2 * NEAR + 1), mode="same") > 0
    opened = truth > np.median(truth)
    return float(near[closed].mean()), float(low[opened].mean())


def table(scores: list[Score]) -> str:
    """Markdown table with one line per clip and the mean weighted by frames."""
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
    lines.append(f"| mean | {people} persons | {frames} | " + " | ".join(values) + " |")
    return "\n".join(lines)


def mean_score(scores: list[Score]) -> dict[str, float]:
    """Mean of every figure, weighted by frames."""
    weights = np.asarray([entry.frames for entry in scores], np.float64)
    names = [field.name for field in attrs.fields(Score)][3:]
    return {
        name: float(np.average([getattr(entry, name) for entry in scores], weights=weights))
        for name in names
    }
