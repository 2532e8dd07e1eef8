"""Watches a run and writes down what it did; see `run_records.py`."""

from __future__ import annotations

import contextlib
import math
import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar, Protocol

import attrs

from talkgraph.cache.codecs import content_bytes
from talkgraph.cache.files import File
from talkgraph.cache.keys import Tree
from talkgraph.engine.declare.graph import Graph
from talkgraph.engine.declare.graph_file import to_document
from talkgraph.engine.declare.node import Node
from talkgraph.engine.declare.types import brief
from talkgraph.engine.history import machine, run_records
from talkgraph.engine.history.run_records import Outcome, RunInput, RunRecord, StepRun, StepState
from talkgraph.engine.keys.keying import Ingredients
from talkgraph.engine.run.events import Event, Failed, Note, Started
from talkgraph.engine.run.request import Request
from talkgraph.engine.run.result import StepRecord
from talkgraph.engine.run.step_context import Emit
from talkgraph.errors import DamagedError, GraphError

_LONGEST = 2000  # characters of an error message


class Settled(Protocol):
    """What a run knows of its steps, by name."""

    @property
    def outcome(self) -> Mapping[str, StepRecord]:
        """Steps that came to an end."""

    @property
    def made_from(self) -> Mapping[str, Ingredients]:
        """Steps whose inputs are known."""

    @property
    def files(self) -> Mapping[str, tuple[Path, str]]:
        """Path and digest of the input files that were read."""

    @property
    def trees(self) -> Mapping[str, Tree]:
        """Output trees of stored steps."""


class _Nothing:
    """A run that broke before it began."""

    outcome: ClassVar[Mapping[str, StepRecord]] = {}
    made_from: ClassVar[Mapping[str, Ingredients]] = {}
    files: ClassVar[Mapping[str, tuple[Path, str]]] = {}
    trees: ClassVar[Mapping[str, Tree]] = {}


