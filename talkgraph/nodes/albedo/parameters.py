"""Parameters that both nodes of the stage have; all are ours, the paper gives none of them."""

from __future__ import annotations

from typing import Any, Self

import attrs

from talkgraph.engine import Node, param

RIDGE = 0.02


@attrs.frozen(kw_only=True)
class _Chosen:
    """Several parameters as one value."""

    @classmethod
    def of(cls, node: Node) -> Self:
        """Those of a node of the stage."""
        return cls(**{field.name: getattr(node, field.name) for field in attrs.fields(cls)})


@attrs.frozen(kw_only=True)
class Sight(_Chosen):
    """How well a vertex must be seen to count: the parameters of the same names."""

    behind: float
    grazing: float
    square: float
    doubt: float


@attrs.frozen(kw_only=True)
class Tint(_Chosen):
    """Which colours teeth have: the parameters of the same names."""

    coldest_green: float
    coldest_blue: float
    warmest_green: float
    warmest_blue: float


def ridge() -> Any:
    """Of the estimation of light; relative to the mean energy of the data."""
    return param(RIDGE, "pull of the 27 light coefficients towards ambient light", gt=0)


def behind() -> Any:
    """Half a pixel of slope and the error of the fit: more hides less, and lets lips show teeth."""
    return param(
        0.02, "how far behind the surface a vertex may lie and still count as seen",
        unit="head units", ge=0,
    )  # fmt: skip


def grazing() -> Any:
    """Below it a pixel covers so much of the surface that its colour belongs to no vertex."""
    return param(
        0.15, "cosine to the line of sight up to which a vertex does not count", ge=0, lt=1
    )


def square() -> Any:
    """Between `grazing` and this the weight rises linearly."""
    return param(0.6, "cosine to the line of sight from which a vertex counts fully", gt=0, le=1)


def doubt() -> Any:
    """A small error of the fit there brings in the colour of the lips or lids."""
    return param(
        0.05, "weight of what is seen at the very edge of an open mouth or eye", ge=0, le=1
    )


def mouth_frames() -> Any:
    """Few: only wide open ones show the teeth well."""
    return param(10, "whose colours are combined inside the mouth", unit="frames", ge=1)


def eye_frames() -> Any:
    """More: the usual gaze is told from glances and blinks by their number."""
    return param(20, "from which the usual look of the eyes is taken", unit="frames", ge=1)


def coldest_green() -> Any:
    """See `mouth_and_eyes.with_likely_teeth`."""
    return param(0.95, "most green of guessed teeth as shown, as a share of red", gt=0)


def coldest_blue() -> Any:
    """See `mouth_and_eyes.with_likely_teeth`."""
    return param(0.88, "most blue of guessed teeth as shown, as a share of red", gt=0)


def warmest_green() -> Any:
    """See `mouth_and_eyes.with_likely_teeth`."""
    return param(0.9, "least green of guessed teeth as shown, as a share of red", gt=0)


def warmest_blue() -> Any:
    """See `mouth_and_eyes.with_likely_teeth`."""
    return param(0.8, "least blue of guessed teeth as shown, as a share of red", gt=0)
