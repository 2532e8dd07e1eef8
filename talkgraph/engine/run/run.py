"""A run: make what the targets need and the store lacks, and keep every result.

Steps settle one by one: a step whose inputs are known is found in the store, or becomes a job for
the executor, or is streamed and has nothing to store. Only what has to run is run, and only what a
running step reads is loaded. A step's value is handed on as the store gives it back (memory-mapped,
read-only), so a fresh run and a cached one see the same. A stored result that turns out damaged is
made again. The same pass serves one process and many: only the executor differs.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from talkgraph.cache.keys import Tree
from talkgraph.cache.records import Record
from talkgraph.cache.store import Store
from talkgraph.engine.declare.expand import expand
from talkgraph.engine.declare.graph import Graph
from talkgraph.engine.declare.step import parse_source, redirect
from talkgraph.engine.executors import Executor, Submit
from talkgraph.engine.history.recorder import Recorder
from talkgraph.engine.keys.keying import Ingredients, Keys, explain
from talkgraph.engine.keys.last_run import Lineage
from talkgraph.engine.run.events import Failed, Finished, Note
from talkgraph.engine.run.job import Job, Made, StepRecord, Streams
from talkgraph.engine.run.request import Request
from talkgraph.engine.run.result import Result
from talkgraph.engine.run.schedule import Agenda
from talkgraph.engine.run.step_context import Emit
from talkgraph.engine.run.values_of_run import Arguments, Known
from talkgraph.errors import DamagedError, GraphError, NodeError, TalkgraphError

_ATTEMPTS = 3  # passes, and runs of one job, after which something is never the same twice
_EACH_TIME = ", each time that it was made; check the disk of the store, or choose another"
_LONG = 1.0  # s; after a step that took longer, the lineage is saved at once


def run(request: Request, emit: Emit, executor: Executor) -> Result:
    """Make what a request asks for. See `Graph.run`."""
    recorder = Recorder(request, emit)
    with recorder.recording() as run_id:
        current = recorder.run = Run(request, recorder, executor)
        current.go()
        result = Result(current, run_id, request.graph, request.targets)
        for target in request.targets:
            if current.is_streamed(target):
                _ = result[target]  # what is wrong with it is said now
    return result


def run_many(
    graph: Graph,
    inputs: Sequence[Mapping[str, Any]],
    targets: tuple[str, ...],
    store: Store,
    emit: Emit,
    executor: Executor,
) -> list[Result]:
    """Run a graph over many inputs. See `Graph.map`."""
    if not inputs:
        return []
    for one in inputs:  # so that what is missing is called by its own name
        Request.make(graph, one, store, targets, None, (), None)
    larger, values, names = expand(graph, inputs, store)
    wanted = [redirect(target, row) for row in names for target in targets]
    request = Request.make(larger, values, store, dict.fromkeys(wanted), None, (), None)
    recorder = Recorder(request, emit)
    with recorder.recording() as run_id:
        current = recorder.run = Run(request, recorder, executor)
        with contextlib.suppress(NodeError):  # each result tells its own
            current.go()
    return [Result(current, run_id, graph, targets, row) for row in names]


class _Changed(Exception):
    """A step that had to be made again gave another output: keys below it are void."""


class Run:
    """The state of one run; see `go`."""

    def __init__(self, request: Request, emit: Emit, executor: Executor) -> None:
        self.request = request
        self.emit = emit
        self.executor = executor
        self.store = request.store
        self.outcome: dict[str, StepRecord] = {}
        self.failures: dict[str, NodeError] = {}
        self._lineage = Lineage(request.store, request.graph.name)
        self._made: set[str] = set()  # steps that ran
        self._damaged: dict[str, str] = {}  # step -> digest that its damaged result had
        self._attempts: dict[str, int] = {}
        self._notes: dict[str, list[str]] = {}  # what the engine itself says about a step
        self._pin: Callable[[str], None]
        self._submit: Submit
        self._begin()

    @property
    def made_from(self) -> Mapping[str, Ingredients]:
        """What the keys of the steps are made from, as far as their inputs are known."""
        return self._found

    @property
    def files(self) -> Mapping[str, tuple[Path, str]]:
        """Path and digest of the input files that were read."""
        return self._keys.files

    @property
    def trees(self) -> Mapping[str, Tree]:
        """Output trees of stored steps."""
        return self._known.trees

    def _begin(self) -> None:
        """Nothing is settled yet."""
        request = self.request
        self._agenda = Agenda(request)
        self._keys = Keys(request)
        self._known = Known(request.graph.steps, {**request.inputs, **request.given})
        self._found: dict[str, Ingredients] = {}
        self._records: dict[str, Record] = {}  # stored outputs by step
        self._running: dict[Future[Made], str] = {}

    def go(self) -> None:
        """Make what is wanted; raises the first failure when all else is done."""
        try:
            with (
                self.store.telling(lambda text: self.emit(Note(None, text))),
                self.store.in_use() as self._pin,
                self.executor.session(self.store) as self._submit,
            ):
                for attempt in range(_ATTEMPTS):
                    try:
                        self._pass()
                        break
                    except _Changed as changed:
                        if attempt == _ATTEMPTS - 1:
                            raise GraphError(
                                f"step '{changed}' gives another output each time; "
                                "seed its randomness"
                            ) from None
                        wait(self._running)
                        self._begin()
            if not self.failures:
                self._note_streamed()
        finally:
            self._lineage.save()
        if self.failures:
            error = next(iter(self.failures.values()))
            error.failures = self.failures
            for other in list(self.failures.values())[1:]:
                error.add_note(str(other))
            raise error

    def _note_streamed(self) -> None:
        """What is stored now was made from these streams: a later plan tells a change of them."""
        for name in self._found:
            if self.request.graph.steps[name].node.transient:
                self._remember(name)

    def _remember(self, name: str) -> None:
        """What a step is made from now, to explain a later run."""
        self._lineage.note(name, self.request.graph.steps[name].node.node_id, self._found[name])

    def _pass(self) -> None:
        targets = [parse_source(target)[0] for target in self.request.targets]
        while True:
            while (name := self._agenda.next()) is not None:
                if self._advance(name):
                    self._agenda.settle(name)
            if self._running:
                self._collect()
            elif not self._lose(self._incomplete(targets), "part of its stored result is gone"):
                return

    # -- one step --------------------------------------------------------------------------------

    def _advance(self, name: str) -> bool:
        """Take up a step whose inputs are known; whether it is settled with that."""
        step = self.request.graph.steps[name]
        if name in self.request.given:
            self._finish(name, StepRecord(True, 0.0, None, (), "given"))
            return True
        ingredients = self._keys.ingredients(name)
        if ingredients is None:
            return True  # blocked: something that it reads failed
        self._found[name] = ingredients
        if step.node.transient:
            self._keys.know_transient(name, ingredients.key)
            self.outcome[name] = StepRecord(True, 0.0, ingredients.key, (), "not needed")
            return True
        self._pin(ingredients.key)
        reason = "forced"
        if name not in self.request.force or name in self._made:
            try:
                record = self.store.action(ingredients.key)
                reason = "its stored result was damaged"
            except DamagedError as error:
                record, reason = None, str(error)
                self._say(name, f"{error}; it is made again")
            if record is not None:
                self._reuse(name, record)
                return True
            if name not in self._notes:
                reason = explain(ingredients, self._lineage.last(name, step.node.node_id))
        self._start(name, reason)
        return False

    def _start(self, name: str, reason: str) -> None:
        """Give a step to the executor."""
        only, steps = self.request.only, self.request.graph.steps
        if only is not None and name not in only:
            raise GraphError(
                f"step '{name}' would have to run ({reason}) "
                f"but only {', '.join(sorted(only))} may; add '{name}' to only or give its value"
            )
        step = steps[name]
        needed = [name, *self._known.streamed(step.sources.values())]
        read = {parse_source(s)[0] for one in needed for s in steps[one].sources.values()}
        job = Job(
            name=name,
            step=step,
            reason=reason,
            found={one: self._found[one] for one in needed},
            known=self._known.only(step, self.store) if self.executor.remote else self._known,
            files={one: file for one, file in self._keys.files.items() if one in read},
            graph=self.request.graph.name,
            forced=name in self.request.force and name not in self._made,
        )
        future = self._submit(job, self.emit)
        self._running[future] = name
        if future.done():
            self._collect()

    def _collect(self) -> None:
        """Take in the jobs that have ended; wait for one if none has."""
        done = {future for future in self._running if future.done()}
        done = done or wait(self._running, return_when=FIRST_COMPLETED).done
        for future in sorted(done, key=lambda one: self._agenda.place(self._running[one])):
            name = self._running.pop(future)
            try:
                made = future.result()
            except DamagedError as error:
                self._mend(name, error)
            except NodeError as error:
                failed = error.step or name
                self.failures[failed] = error
                self.emit(Failed(failed, error))
                self._agenda.settle(name)
            except TalkgraphError as error:
                error.step = error.step or name
                self.emit(Failed(error.step, error))
                raise
            else:
                self._take(name, made)
                self._agenda.settle(name)

    def _take(self, name: str, made: Made) -> None:
        """The result of a step is there."""
        if not made.outcome:  # somebody else made it meanwhile
            self._reuse(name, made.record)
            return
        self._made.add(name)
        self._remember(name)
        if made.outcome[name].seconds > _LONG:
            self._lineage.save()
        for one, record in made.outcome.items():
            self._finish(one, record)
        self._know(name, made.record)

    def _reuse(self, name: str, record: Record) -> None:
        """The result of a step was there."""
        if name not in self._made:
            self.store.touch(record["key"])
            self._remember(name)
            notes = tuple(map(str, record.get("notes", ())))
            for text in notes:
                self.emit(Note(name, text))
            self._finish(name, StepRecord(True, 0.0, record["key"], notes, "stored"))
        self._know(name, record)

    def _know(self, name: str, record: Record) -> None:
        self._records[name] = record
        self._known.trees[name] = record["output"]
        self._keys.know(name, record)
        before = self._damaged.pop(name, record["digest"])
        if before != record["digest"]:
            raise _Changed(name)

    # -- values and damage -----------------------------------------------------------------------

    def failure(self, source: str) -> NodeError | None:
        """The failure that keeps a source from having a value, if any."""
        if not self.failures:
            return None
        above = self.request.graph.needed_for([source], self.request.given)
        return next((self.failures[name] for name in above if name in self.failures), None)

    def is_streamed(self, source: str) -> bool:
        """Whether a source is made when it is read, as nothing stored holds it."""
        return bool(self._known.streamed([source]))

    def value(self, source: str, scratch: ExitStack) -> Any:
        """The value of any source; what it needs and was not needed before is made now.

        Args:
            scratch: what streamed steps need as long as their frames are read is left to it.
        """
        for _ in range(_ATTEMPTS):
            name = parse_source(source)[0]
            self._agenda.want(name)
            if name in self.request.graph.steps and name not in self._agenda.settled:
                self.go()
            failure = self.failure(source)
            if failure is not None:
                raise failure
            try:
                return self._value(source, scratch)
            except DamagedError as error:
                damage = str(error)
                self._lose(self._known.leaves([source]), damage)
                self.go()
        raise DamagedError(f"{damage}{_EACH_TIME}")

    def _value(self, source: str, scratch: ExitStack) -> Any:
        arguments = Arguments(self._known, self.store)
        streams = Streams(arguments, self._found, self.emit, scratch)
        streams.start([source])
        self.outcome.update(streams.finish())
        return arguments.value(source)

    def _mend(self, name: str, error: DamagedError) -> None:
        """What a job read is damaged: make that again, then the job."""
        self._attempts[name] = self._attempts.get(name, 0) + 1
        if self._attempts[name] >= _ATTEMPTS:
            lost = DamagedError(f"{error}{_EACH_TIME}")
            lost.step = name
            raise lost from error
        sources = self.request.graph.steps[name].sources.values()
        self._agenda.wait_for(name, self._lose(self._known.leaves(sources), str(error)))

    def _incomplete(self, names: Iterable[str]) -> list[str]:
        """Those whose stored result lacks a file."""
        records = {name: self._records[name] for name in names if name in self._records}
        return [name for name, record in records.items() if not self.store.complete(record)]

    def _lose(self, sources: Iterable[str], why: str) -> list[str]:
        """Forget the stored results that are not whole; their steps are made again."""
        lost = []
        for name in dict.fromkeys(parse_source(source)[0] for source in sources):
            record = self._records[name]
            try:
                self.store.load(record["output"])
            except DamagedError:
                lost.append(name)
                del self._records[name], self._known.trees[name]
                self._damaged[name] = record["digest"]
                self.store.forget(record["key"])
                self._say(name, f"{why}; it is made again")
                self._agenda.reopen(name)
        return lost

    # -- telling ---------------------------------------------------------------------------------

    def _say(self, name: str, text: str) -> None:
        self._notes.setdefault(name, []).append(text)
        self.emit(Note(name, text))

    def _finish(self, name: str, record: StepRecord) -> None:
        """A step has come to its end."""
        notes = (*self._notes.get(name, ()), *record.notes)
        cached, seconds = record.cached, record.seconds
        self.outcome[name] = StepRecord(cached, seconds, record.key, notes, record.reason)
        self.emit(Finished(name, cached, seconds))
