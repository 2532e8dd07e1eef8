"""A run: make what the targets need and the store lacks, and keep every result.

The walk (`resolve.py`) decides what becomes of each step; here it comes true: a step that has to
run becomes a job for the executor, and only what a running step reads is loaded. A step's value is
handed on as the store gives it back (memory-mapped, read-only), so a fresh run and a cached one see
the same. A stored result that turns out damaged is forgotten, and the walk begins anew: what is
whole is found again. The same serves one process and many: only the executor differs.
"""

from __future__ import annotations

import weakref
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import ExitStack
from functools import partial
from typing import Any

from talkgraph.cache.records import Record
from talkgraph.cache.store import Store
from talkgraph.engine.declare.checks import told
from talkgraph.engine.declare.expand import expand
from talkgraph.engine.declare.graph import Declaration
from talkgraph.engine.declare.sources import parse_source, redirect
from talkgraph.engine.executors.protocol import Executor, Submit
from talkgraph.engine.history.recorder import Recorder
from talkgraph.engine.run.events import Note, StepRecord, StepState
from talkgraph.engine.run.job import Job, Made, Streams
from talkgraph.engine.run.request import Request, request_of_row
from talkgraph.engine.run.resolve import PlannedStep, Walk
from talkgraph.engine.run.result import Result
from talkgraph.engine.run.step_context import Emit
from talkgraph.engine.run.values_of_run import Arguments
from talkgraph.errors import DamagedError, GraphError, InputError, StoreError, TalkgraphError

_ATTEMPTS = 3  # times that something may be found damaged
_EACH_TIME = ", each time that it was made; check the disk of the store, or choose another"
_LONG = 1.0  # s; after a step that took longer, what it was made from is saved at once


def run(request: Request, emit: Emit, executor: Executor, *, remember: bool = True) -> Result:
    """Make what a request asks for. See `Graph.run`."""
    current = Run(request, emit, executor)
    with current.recorder.recording(kept=remember) as run_id:
        result = Result(current, run_id, request.graph, request.targets, single=request.single)
        try:
            current.go(request.targets)
            for target in request.targets:
                if current.is_streamed(target):
                    _ = result[target]  # what is wrong with it is said now
        except TalkgraphError as error:
            error.result = result
            raise
    return result


def run_many(
    graph: Declaration,
    inputs: Sequence[Mapping[str, Any]],
    targets: tuple[str, ...],
    store: Store,
    emit: Emit,
    executor: Executor,
    *,
    single: bool,
) -> list[Result]:
    """Run a graph over many inputs. See `Graph.map`."""
    refused: dict[int, Run] = {}
    rows, digests = [], []
    for row, one in enumerate(inputs):
        alone = request_of_row(row, graph, one, store, targets)
        try:
            digests.append(
                {n: store.digest_of(v, f"input '{n}'")[0] for n, v in alone.inputs.items()}
            )
            rows.append(alone.inputs)
        except InputError as error:
            refused[row] = Run(alone, emit, executor)
            refused[row].refusal = error
    run_id = ""
    names: Iterator[Mapping[str, str]] = iter(())
    if rows:
        larger, values, found = expand(graph, rows, digests)
        wanted = [redirect(target, row) for row in found for target in targets]
        request = Request.make(larger, values, store, dict.fromkeys(wanted), None, (), None)
        current, names = Run(request, emit, executor), iter(found)
        try:
            with current.recorder.recording() as run_id:
                current.go(request.targets)
        except TalkgraphError as error:
            if error not in current.failures.values():  # else each result tells its own
                raise
    return [
        Result(refused[row], run_id, graph, targets, single=single)
        if row in refused
        else Result(current, run_id, graph, targets, next(names), single=single)
        for row in range(len(inputs))
    ]


