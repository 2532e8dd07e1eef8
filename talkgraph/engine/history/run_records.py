"""What every run did: one small checked file in the store for each, kept for the last few hundred.

It is written when a run ends, well or not (`recorder.py`), and says what became of each step and
under which key its result lies, so that a page or a command can tell later what happened and load
what is still stored. Advisory: no result depends on it; a store that cannot be written has none.
"""

from __future__ import annotations

import contextlib
import os
import re
from functools import cache
from pathlib import Path
from typing import Any, Literal, cast

import attrs

from talkgraph.cache import disk
from talkgraph.cache.files import File
from talkgraph.cache.records import Record, read_record, write_record
from talkgraph.cache.store import Store
from talkgraph.engine.declare.graph_file import G, from_document
from talkgraph.engine.declare.ports import checked
from talkgraph.engine.declare.types import coerce, members
from talkgraph.engine.run.events import StepState
from talkgraph.errors import DamagedError, GraphError, InputError, StoreError

KEPT = 200  # runs
_KEPT_BYTES = 64 << 20  # of all records; looked at when one is written that is above its share
_FORMAT = 2
_ID = re.compile(r"[0-9]{8}-[0-9]{6}-[0-9]{3}-[0-9a-f]{6}\Z")
_LAST = re.compile(r"last(?:~([0-9]{1,9}))?\Z")

Outcome = Literal["done", "failed", "cancelled"]


@attrs.frozen
class RunInput:
    """An input of a run.

    text: a file's absolute path, else the value in short.
    digest: BLAKE3 of a file's bytes, else digest of the value; None if no step read it.
    value: a path or number or text or None or a list of these, to run again with; `has_value`
        is False for what JSON cannot hold.
    """

    text: str
    digest: str | None
    has_value: bool
    value: Any


@attrs.frozen
class StepRun:
    """What became of one step that the targets need, in the order of the graph.

    name, node, version: the step's name, its node's id and version.
    state, seconds, reason, notes, checks, error: as in `StepRecord`; a failed step's `digests`
        name what it was given.
    key: of its result in the store: `record.load(store, name)`; None for given and blocked steps.
        A streamed step's key finds nothing in the store.
    sources: port -> step, ``step.field`` or input that it reads.
    digests: port -> digest of what it read, as far as it was known.
    parameters: name -> value in short, all keyed ones.
    code: digest of the node's code and of what it names; None if that is not known.
    result: digest of its result; None if nothing of it is stored.
    figures: the numbers in its result, by the path of their fields.
    size: bytes of its result; None if nothing of it is stored.
    """

    name: str
    node: str
    version: int
    state: StepState
    seconds: float
    reason: str
    key: str | None
    sources: dict[str, str]
    digests: dict[str, str]
    parameters: dict[str, str]
    code: str | None
    result: str | None
    figures: dict[str, float]
    notes: tuple[str, ...]
    checks: dict[str, str]
    size: int | None
    error: str | None


@attrs.frozen
class RunRecord:
    """One run.

    run_id: ``20250131-235959-123-0a1b2c``: when it started (UTC, ms) and a random part.
    graph: the graph's name.
    document: the graph as in its YAML text; None if it has no such spelling.
    inputs: by name, those that the targets need.
    targets: what was asked for, ``step`` or ``step.field``.
    started, seconds: Unix time, duration.
    outcome: ``done``, ``failed``, or ``cancelled`` (interrupted, or ended from outside).
    error: the message of what ended a run that is not done.
    notes: what a person should know of the run, beside what its steps said.
    steps: by name, each after what it reads.
    machine, talkgraph, python: as in `provenance.facts`.
    """

    run_id: str
    graph: str
    document: dict[str, Any] | None
    inputs: dict[str, RunInput]
    targets: tuple[str, ...]
    started: float
    seconds: float
    outcome: Outcome
    error: str | None
    steps: dict[str, StepRun]
    machine: dict[str, Any]
    talkgraph: str
    python: str
    notes: tuple[str, ...] = ()

    def rebuild(self, kind: type[G]) -> tuple[G, dict[str, Any]]:
        """The graph, of class `kind`, and the inputs, to run it again: stored steps are hits.

        Raises:
            GraphError: the graph has no spelling as text, or one of its nodes is not installed.
            InputError: an input was a value that is not kept.
        """
        if self.document is None:
            raise GraphError(
                f"run {self.run_id}: graph '{self.graph}' was not kept as text; run it from Python"
            )
        graph = from_document(self.document, kind)
        return graph, {name: self.input_value(name, graph.inputs[name]) for name in self.inputs}

    def input_value(self, name: str, type_: Any) -> Any:
        """An input of a type, as it was; InputError if it was a value that is not kept."""
        given = self.inputs[name]
        if not given.has_value:
            raise InputError(
                f"run {self.run_id}: input '{name}' was {given.text}, and runs keep no such "
                "values; give it to the graph's run, with until=... for one step"
            )
        value = given.value
        if File in members(type_) and isinstance(value, str):
            value = File(Path(value))
        return coerce(value, type_)

    def load(self, store: Store, name: str) -> Any:
        """The value of a step; None if it is not in the store (streamed, given, removed).

        Raises:
            DamagedError: the stored result is not whole.
        """
        key = self.steps[name].key
        record = store.action(key) if key is not None else None
        return None if record is None else store.load(record["output"])


