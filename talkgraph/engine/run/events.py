"""What a run tells while it goes on, and what becomes of its steps."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import attrs


class StepState(StrEnum):
    """What becomes of a step: the one word for it in plans, results, history and reports."""

    HIT = "hit"  # found in the store
    RUN = "run"
    PENDING = "pending"  # of a plan: decided when what it reads is there
    STREAMED = "streamed"  # made on the fly where it is read, never stored
    GIVEN = "given"  # by the user
    NOT_NEEDED = "not needed"  # nothing read it
    FAILED = "failed"
    BLOCKED = "blocked"  # what it needs failed
    CANCELLED = "cancelled"  # it was running when the run ended
    NOT_REACHED = "not reached"

    @property
    def unmade(self) -> bool:
        """Whether a step has no result for a bad reason."""
        return self in (self.FAILED, self.BLOCKED, self.CANCELLED, self.NOT_REACHED)


@attrs.frozen
class StepRecord:
    """What became of one step.

    seconds: time spent on it in this run; what it streamed from other steps is billed to those.
        Of a failed or cancelled step until then.
    key: of its result; None for given and blocked steps.
    notes: what the node and the engine said about the result.
    reason: why it ran, or what is said of it instead (``stored``, ``given``, ``not needed``).
    error: message of a failed step.
    checks: what the node's checks found wrong with the result, by name; empty where they passed.
    """

    state: StepState
    seconds: float
    key: str | None
    notes: tuple[str, ...]
    reason: str
    error: str | None = None
    checks: Mapping[str, str] = attrs.field(factory=dict)

    @property
    def cached(self) -> bool:
        """True if nothing was computed (stored, given, or streamed and not needed)."""
        return self.state in (StepState.HIT, StepState.GIVEN, StepState.NOT_NEEDED)


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
