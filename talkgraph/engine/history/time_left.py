"""How long a running step will go on: by its pace, or before that by how long it took last time."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import attrs

from talkgraph.cache.store import Store
from talkgraph.engine.history.run_records import RunRecord, runs

_MOVED = 0.02  # of a step: less says nothing about its pace
_WATCHED = 1.0  # s: less says nothing either
_LOOKED_AT = 20  # runs


@attrs.define
class StepTime:
    """What is known about the time of one running step. All times in seconds, of one clock.

    The pace counts from the first progress that the step tells: what it loads and prepares before
    that happens once.

    past: how long it took last time, if that is known.
    """

    past: float | None = None
    began: float | None = None
    _first: tuple[float, float] | None = None  # when, and how much was done
    _last: tuple[float, float] = (0.0, 0.0)
    _total: float = 0.0

    def start(self, now: float) -> None:
        """The step begins."""
        self.began, self._first = now, None

    def progress(self, now: float, done: float, total: float) -> None:
        """The step is at `done` of `total`."""
        if self.began is None:  # streamed: it runs when what reads it does
            self.began = now
        if self._first is None or total != self._total or done < self._last[1]:
            self._first = (now, done)
        self._last, self._total = (now, done), total

    def left(self, now: float) -> float | None:
        """Seconds until it ends; None as long as that is anybody's guess."""
        if self.began is None:
            return None
        ends = None if self.past is None else self.began + self.past
        if self._first is not None and self._total > 0:
            watched, moved = self._last[0] - self._first[0], self._last[1] - self._first[1]
            if watched >= _WATCHED and moved >= _MOVED * self._total:
                ends = self._last[0] + watched / moved * (self._total - self._last[1])
        return None if ends is None or ends <= now else ends - now


def _is(run: RunRecord, name: str, path: Path) -> bool:
    """Whether a run read this file as that input."""
    read = run.inputs.get(name)
    return read is not None and os.path.realpath(read.text) == os.path.realpath(path)


def past_seconds(
    store: Store, graph: str, inputs: Mapping[str, object] | None = None
) -> dict[str, float]:
    """Step -> seconds that it took when it was last made, as far as runs of late tell.

    Args:
        inputs: only runs over these files count, where it is given: other files are longer or
            shorter.
    """
    wanted = {name: path for name, path in (inputs or {}).items() if isinstance(path, Path)}
    found: dict[str, float] = {}
    for run in runs(store, _LOOKED_AT):
        if run.graph == graph and all(_is(run, name, path) for name, path in wanted.items()):
            made = {name: one.seconds for name, one in run.steps.items() if one.state == "run"}
            found = {**made, **found}
    return found
