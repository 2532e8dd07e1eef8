"""A run: make what the targets need and the store lacks, in order, and keep every result.

Only what has to run is run, and only what a running step reads is loaded. A step's value is handed
on as the store gives it back (memory-mapped, read-only), so a fresh run and a cached one see the
same. A stored result that turns out damaged is made again.
"""

from __future__ import annotations

import contextlib
import time
import weakref
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import attrs

from talkgraph.cache.codecs import field_of
from talkgraph.cache.records import Record
from talkgraph.engine.events import Failed, Finished, Note, Started
from talkgraph.engine.executors import Executor
from talkgraph.engine.keying import Ingredients, Keys, explain
from talkgraph.engine.lineage import Lineage
from talkgraph.engine.ports import signature
from talkgraph.engine.request import Request
from talkgraph.engine.result import Result, StepRecord
from talkgraph.engine.source import note_imports
from talkgraph.engine.step import parse_source
from talkgraph.engine.step_context import Emit, StepContext, reads_once
from talkgraph.engine.types import coerce
from talkgraph.errors import DamagedError, GraphError, NodeError, TalkgraphError

__all__ = ["Result", "Run", "StepRecord", "run"]

_ATTEMPTS = 3  # passes after which a node that never gives the same output twice is an error
_LONG = 1.0  # s; after a step that took longer, the lineage is saved at once


def run(request: Request, emit: Emit, executor: Executor) -> Result:
    """Make what a request asks for. See `Graph.run`."""
    return Result(_finished(Run(request, emit, executor)))


def _finished(current: Run) -> Run:
    try:
        current.go()
    finally:
        current.lineage.save()
        if not current.keep_open:
            current.scratch.close()
    if current.keep_open:  # a streamed target reads its scratch folder when it is asked
        weakref.finalize(current, current.scratch.close)
    return current


class _Changed(Exception):
    """A step that had to be made again gave another output: keys below it are void."""


class _Blocked(Exception):
    """A step cannot run because one that it needs failed."""


class Run:
    """The state of one run; see `go`."""

    def __init__(self, request: Request, emit: Emit, executor: Executor) -> None:
        self.request = request
        self.emit = emit
        self.executor = executor
        self.store = request.store
        self.lineage = Lineage(request.store, request.graph.name)
        self.outcome: dict[str, StepRecord] = {}
        self.scratch = contextlib.ExitStack()  # of streamed steps: they are read until the end
        self.target_steps = {parse_source(target)[0] for target in request.targets}
        self.keep_open = False
        self._records: dict[str, Record] = {}  # stored outputs by step
        self._values: dict[str, Any] = {}  # whole values of given and streamed steps
        self._loaded: dict[str, Any] = {}  # values from the store by source text
        self._once: set[str] = set()  # streamed steps whose frames can be read only once
        self._made: set[str] = set()  # steps that ran
        self._damaged: dict[str, str] = {}  # step -> digest that its damaged result had
        self._adopted: list[Run] = []
        self._notes: dict[str, list[str]] = {}  # what the engine itself says about a step
        self._failures: dict[str, NodeError] = {}
        self._keys: Keys
        self._found: dict[str, Ingredients] = {}
        self._pin: Callable[[str], None] = lambda key: None

    # -- the pass over all steps -----------------------------------------------------------------

    def go(self) -> None:
        """Make what is asked for; raises the first failure when all else is done."""
        with self.store.in_use() as self._pin:
            for attempt in range(_ATTEMPTS):
                try:
                    self._pass()
                    break
                except _Changed as changed:
                    if attempt == _ATTEMPTS - 1:
                        raise GraphError(
                            f"step '{changed}' gives another output each time; seed its randomness"
                        ) from None
        if self._failures:
            error = next(iter(self._failures.values()))
            error.failures = self._failures
            for other in list(self._failures.values())[1:]:
                error.add_note(str(other))
            raise error

    def _pass(self) -> None:
        graph = self.request.graph
        self._keys = Keys(self.request)
        self._found.clear()
        self._loaded.clear()
        self._values = dict(self.request.given)
        readers = Counter(
            parse_source(source)[0]
            for name in self.request.steps
            for source in graph.steps[name].sources.values()
        )
        for name in self.request.steps:
            with contextlib.suppress(_Blocked):
                self._settle(name)
            for source in graph.steps[name].sources.values():
                above = parse_source(source)[0]
                readers[above] -= 1
                if not readers[above] and above not in self.target_steps:
                    self._drop(above)
        for name in [n for n in self._found if n in self.target_steps]:
            with contextlib.suppress(_Blocked):
                record = self._records.get(name)
                if record is not None and not self.store.complete(record):
                    self._lose(name, "part of its stored result is gone")
                    self._run_step(name, "part of its stored result is gone")
                elif record is None and name not in self._values and name not in self._failures:
                    self._run_step(name, "asked for")

    def _settle(self, name: str) -> None:
        """Find a step's result in the store or make it."""
        node = self.request.graph.steps[name].node
        if name in self.request.given:
            self._finish(name, True, 0.0, None, (), "given")
            return
        ingredients = self._keys.ingredients(name)
        if ingredients is None:
            raise _Blocked
        self._found[name] = ingredients
        if node.transient:
            self._keys.know_transient(name, ingredients.key)
            self.outcome[name] = StepRecord(True, 0.0, ingredients.key, (), "not needed")
            return
        self._pin(ingredients.key)
        reason = "forced"
        if name not in self.request.force or name in self._made:
            try:
                record = self.store.action(ingredients.key)
            except DamagedError as error:
                record, reason = None, str(error)
                self._say(name, f"{error}; it is made again")
            if record is not None:
                if name not in self._made:
                    self.store.touch(ingredients.key)
                    self._reuse(name, record)
                else:
                    self._know(name, record)
                return
            if reason == "forced":
                reason = explain(ingredients, self.lineage.last(name, node.node_id))
        self._run_step(name, reason)

    def _reuse(self, name: str, record: Record) -> None:
        self._know(name, record)
        node_id = self.request.graph.steps[name].node.node_id
        self.lineage.note(name, node_id, self._found[name])
        notes = tuple(map(str, record.get("notes", ())))
        for text in notes:
            self.emit(Note(name, text))
        self._finish(name, True, 0.0, record["key"], notes, "stored")

    def _know(self, name: str, record: Record) -> None:
        self._records[name] = record
        self._keys.know(name, record)
        before = self._damaged.pop(name, record["digest"])
        if before != record["digest"]:
            raise _Changed(name)

    # -- making one step, and what it reads, without recursion -----------------------------------

    def _run_step(self, name: str, reason: str) -> None:
        stack = [(name, reason)]
        retried: set[str] = set()
        while stack:
            top, why = stack[-1]
            missing = self._missing(top)
            if missing:
                stack.extend(missing)
                continue
            stack.pop()
            if top != name and (top in self._values or top in self._records):
                continue  # two steps asked for it
            try:
                self._execute(top, why)
            except DamagedError:
                if top in retried:
                    raise
                retried.add(top)  # a blob vanished under the node: load its inputs afresh
                self._loaded.clear()
                self._values = dict(self.request.given)
                stack.append((top, why))

    def _missing(self, name: str) -> list[tuple[str, str]]:
        """Steps that must run before this one can, because their value cannot be loaded."""
        missing = []
        for source in self.request.graph.steps[name].sources.values():
            above = parse_source(source)[0]
            if above in self._failures:
                raise _Blocked
            if self._lacks(source):
                if above not in self._found:
                    raise _Blocked
                stored = not self.request.graph.steps[above].node.transient
                missing.append((above, "damaged" if stored else f"streamed to {name}"))
        return missing

    def _lacks(self, source: str) -> bool:
        """Whether a value is not at hand and cannot be loaded either; notes damage."""
        name, _ = parse_source(source)
        try:
            return not self.peek(source)[0]
        except DamagedError as error:
            self._lose(name, str(error))
            return True

    def _lose(self, name: str, why: str) -> None:
        """A stored result is damaged: forget it, to make it again."""
        record = self._records.pop(name)
        self._damaged[name] = record["digest"]
        self.store.forget(record["key"])
        self._say(name, f"{why}; it is made again")

    def peek(self, source: str) -> tuple[bool, Any]:
        """Whether a value is given, streamed or stored, and the value; DamagedError."""
        name, path = parse_source(source)
        if name in self.request.graph.inputs:
            found, value = name in self.request.inputs, self.request.inputs.get(name)
        else:
            found, value = name in self._values, self._values.get(name)
        if found:
            for field in path:
                value = getattr(value, field)
            return True, value
        if name not in self._records:
            return False, None
        if source not in self._loaded:
            tree = field_of(self._records[name]["output"], path)
            self._loaded[source] = self.store.load(tree)
        return True, self._loaded[source]

    def make_as_well(self, source: str) -> None:
        """Make what was not needed, or is damaged, after all."""
        request = attrs.evolve(
            self.request,
            targets=(source,),
            steps=tuple(self.request.graph.needed_for((source,), self.request.given)),
            force=frozenset(),
            only=None,
        )
        other = _finished(Run(request, self.emit, self.executor))
        self._records.update(other._records)
        self._values.update(other._values)
        self._loaded.clear()
        self._adopted.append(other)  # keeps its scratch folders

    def _drop(self, name: str) -> None:
        if name not in self.request.given:
            self._values.pop(name, None)
        for source in [one for one in self._loaded if parse_source(one)[0] == name]:
            del self._loaded[source]

    # -- calling a node --------------------------------------------------------------------------

    def _execute(self, name: str, reason: str) -> None:
        step = self.request.graph.steps[name]
        self._check_allowed(name, reason)
        arguments = {port: self.peek(source)[1] for port, source in step.sources.items()}
        if step.node.transient:
            self._guard(name, lambda: self._stream(name, reason, arguments))
            return
        key = self._found[name].key
        forced = name in self.request.force

        def done() -> bool:
            with contextlib.suppress(DamagedError):
                return not forced and self.store.action(key) is not None
            return False

        self._guard(name, self.store.prepare)
        lease = self.store.claim(key, done)
        if lease is None:
            record = self.store.action(key)
            if record is None:
                raise DamagedError(f"the result of step '{name}' vanished; run again")
            self._reuse(name, record)
            return
        with lease:
            self._guard(name, lambda: self._make(name, reason, arguments))
        for streamed in list(self._once):  # their frames are spent, and so is what reads them
            self._values.pop(streamed, None)
        self._once.clear()

    def _make(self, name: str, reason: str, arguments: Mapping[str, Any]) -> None:
        node = self.request.graph.steps[name].node
        found = self._found[name]
        started = time.perf_counter()
        self.emit(Started(name, reason))
        with contextlib.ExitStack() as scratch:
            said = StepContext(name, self.emit, lambda: scratch.enter_context(self.store.scratch()))

            def facts() -> Record:
                return {
                    "graph": self.request.graph.name,
                    "step": name,
                    "node": node.node_id,
                    "seconds": time.perf_counter() - started,
                    "notes": said.notes,
                    **{k: v for k, v in found.record().items() if k != "key"},
                }

            with said.active():
                value = self._call(name, arguments)
                record = self.store.put(
                    found.key,
                    value,
                    facts=facts,
                    where=f"output of step '{name}' ({node.node_id})",
                    scratch=self.store.blobs.temporary,
                    on_chunk=said.chunk,
                    still_valid=self._keys.check_inputs_unchanged,
                )
        self._made.add(name)
        seconds = time.perf_counter() - started
        self.lineage.note(name, node.node_id, found)
        if seconds > _LONG:
            self.lineage.save()
        self._finish(name, False, seconds, found.key, tuple(said.notes), reason)
        self._know(name, record)

    def _stream(self, name: str, reason: str, arguments: Mapping[str, Any]) -> None:
        started = time.perf_counter()
        self.emit(Started(name, reason))
        said = StepContext(
            name, self.emit, lambda: self.scratch.enter_context(self.store.scratch())
        )
        with said.active():
            value = self._call(name, arguments)
        self._values[name] = value
        self.keep_open = self.keep_open or name in self.target_steps
        sources = self.request.graph.steps[name].sources.values()
        if reads_once(value) or self._once & {parse_source(source)[0] for source in sources}:
            self._once.add(name)
        self._made.add(name)
        seconds = time.perf_counter() - started
        self._finish(name, False, seconds, self._found[name].key, tuple(said.notes), reason)

    def _call(self, name: str, arguments: Mapping[str, Any]) -> Any:
        node = self.request.graph.steps[name].node
        value = self.executor.execute(node, arguments)
        note_imports(type(node).__module__.partition(".")[0])  # it may have imported helpers
        try:
            return coerce(value, signature(type(node)).output)
        except TypeError as error:
            raise TypeError(f"what run returned is not what it promises: {error}") from None

    def _guard(self, name: str, act: Callable[[], None]) -> None:
        """Turn a failure into one that names the step. Deliberate errors end the run."""
        node = self.request.graph.steps[name].node
        try:
            act()
        except (DamagedError, _Changed):
            raise
        except TalkgraphError as error:
            if not isinstance(error, NodeError):
                error.step = error.step or name
                self.emit(Failed(name, error))
                raise
            self._fail(name, node.node_id, error)
        except Exception as error:  # whatever a node may raise: other branches go on
            self._fail(name, node.node_id, error)

    def _fail(self, name: str, node_id: str, cause: Exception) -> None:
        first = (str(cause).strip() or "no message").splitlines()[0]
        error = NodeError(f"step '{name}' ({node_id}) failed: {type(cause).__name__}: {first}")
        error.__cause__ = cause
        error.step, error.node_id = name, node_id
        error.inputs = {
            port: f"{source} @ {digest[:12]}"
            for port, (digest, source) in self._found[name].inputs.items()
        }
        self._failures[name] = error
        self.emit(Failed(name, error))
        raise _Blocked from error

    def _check_allowed(self, name: str, reason: str) -> None:
        only = self.request.only
        transient = self.request.graph.steps[name].node.transient
        if only is not None and name not in only and not transient:
            raise GraphError(
                f"step '{name}' would have to run ({reason}) "
                f"but only {', '.join(sorted(only))} may; add '{name}' to only or give its value"
            )

    # -- telling ---------------------------------------------------------------------------------

    def _say(self, name: str, text: str) -> None:
        self._notes.setdefault(name, []).append(text)
        self.emit(Note(name, text))

    def _finish(
        self,
        name: str,
        cached: bool,
        seconds: float,
        key: str | None,
        notes: tuple[str, ...],
        reason: str,
    ) -> None:
        said = (*self._notes.get(name, ()), *notes)
        self.outcome[name] = StepRecord(cached, seconds, key, said, reason)
        self.emit(Finished(name, cached, seconds))
