"""Scores of one clip or many put together: columns of a table, means, and who fares worst."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import attrs
import numpy as np

from talkgraph.nodes.evaluate.scores import Scores

SCORES = "_scores"  # how the steps are called whose value goes into a table
SUBJECTS = ("mouth", "head", "lips", "pictures", "identity", "blinks", "seeds")
JUDGED_BY = ("opening_r_at_lag", "opening_r")  # of the column `made`: who fares worst

Columns = dict[str, dict[str, float]]


@attrs.frozen
class ClipScores:
    """What was found for one clip: column -> figure -> value."""

    clip: str
    person: str
    columns: Columns

    @property
    def weight(self) -> float:
        """Frames that count, by which means are weighted; 1 where nothing says."""
        return next((c["frames"] for c in self.columns.values() if c.get("frames")), 1.0)


def column_of(step: str) -> str:
    """The column that a step's scores go to: `made` for `made_scores` and `made_head_scores`."""
    name = step.removesuffix(SCORES)
    subject = name.rpartition("_")[2]
    return name.removesuffix(f"_{subject}") if subject in SUBJECTS else name


def columns_of(found: Mapping[str, Scores]) -> Columns:
    """The scores of a run's steps, those of one column together."""
    columns: Columns = {}
    for step, scores in found.items():
        columns.setdefault(column_of(step), {}).update(scores.values)
    return columns


def mean_of(clips: Sequence[ClipScores]) -> Columns:
    """The mean of every figure over the clips that have it, weighted by frames."""
    mean: Columns = {}
    for column in dict.fromkeys(name for clip in clips for name in clip.columns):
        having = [(clip.columns[column], clip.weight) for clip in clips if column in clip.columns]
        names = dict.fromkeys(name for values, _ in having for name in values)
        mean[column] = {name: _mean(name, having) for name in names}
    return mean


def worst_person(clips: Iterable[ClipScores]) -> tuple[str, str, float] | None:
    """Person, figure and value where the made mouth follows least; None without such a figure.

    A person's figure is the mean over their clips, weighted by frames.
    """
    by_person: dict[str, list[ClipScores]] = {}
    for clip in clips:
        by_person.setdefault(clip.person, []).append(clip)
    for figure in JUDGED_BY:
        found = {
            person: mean_of(theirs).get("made", {}).get(figure)
            for person, theirs in by_person.items()
        }
        known = {person: value for person, value in found.items() if value is not None}
        if known:
            worst = min(known, key=lambda person: known[person])
            return worst, figure, known[worst]
    return None


def _mean(name: str, having: Sequence[tuple[dict[str, float], float]]) -> float:
    known = [(values[name], weight) for values, weight in having if name in values]
    values, weights = zip(*known, strict=True)
    return float(np.average(values, weights=weights))
