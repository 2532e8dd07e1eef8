"""What a run tells while it goes on."""

from __future__ import annotations

from typing import Any

import attrs


@attrs.frozen
class Started:
    """A step begins to run."""

    step: str
    reason: str


@attrs.frozen
class Progress:
    """A running step is at `done` of `total`."""

    step: str
    done: float
    total: float


@attrs.frozen
class Note:
    """Something the user should know about a step's result; repeated when the result is reused.

    Without a step it is about the run.
    """

    step: str | None
    text: str


@attrs.frozen
class Finished:
    """A step's result is there: made in `seconds`, or found in the store."""

    step: str
    cached: bool
    seconds: float


@attrs.frozen
class Failed:
    """A step failed; what depends on it will not run."""

    step: str
    error: Exception


Event = Started | Progress | Note | Finished | Failed

_KINDS = {kind.__name__: kind for kind in (Started, Progress, Note, Finished)}


def to_plain(event: Event) -> list[Any]:
    """An event of a running step as plain data, to be told from another process."""
    return [type(event).__name__, *attrs.astuple(event, recurse=False)]


def from_plain(plain: list[Any]) -> Event:
    """The event that `to_plain` spelled."""
    kind, *fields = plain
    return _KINDS[kind](*fields)
