"""Scores as tables of text."""

from __future__ import annotations

from collections.abc import Sequence

from talkgraph.nodes.evaluate.glossary import FIGURES, names_in, written
from talkgraph.nodes.evaluate.summary import ClipScores, Columns, mean_of, worst_person

KEY_FIGURES = (
    "opening_r", "opening_ccc_centred", "opening_spread", "width_r", "jaw_r", "lag",
    "closure_hits", "closure_false", "silence_movement", "std_r", "vc_r", "hs", "lmd",
    "psnr_mouth", "identity_distance",
)  # fmt: skip
"""Of the column `made`, one row per clip where there are several."""


def text_of(way: str, clips: Sequence[ClipScores], pooled: Columns) -> str:
    """All that is printed: a line per clip, then every figure of the mean, or of the only clip."""
    parts = []
    if len(clips) > 1:
        parts += [per_clip(clips), "", f"mean of {len(clips)} clips, weighted by frames"]
    else:
        parts.append(clips[0].clip)
    parts.append(figures(mean_of(clips)))
    if pooled:
        parts += ["", "heads, all clips together", figures(pooled)]
    if any("opening_r_at_lag" in one for clip in clips for one in clip.columns.values()):
        parts += ["", "two numbers: frame by frame / at the lag found on the other half"]
    worst = worst_person(clips)
    if worst is not None and len(clips) > 1:
        person, figure, value = worst
        label = FIGURES[figure.removesuffix("_at_lag")].label
        at = " at the lag" if figure.endswith("_at_lag") else ""
        parts.append(f"worst: {person}, {label}{at} {value:.2f}")
    return "\n".join(parts)


def per_clip(clips: Sequence[ClipScores]) -> str:
    """A row per clip, of what is made."""
    made = [clip.columns.get("made", {}) for clip in clips]
    names = [name for name in KEY_FIGURES if any(name in values for values in made)]
    rows = [["clip", *(FIGURES[name].label for name in names)]]
    for clip, values in zip(clips, made, strict=True):
        rows.append([clip.clip, *(written(name, values) for name in names)])
    return aligned(rows)


def figures(columns: Columns) -> str:
    """Figures against columns, and what is right."""
    rows = [["", *(name.replace("_", " ") for name in columns), "right is"]]
    for name in names_in(list(columns.values())):
        known = FIGURES.get(name)
        label, aim = (known.label, known.aim) if known else (name, "")
        rows.append([label, *(written(name, column) for column in columns.values()), aim])
    return aligned(rows)


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """Rows of cells as text, the first column to the left, the others to the right."""
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if k == 0 else cell.rjust(width)
            for k, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )
