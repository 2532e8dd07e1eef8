"""Where the phones of a speech lie: the alignment that closures at p, b and m are looked up in."""

from __future__ import annotations

import math

import numpy as np

from talkgraph.cache.values import value
from talkgraph.errors import InputError
from talkgraph.nodes.evaluate.text_grid import Interval, is_text_grid, phone_intervals
from talkgraph.nodes.values import Bools

BILABIALS = frozenset({"p", "b", "m"})


@value("phones")
class Phones:
    """An alignment: phone k, `symbols[k]`, sounds from `starts[k]` to `stops[k]`, s.

    Symbols are IPA or ARPAbet; stress marks and case do not count.
    """

    symbols: list[str]
    starts: list[float]
    stops: list[float]


def phones_of(text: str) -> Phones:
    """Read an alignment: Praat's TextGrid, or text with a phone a line.

    That is Audacity's labels, `0.42<tab>0.51<tab>M`, or the CSV of the Montreal Forced Aligner,
    whose header names Begin, End, Label and, where words are in it, too, Type.

    Raises:
        InputError: a line that is neither, no phone at all, or no tier of phones (`text_grid`).
    """
    rows = phone_intervals(text) if is_text_grid(text) else _rows_of_lines(text)
    if not rows:
        raise InputError("the alignment holds no phones; export it again")
    return Phones(
        symbols=[row[0] for row in rows],
        starts=[row[1] for row in rows],
        stops=[row[2] for row in rows],
    )


def _rows_of_lines(text: str) -> list[Interval]:
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("\\")]
    head = [word.strip().lower() for word in lines[0].split(",")] if lines else []
    csv = {"begin", "end", "label"} <= set(head)
    rows: list[Interval] = []
    for number, line in enumerate(lines[1:] if csv else lines, 2 if csv else 1):
        cells = [cell.strip() for cell in line.split("," if csv else "\t")]
        try:
            if csv:
                one = dict(zip(head, cells, strict=True))
                if one.get("type", "phones").startswith("word"):
                    continue
                cells = [one["begin"], one["end"], one["label"]]
            start, stop, symbol = float(cells[0]), float(cells[1]), cells[2]
            if not (math.isfinite(start) and 0 <= start <= stop < math.inf):
                raise ValueError
        except (ValueError, IndexError):
            raise InputError(
                f"the alignment's line {number} is no phone: {line[:40]!r}; write start, stop in "
                "seconds and symbol, separated by tabs (Audacity's labels), or export a TextGrid "
                "or MFA's CSV"
            ) from None
        rows.append((symbol, start, stop))
    return rows


def bilabial_frames(phones: Phones, count: int, fps: float) -> Bools:
    """The frames of p, b and m, `[shape=(count,), bool]`; each phone has at least one.

    `M`, `m`, `P0` and `b̥` are bilabial, `MUH` is not.
    """
    closed = np.zeros(count, bool)
    for symbol, start, stop in zip(phones.symbols, phones.starts, phones.stops, strict=True):
        letters = "".join(c for c in symbol.lower() if c.isalpha() and c.isascii())
        if letters in BILABIALS:
            first = int(start * fps)
            closed[first : max(first + 1, int(np.ceil(stop * fps)))] = True
    return closed