class Run:
    """The state of one run; see `go`."""

    def __init__(self, request: Request, emit: Emit, executor: Executor) -> None:
        self.request = request
        self.store = request.store
        self.walk = Walk(request)
        self.recorder = Recorder(self.walk, emit)
        self.failures: dict[str, TalkgraphError] = {}
        self.refusal: InputError | None = None  # why nothing is made
        self._executor = executor
        self._submit: Submit
        self._running: dict[Future[Made], str] = {}
        self._streamed: dict[str, str] = {}  # transient step -> key
        self._found_damaged: Counter[str] = Counter()  # step that reads -> how often
        self._damaged: dict[str, set[str]] = {}  # step -> digests that its lost results had

    # -- all of it -------------------------------------------------------------------------------

    def go(self, targets: Iterable[str]) -> None:
        """Make what targets need; raises the first failure when all else is done."""
        walk, store = self.walk, self.store
        walk.want(targets)
        try:
            with (
                store.telling(lambda text: self.recorder(Note(None, text))),
                store.in_use() as walk.pin,
                self._executor.session(store) as self._submit,
            ):
                while self._pass():
                    walk.reset()
                    walk.want(targets)
            if not self.failures:
                for name, key in self._streamed.items():
                    if name not in self.recorder.outcome:
                        unread = StepRecord(StepState.NOT_NEEDED, 0.0, key, (), "not needed")
                        self.recorder.finish(name, unread)
                    self._remember(name)  # so that a later plan tells a change of them
        finally:
            walk.last_run.save()
        if self.failures:
            error = next(iter(self.failures.values()))
            error.failures = self.failures
            for other in list(self.failures.values())[1:]:
                error.add_note(str(other))
            raise error

    def _pass(self) -> bool:
        """Walk until all is settled; whether it has to be done again."""
        while True:
            for decision in self.walk.decisions():
                self._act(decision)
            if not self._running:
                return self.walk.stale
            self._collect()

    def _act(self, step: PlannedStep) -> None:
        """Carry out a decision."""
        if step.state is StepState.RUN:
            self._start(step)
        elif step.state is StepState.HIT:
            self._reuse(step.name)
        elif step.state is StepState.STREAMED:
            self._streamed[step.name] = str(step.key)
        else:
            self.recorder.finish(step.name, StepRecord(step.state, 0.0, None, (), step.reason))

    def _remember(self, name: str) -> None:
        """What a step is made from now, to explain a later run."""
        made_from = self.walk.known.table[name].made_from
        if made_from is not None:
            node_id = self.request.graph.steps[name].node.node_id
            self.walk.last_run.note(name, node_id, made_from)

    # -- one step --------------------------------------------------------------------------------

    def _start(self, decision: PlannedStep) -> None:
        """Give a step to the executor."""
        name, key, walk = decision.name, str(decision.key), self.walk
        only, steps = self.request.only, self.request.graph.steps
        if only is not None and name not in only:
            raise GraphError(
                f"step '{name}' would have to run ({decision.reason}) "
                f"but only {', '.join(sorted(only))} may; add '{name}' to only or give its value"
            )
        lost = key in walk.gone
        if lost:
            self.recorder.say(name, f"{walk.gone.pop(key)}; it is made again")
            self.store.forget(key)
        step, known = steps[name], walk.known
        needed = [name, *known.streamed(step.sources.values())]
        read = {parse_source(s)[0] for one in needed for s in steps[one].sources.values()}
        job = Job(
            name=name,
            step=step,
            reason=decision.reason,
            found=known.made_from(needed),
            known=known.only(step, self.store) if self._executor.remote else known,
            files={one: file for one, file in walk.keys.files.items() if one in read},
            graph=self.request.graph.name,
            forced=lost or name in walk.force,  # a remote may bring the lost one back
        )
        future = self._submit(job, self.recorder)
        self._running[future] = name
        if future.done():
            self._collect()

    def _collect(self) -> None:
        """Take in the jobs that have ended; wait for one if none has."""
        done = {future for future in self._running if future.done()}
        done = done or wait(self._running, return_when=FIRST_COMPLETED).done
        for future in sorted(done, key=lambda one: self.walk.place[self._running[one]]):
            name = self._running.pop(future)
            try:
                made = future.result()
            except DamagedError as error:
                self._mend(name, error)
            except StoreError as error:
                error.step = error.step or name
                self.recorder.fail(error.step, error)
                raise
            except TalkgraphError as error:
                self._fail(name, error)
            else:
                self._take(name, made)

    def _take(self, name: str, made: Made) -> None:
        """The result of a step is there."""
        self.walk.settle(name, made.record)
        if not made.outcome:  # somebody else made it meanwhile
            self._reuse(name)
            return
        self.walk.force.discard(name)
        self._remember(name)
        if made.outcome[name].seconds > _LONG:
            self.walk.last_run.save()
        for one, ended in made.outcome.items():
            self.recorder.finish(one, ended)

    def _reuse(self, name: str) -> None:
        """The result of a step was there."""
        record: Record = self.walk.known.table[name].record or {}
        before = self.recorder.outcome.get(name)
        if before is None or before.key != record["key"]:  # it was not made in this run
            self.store.touch(record["key"])
            self._remember(name)
            notes = tuple(map(str, record.get("notes", ())))
            for text in notes:
                self.recorder(Note(name, text))
            ended = StepRecord(
                StepState.HIT, 0.0, record["key"], notes, "stored", checks=told(record)
            )
            self.recorder.finish(name, ended)

    def _fail(self, name: str, error: TalkgraphError) -> None:
        """A step, or a streamed one that it reads, failed."""
        failed = error.step = error.step or name
        error.node = self.request.graph.steps[failed].node
        error._read = partial(self._arguments, error)
        for made_from in self.walk.known.made_from([failed]).values():
            read = made_from.inputs.items()
            error.inputs = {port: f"{source} @ {digest[:12]}" for port, (digest, source) in read}
        self.failures[failed] = error
        self.recorder.fail(failed, error)
        if failed != name:
            blocked = StepRecord(StepState.BLOCKED, 0.0, None, (), f"waits for {failed}")
            self.recorder.finish(name, blocked)
        self.walk.settle(name, failed=True)

    def _mend(self, name: str, error: DamagedError) -> None:
        """What a job read is damaged: that is forgotten, and the walk begins anew."""
        self._found_damaged[name] += 1
        sources = self.request.graph.steps[name].sources.values()
        lost = self._lose(sources, str(error))
        if self._found_damaged[name] >= _ATTEMPTS:
            for other in lost:
                if len(self._damaged[other]) > 1:
                    raise GraphError(
                        f"step '{other}' gives another output each time; seed its randomness"
                    ) from error
            last = DamagedError(f"{error}{_EACH_TIME}")
            last.step = name
            raise last from error
        self.walk.stale = True

    def _lose(self, sources: Iterable[str], why: str) -> list[str]:
        """Forget the stored results that are not whole; their steps are made again."""
        lost = []
        for source in self.walk.known.leaves(sources):
            name = parse_source(source)[0]
            record = self.walk.known.table[name].record
            if record is not None and name not in lost:
                try:
                    self.store.load(record["output"])
                except DamagedError:
                    self._damaged.setdefault(name, set()).add(record["digest"])
                    lost += self.walk.lose([source], why)
        return lost

    # -- values ----------------------------------------------------------------------------------

    def failure(self, source: str) -> TalkgraphError | None:
        """The failure that keeps a source from having a value, if any."""
        if self.refusal is not None or not self.failures:
            return self.refusal
        above = self.request.graph.needed_for([source], self.request.given)
        return next((self.failures[name] for name in above if name in self.failures), None)

    def is_streamed(self, source: str) -> bool:
        """Whether a source is made when it is read, as nothing stored holds it."""
        return bool(self.walk.known.streamed([source]))

    def value(self, source: str, scratch: ExitStack) -> Any:
        """The value of any source; what it needs and was not needed before is made now.

        Args:
            scratch: what streamed steps need as long as their frames are read is left to it.
        """
        name = parse_source(source)[0]
        for _ in range(_ATTEMPTS + 1):
            failure = self.failure(source)
            if failure is not None:
                raise failure
            if name in self.request.graph.steps and name not in self.walk.settled:
                self.go([source])
            try:
                return self._streaming([source], scratch).value(source)
            except DamagedError as error:
                damage = str(error)
                self._lose([source], damage)
                self.walk.reset()
        raise DamagedError(f"{damage}{_EACH_TIME}")

    def _streaming(self, sources: Iterable[str], scratch: ExitStack) -> Arguments:
        """The values of sources, of which those that are streamed have begun."""
        arguments = Arguments(self.walk.known, self.store)
        found = self.walk.known.made_from(self.walk.known.streamed(sources))
        streams = Streams(arguments, found, self.recorder, scratch)
        streams.start(sources)
        self.recorder.outcome.update(streams.finish())
        return arguments

    def _arguments(self, error: TalkgraphError) -> dict[str, Any]:
        """What the step that an error ended was called with."""
        step = self.request.graph.steps[str(error.step)]
        scratch = ExitStack()
        weakref.finalize(error, scratch.close)
        return self._streaming(list(step.sources.values()), scratch).of(step)