class Recorder:
    """Listens to a run (it is its `emit`) and writes the record when it ends."""

    def __init__(self, request: Request, emit: Emit) -> None:
        self.run: Settled = _Nothing()
        self._request = request
        self._emit = emit
        self._begun: dict[str, tuple[float, str]] = {}
        self._failed: dict[str, tuple[float, Exception]] = {}
        self._notes: list[str] = []

    def __call__(self, event: Event) -> None:
        """Note when a step began or failed, and what is said of the run; pass the event on."""
        if isinstance(event, Started):
            self._begun[event.step] = (time.perf_counter(), event.reason)
        elif isinstance(event, Failed):
            self._failed[event.step] = (time.perf_counter(), event.error)
        elif isinstance(event, Note) and event.step is None:
            if event.text in self._notes:  # every process may say it
                return
            self._notes.append(event.text)
        self._emit(event)

    @contextlib.contextmanager
    def recording(self) -> Iterator[str]:
        """Write the record when the body ends; gives its id, which an error gets as `run_id`."""
        now = time.time()
        day = time.strftime("%Y%m%d-%H%M%S", time.gmtime(now))
        run_id = f"{day}-{int(now * 1000) % 1000:03d}-{os.urandom(3).hex()}"
        began = time.perf_counter()
        outcome: Outcome = "done"
        said: str | None = None
        try:
            yield run_id
        except BaseException as error:
            outcome = "failed" if isinstance(error, Exception) else "cancelled"
            said = _text(error)
            vars(error)["run_id"] = run_id  # of Ctrl-C as well: what was done can be shown
            raise
        finally:
            steps = {name: self._step(name, outcome) for name in self._request.steps}
            run_records.write(
                self._request.store,
                RunRecord(
                    run_id=run_id,
                    graph=self._request.graph.name,
                    document=_document(self._request.graph),
                    inputs=self._inputs(),
                    targets=self._request.targets,
                    started=now,
                    seconds=time.perf_counter() - began,
                    outcome=outcome,
                    error=said,
                    notes=tuple(self._notes),
                    steps=steps,
                    **machine.facts(),
                ),
            )
            self.run = _Nothing()  # the run holds us as well

    def _inputs(self) -> dict[str, RunInput]:
        digests = {
            source: digest
            for made_from in self.run.made_from.values()
            for digest, source in made_from.inputs.values()
        }
        digests |= {name: digest for name, (_, digest) in self.run.files.items()}
        found = {}
        for name, value in self._request.inputs.items():
            plain, has_value = _plain(value)
            text = plain if isinstance(value, Path | File) else brief(value)
            found[name] = RunInput(text, digests.get(name), has_value, plain)
        return found

    def _step(self, name: str, outcome: Outcome) -> StepRun:
        step = self._request.graph.steps[name]
        made_from = self.run.made_from.get(name)
        ended = self.run.outcome.get(name)
        state, seconds, reason, error = self._became(name, outcome)
        key = None if state == "given" or made_from is None else made_from.key
        return StepRun(
            name=name,
            node=step.node.node_id,
            version=step.node.node_version,
            state=state,
            seconds=seconds,
            reason=reason,
            key=key,
            sources=dict(step.sources),
            digests={p: d for p, (d, _) in made_from.inputs.items()} if made_from else {},
            parameters=(
                {n: text for n, (_, text) in made_from.parameters.items()}
                if made_from
                else _parameters(step.node)
            ),
            notes=ended.notes if ended else (),
            size=_size(self.run.trees[name]) if name in self.run.trees and key else None,
            error=error,
        )

    def _became(self, name: str, outcome: Outcome) -> tuple[StepState, float, str, str | None]:
        """State, seconds, reason and error of a step."""
        node = self._request.graph.steps[name].node
        ended = self.run.outcome.get(name)
        began, reason = self._begun.get(name, (0.0, ""))
        if name in self._failed:
            at, error = self._failed[name]
            return "failed", at - began if began else 0.0, reason, _text(error)
        if ended is None:
            if outcome == "failed" and self._lost(name):
                return "blocked", 0.0, reason, None
            if began:
                return "cancelled", time.perf_counter() - began, reason, None
            return ("not needed" if outcome == "done" else "not reached"), 0.0, "", None
        if ended.reason == "not needed" and outcome != "done":  # nobody read it to its end
            return ("streamed" if began else "not reached"), 0.0, "streamed" if began else "", None
        state: StepState = "streamed" if node.transient else "run"
        if ended.cached:
            known: dict[str, StepState] = {"stored": "hit", "given": "given"}
            state = known.get(ended.reason, "not needed")
        return state, ended.seconds, ended.reason, None

    def _lost(self, name: str) -> bool:
        """Whether a step that this one needs failed."""
        return any(above in self._failed for above in self._request.graph.needed_for((name,)))


def _document(graph: Graph) -> dict[str, Any] | None:
    try:
        return to_document(graph)
    except GraphError:
        return None


def _plain(value: Any) -> tuple[Any, bool]:
    """A value as JSON, and whether that is possible."""
    if isinstance(value, Path | File):
        path = value if isinstance(value, Path) else value.path
        return str(path.absolute()), True
    if value is None or type(value) in (bool, int, str):
        return value, True
    if type(value) is float:
        return (value, True) if math.isfinite(value) else (None, False)
    if isinstance(value, list | tuple):
        items = [_plain(item) for item in value]
        return [item for item, _ in items], all(fine for _, fine in items)
    return None, False


def _parameters(node: Node) -> dict[str, str]:
    """Keyed parameters in short, as `Ingredients.parameters` has them."""
    return {
        field.name: brief(getattr(node, field.name))
        for field in attrs.fields(type(node))
        if field.metadata.get("talkgraph", {}).get("keyed", True)
    }


def _size(tree: Tree) -> int | None:
    try:
        return content_bytes(tree)
    except (DamagedError, KeyError, TypeError, ValueError):  # written by strangers, perhaps
        return None


def _text(error: BaseException) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return text[:_LONGEST]
