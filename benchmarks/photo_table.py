"""The tables of what `photo.py --json` printed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

Row = Mapping[str, Any]
COLUMNS: tuple[tuple[str, tuple[tuple[str, int], ...]], ...] = (
    # label, figures and their digits
    ("face box", (("psnr_box", 1), ("ssim_box", 3))),
    ("mouth", (("psnr_mouth", 1),)),
    ("eyes", (("psnr_eyes", 1),)),
    ("detail", (("sharpness_face", 2),)),
    ("LMD px", (("lmd", 2),)),
    ("opening r, spread", (("opening_r", 2), ("opening_spread", 2))),
    ("landmarks off, px", (("points", 2),)),
    ("identity", (("identity", 2),)),
    ("same person", (("same", 2),)),
    ("behind", (("behind", 1),)),
    ("body", (("body", 1),)),
    ("shake", (("jitter", 2),)),
)
SPOKEN: tuple[tuple[str, tuple[tuple[str, int], ...]], ...] = (
    ("faces", (("faces", 2),)),
    ("identity", (("identity", 2),)),
    ("same person", (("same", 2),)),
    ("opening r, spread", (("opening_r", 2), ("opening_spread", 2))),
    ("behind", (("behind", 1),)),
    ("body", (("body", 1),)),
    ("shake px", (("jitter", 3),)),
)


def photo_tables(report: Mapping[str, Any]) -> str:
    """Given motion, speech, and cost, as far as they were measured."""
    parts = [
        given_table(report["photo_given"]),
        speech_table(report["photo_speech"]),
        cost_table(report.get("cost")),
    ]
    return "\n".join(part for part in parts if part)


def given_table(clips: list[Any]) -> str:
    """Means over the clips for each way, then every clip's face box."""
    if not clips:
        return ""
    ways = list(dict.fromkeys(way for clip in clips for way in clip["rows"]))
    lines = header("way", COLUMNS)
    for way in ways:
        rows = [clip["rows"][way] for clip in clips if way in clip["rows"]]
        short = "" if len(rows) == len(clips) else f" ({len(rows)} clips)"
        lines.append(f"| {way}{short} | {' | '.join(cells(rows, COLUMNS))} |")
    frames = sum(clip["frames"] for clip in clips)
    judged = [way for way in ways if way != "real"]
    lines += [
        "",
        f"Means over {len(clips)} clips, {frames} frames. Face box, identity, clip by clip:",
        "",
        f"| clip | {' | '.join(judged)} |",
        "|---" * (len(judged) + 1) + "|",
    ]
    for clip in clips:
        found = [clip["rows"].get(way) for way in judged]
        shown = [
            "–" if row is None else f"{row['psnr_box']:.1f}, {row['identity']:.2f}" for row in found
        ]
        lines.append(f"| {clip['clip']} | {' | '.join(shown)} |")
    return "\n".join(lines) + "\n"


def speech_table(talks: list[Any]) -> str:
    """Means over photos and speeches for each way, then each."""
    if not talks:
        return ""
    lines = header("photo, speech | way | head asked, seen °", SPOKEN)
    ways = list(dict.fromkeys(way for talk in talks for way in talk["rows"]))
    for way in ways:
        rows = [talk["rows"][way] for talk in talks]
        lines.append(
            f"| mean of {len(rows)} | {way} | {turns(rows)} | {' | '.join(cells(rows, SPOKEN))} |"
        )
    for talk in talks:
        name = f"{talk['photo'].removeprefix('photo_')}, {talk['speech'].removeprefix('speech_')}"
        for way in ways:
            rows = [talk["rows"][way]]
            lines.append(f"| {name} | {way} | {turns(rows)} | {' | '.join(cells(rows, SPOKEN))} |")
    return "\n".join(lines) + "\n"


def cost_table(cost: Mapping[str, Any] | None) -> str:
    """Each picture's stages, their sum, and what two whole cores would make of it."""
    if cost is None:
        return ""
    lines = ["| picture | ms of stages per frame | sum | fps of two cores |", "|---|---|---|---|"]
    ways = {**cost["ms"], "field, published size": cost["published_ms"]}
    for way, stages in ways.items():
        named = ", ".join(f"{step} {ms:.1f}" for step, ms in stages.items())
        whole = sum(stages.values())
        lines.append(f"| {way} | {named} | {whole:.1f} | {2000 / whole:.1f} |")
    about = f"{cost['frames']} frames of {cost['size']} px, load of the machine {cost['load']}."
    return "\n".join([*lines, "", about]) + "\n"


def header(first: str, columns: Iterable[tuple[str, Any]]) -> list[str]:
    """The first two lines of a table."""
    labels = [first, *(label for label, _ in columns)]
    line = f"| {' | '.join(labels)} |"
    return [line, "|---" * (line.count("|") - 1) + "|"]


def cells(rows: list[Any], columns: Iterable[tuple[str, Any]]) -> list[str]:
    """Means of the rows that have a figure."""
    found = []
    for _, figures in columns:
        parts = []
        for name, digits in figures:
            known = [row[name] for row in rows if row.get(name) is not None]
            text = f"{np.mean(known):.{digits}f}" if known else "–"
            parts.append(text.replace("0.", ".", 1) if name == "ssim_box" else text)
        found.append("–" if set(parts) == {"–"} else " / ".join(parts))
    return found


def turns(rows: list[Any]) -> str:
    """Pitch, yaw and roll, asked for and seen."""
    return " → ".join(
        " ".join(f"{v:.0f}" for v in np.mean([row[name] for row in rows], axis=0))
        for name in ("asked", "turned")
    )