def runs(store: Store, limit: int | None = None) -> list[RunRecord]:
    """The last runs that the store remembers, the latest first; damaged records are left out."""
    found: list[RunRecord] = []
    for path in sorted(_folder(store).glob("*.json"), reverse=True):
        if limit is not None and len(found) >= limit:
            break
        with contextlib.suppress(OSError, ValueError):
            found.append(_read(path))
    return found


def find(store: Store, text: str = "last") -> RunRecord:
    """The run with that id or start of an id, the ``last`` one, or ``last~2``, the second before.

    Raises:
        InputError: there is none, or several.
        DamagedError: its record is not what was written.
    """
    known = sorted(path.stem for path in _folder(store).glob("*.json"))
    if back := _LAST.match(text):
        place = len(known) - 1 - int(back[1] or 0)
        chosen = [known[place]] if place >= 0 else []
    else:
        chosen = [name for name in known if name.startswith(text)]
    if len(chosen) != 1:
        many = f"{len(chosen)} runs match '{text}'" if chosen else f"there is no run '{text}'"
        raise InputError(f"store {store.path}: {many}; `runs(store)` lists them")
    try:
        return _read(_folder(store) / f"{chosen[0]}.json")
    except (OSError, ValueError) as error:
        raise DamagedError(
            f"the record of run {chosen[0]} cannot be read ({error}); `runs(store)` lists others"
        ) from error


def before(store: Store, run: RunRecord) -> RunRecord | None:
    """The run of the same graph before a run; None if the store remembers none."""
    for path in sorted(_folder(store).glob("*.json"), reverse=True):
        if path.stem < run.run_id:
            with contextlib.suppress(OSError, ValueError):
                found = _read(path)
                if found.graph == run.graph:
                    return found
    return None


def _folder(store: Store) -> Path:
    return store.path / "history"


def write(store: Store, run: RunRecord) -> None:
    """Write a record if the store can be written; of too many the oldest go."""
    record = {"format": _FORMAT, **_plain(run)}
    record["inputs"] = {name: _plain(one) for name, one in run.inputs.items()}
    record["steps"] = {name: _plain(one) for name, one in run.steps.items()}
    with contextlib.suppress(OSError, StoreError, ValueError):
        store.prepare()
        path = _folder(store) / f"{run.run_id}.json"
        write_record(path, record, store.blobs.temporary, False)
        names = sorted(os.listdir(path.parent), reverse=True)
        for old in names[KEPT:]:
            disk.discard(path.parent / old)
        room = _KEPT_BYTES
        for old in names[:KEPT] if os.stat(path).st_size > room // KEPT else ():
            room -= os.stat(path.parent / old).st_size
            if room < 0 and old != path.name:
                disk.discard(path.parent / old)


def _plain(thing: Any) -> Record:
    return {name: getattr(thing, name) for name in _names(cast(Any, type(thing)))}


@cache
def _names(kind: Any) -> tuple[str, ...]:
    return tuple([field.name for field in attrs.fields(kind)])


def _read(path: Path) -> RunRecord:
    """A record; ValueError if it is damaged or of another format."""
    record = read_record(path)
    if record is None or record.pop("format", None) != _FORMAT or not _ID.match(path.stem):
        raise ValueError("it is no record of a run")
    try:
        record["inputs"] = {n: checked(RunInput, one) for n, one in record["inputs"].items()}
        for one in record["steps"].values():
            one["state"] = StepState(one["state"])
        record["steps"] = {n: checked(StepRun, one) for n, one in record["steps"].items()}
        return checked(RunRecord, record)
    except (TypeError, KeyError, AttributeError) as error:
        raise ValueError(f"it is no record of a run: {error}") from None
