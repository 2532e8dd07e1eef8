"""What the mouth does for each phone, and how neighbouring phones blend.

A table of targets for the phones of American English and the dominance model of Cohen and Massaro
(Modeling coarticulation in synthetic visual speech, 1993): every phone pulls the mouth towards its
target with a weight alpha * exp(-theta |t|) around its time; the mouth is the weighted mean.
The figures are ours, checked against tracked faces only roughly: they serve to pretrain.
"""

from __future__ import annotations

import attrs
import numpy as np
from numpy.typing import NDArray

MEASURES = ("opening", "jaw", "width")


@attrs.frozen
class Viseme:
    """Targets in [-1, 1] about the mouth at rest (0), and how strongly each is insisted on.

    opening, jaw, width: targets; alpha: weights in the same order.
    """

    opening: float
    jaw: float
    width: float
    alpha: tuple[float, float, float] = (1.0, 1.0, 1.0)


_REST = Viseme(-0.6, -0.6, 0.0, (1.0, 1.0, 0.5))
_LIPS = Viseme(-1.0, -0.5, 0.0, (8.0, 1.0, 0.3))
_TEETH_ON_LIP = Viseme(-0.7, -0.4, 0.1, (4.0, 1.5, 0.5))
_TONGUE = Viseme(-0.1, -0.2, 0.0, (0.15, 0.3, 0.1))
_TEETH = Viseme(-0.3, -0.7, 0.2, (0.5, 2.0, 0.3))
_HUSH = Viseme(-0.1, -0.5, -0.6, (0.6, 1.5, 1.5))
_BACK = Viseme(0.0, 0.0, 0.0, (0.1, 0.2, 0.05))
_VISEMES: dict[str, Viseme] = {
    "pau": _REST, "p": _LIPS, "b": _LIPS, "m": _LIPS, "f": _TEETH_ON_LIP, "v": _TEETH_ON_LIP,
    "t": _TONGUE, "d": _TONGUE, "n": _TONGUE, "l": Viseme(0.1, 0.0, 0.0, (0.3, 0.3, 0.1)),
    "th": Viseme(0.0, -0.2, 0.1, (0.6, 0.8, 0.3)),
    "dh": Viseme(0.0, -0.2, 0.1, (0.5, 0.6, 0.3)),
    "s": _TEETH, "z": _TEETH, "sh": _HUSH, "zh": _HUSH, "ch": _HUSH, "jh": _HUSH,
    "k": _BACK, "g": _BACK, "ng": _BACK, "hh": _BACK,
    "r": Viseme(-0.1, -0.2, -0.4, (0.5, 0.5, 0.8)),
    "w": Viseme(-0.6, -0.4, -1.0, (2.0, 1.0, 2.5)),
    "y": Viseme(-0.1, -0.4, 0.5, (0.5, 0.7, 0.7)),
    "iy": Viseme(0.1, -0.3, 0.9), "ih": Viseme(0.2, 0.0, 0.5),
    "eh": Viseme(0.5, 0.4, 0.4), "ae": Viseme(0.8, 0.8, 0.5),
    "aa": Viseme(1.0, 1.0, 0.0), "ah": Viseme(0.5, 0.5, 0.1),
    "ax": Viseme(0.2, 0.1, 0.0, (0.5, 0.5, 0.5)),
    "ao": Viseme(0.7, 0.8, -0.5), "uh": Viseme(0.0, 0.0, -0.5),
    "uw": Viseme(-0.2, -0.2, -0.9, (1.5, 1.0, 2.0)),
    "er": Viseme(0.1, 0.0, -0.3), "ey": Viseme(0.4, 0.2, 0.6),
    "ay": Viseme(0.8, 0.8, 0.2), "oy": Viseme(0.4, 0.5, -0.5),
    "aw": Viseme(0.9, 0.9, 0.0), "ow": Viseme(0.3, 0.4, -0.6),
}  # fmt: skip
# The second part of a diphthong, which takes the last 40 % of its time.
_GLIDES = {"ey": "iy", "ay": "ih", "oy": "ih", "aw": "uh", "ow": "uw"}
_GLIDE_PART = 0.4
# Rates (1/s) at which the weights decay before and after a phone, per measure.
_BEFORE = np.array([14.0, 14.0, 10.0])
_AFTER = np.array([16.0, 16.0, 14.0])
_LIP_RATE = 30.0  # closures are short


@attrs.frozen
class Phone:
    """A phone from `start` to `end`, seconds."""

    name: str
    start: float
    end: float


def mouth_of(phones: list[Phone], times: NDArray[np.float64]) -> NDArray[np.float32]:
    """The measures at `times (T,)`: `[shape=(T, 3), float32]` in [-1, 1], see `MEASURES`."""
    total = np.zeros((len(times), len(MEASURES)))
    weight = np.full((len(times), len(MEASURES)), 1e-6)
    for phone in _with_glides(phones):
        viseme = _VISEMES.get(phone.name, _BACK)
        before, after = _BEFORE.copy(), _AFTER.copy()
        if viseme is _LIPS:
            before[0] = after[0] = _LIP_RATE
        early = np.maximum(phone.start - times, 0.0)[:, None]
        late = np.maximum(times - phone.end, 0.0)[:, None]
        dominance = np.asarray(viseme.alpha) * np.exp(-before * early - after * late)
        target = np.array([viseme.opening, viseme.jaw, viseme.width])
        total += dominance * target
        weight += dominance
    return np.asarray(total / weight, np.float32)


def _with_glides(phones: list[Phone]) -> list[Phone]:
    parts = []
    for phone in phones:
        if phone.name not in _GLIDES:
            parts.append(phone)
            continue
        turn = phone.end - _GLIDE_PART * (phone.end - phone.start)
        parts.append(Phone(phone.name, phone.start, turn))
        parts.append(Phone(_GLIDES[phone.name], turn, phone.end))
    return parts
