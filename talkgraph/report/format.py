"""Durations, sizes and long texts, written for people."""

from __future__ import annotations


def duration(seconds: float) -> str:
    """Write a duration in at most two units: ``0.4 s``, ``12 s``, ``3 min 20 s``, ``1 h 5 min``."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def size_text(count: float) -> str:
    """Write a number of bytes for people, e.g. ``3.2 MiB``."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if count < 1024:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1024
    return f"{count:.1f} TiB"


def bounded(text: str, letters: int) -> str:
    """A text cut to a number of letters, with how many there are."""
    return text if len(text) <= letters else f"{text[:letters]}… ({len(text)} letters)"
