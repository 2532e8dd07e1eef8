"""Praat's TextGrid, the usual file of an alignment: the intervals of its tier of phones.

Both of its text forms, long and short, are the same sequence of numbers, texts in quotes and flags;
whatever else stands there is a comment (Praat's manual, "TextGrid file formats").
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from talkgraph.errors import InputError

Interval = tuple[str, float, float]

_HEAD = re.compile(r'\s*(File type\s*=\s*)?"ooTextFile')
_TOKEN = re.compile(
    r'"(?P<word>(?:[^"]|"")*)"|(?<!\S)(?P<number>[-+]?\d[\d.]*(?:[eE][-+]?\d+)?)(?!\S)|<exists>'
)
_PHONES = re.compile(r"\b(phones?|phonemes?|segments?|MAU)\b", re.IGNORECASE)


def is_text_grid(text: str) -> bool:
    """Whether a text begins as files of Praat do."""
    return _HEAD.match(text) is not None


def phone_intervals(text: str) -> list[Interval]:
    """Symbol, start and stop, s, of each phone; intervals without a symbol are silence.

    Raises:
        InputError: no TextGrid, a damaged one, or none of several tiers is called after phones.
    """
    tokens = _TOKEN.finditer(text)
    tiers: dict[str, list[Interval]] = {}
    try:
        words = [_word(tokens), _word(tokens)]
        _number(tokens), _number(tokens)  # its own start and stop
        if words[1] != "TextGrid" or next(tokens)[0] != "<exists>":
            raise ValueError
        for _ in range(int(_number(tokens))):
            kind, name = _word(tokens), _word(tokens)
            _number(tokens), _number(tokens)
            for _ in range(int(_number(tokens))):
                start = _number(tokens)
                stop = _number(tokens) if kind == "IntervalTier" else start
                symbol = _word(tokens).replace('""', '"').strip()
                if kind == "IntervalTier" and symbol:
                    tiers.setdefault(name, []).append((symbol, start, stop))
    except (StopIteration, ValueError):
        raise InputError(
            "the alignment is no whole TextGrid; save it again with Praat as a text file"
        ) from None
    named = [name for name in tiers if _PHONES.search(name)] or list(tiers)
    if len(named) > 1:
        raise InputError(
            f"the alignment has the tiers {', '.join(map(repr, tiers))}; call the one with the "
            "phones of the speaker 'phones', and no other"
        )
    return tiers[named[0]] if named else []


def _word(tokens: Iterator[re.Match[str]]) -> str:
    return _of_kind("word", tokens)


def _number(tokens: Iterator[re.Match[str]]) -> float:
    return float(_of_kind("number", tokens))


def _of_kind(kind: str, tokens: Iterator[re.Match[str]]) -> str:
    found = next(tokens)[kind]
    if found is None:
        raise ValueError
    return str(found)
