"""A job: one step to be made and stored, as plain data, in this process or in another."""

from __future__ import annotations

import contextlib
import os
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import attrs

from talkgraph.cache.frames import Frames, Pictures
from talkgraph.cache.keys import Tree
from talkgraph.cache.records import Record
from talkgraph.cache.store import Store, Stream
from talkgraph.engine.declare.checks import checks_of, verdict
from talkgraph.engine.declare.node import Step
from talkgraph.engine.declare.ports import signature
from talkgraph.engine.declare.sources import parse_source
from talkgraph.engine.declare.types import coerce
from talkgraph.engine.history import machine
from talkgraph.engine.keys.chunk_keys import Windows
from talkgraph.engine.keys.keying import Ingredients
from talkgraph.engine.run.events import Started, StepRecord, StepState
from talkgraph.engine.run.read_ahead import ReadAhead, remembered
from talkgraph.engine.run.step_context import Emit, StepContext, taking_turns
from talkgraph.engine.run.stopwatch import NOBODY, Stopwatch
from talkgraph.engine.run.values_of_run import Arguments, Known, Reading, map_frames
from talkgraph.errors import DamagedError, InputError, NodeError, TalkgraphError


@attrs.frozen
class Made:
    """What a job gave: the stored record, and what became of the step and of those it streamed.

    The outcome is empty if another process stored the result while this one waited for it.
    """

    record: Record
    outcome: dict[str, StepRecord]


@attrs.frozen(eq=False)
class Job:
    """A step with all that is needed to make it.

    found: what the keys of the step and of the transient steps that it reads are made from.
    files: path and digest of the input files that it reads, also through transient steps.
    forced: make it though its result is stored.
    """

    name: str
    step: Step
    reason: str
    found: dict[str, Ingredients]
    known: Known
    files: dict[str, tuple[Path, str]]
    graph: str
    forced: bool

    @property
    def key(self) -> str:
        """Key of the result."""
        return self.found[self.name].key

    def make(self, store: Store, emit: Emit) -> Made:
        """Make the result and store it, unless somebody else just has.

        Raises:
            NodeError: the node, or a transient one that it reads, failed.
            DamagedError: something that it reads is not whole in the store.
            TalkgraphError: anything else that is wrong, on purpose and in words.
        """

        def done() -> bool:
            with contextlib.suppress(DamagedError):
                return not self.forced and store.action(self.key) is not None
            return False

        store.prepare()
        lease = store.claim(self.key, done)
        if lease is None:
            record = store.action(self.key)
            if record is None:
                raise DamagedError(f"the result of step '{self.name}' vanished")
            return Made(record, {})
        with lease, ExitStack() as scratch:
            return self._make(store, taking_turns(emit), scratch)

    def _make(self, store: Store, emit: Emit, scratch: ExitStack) -> Made:
        self._check_files(store)
        arguments = Arguments(self.known, store)
        streams = Streams(arguments, self.found, emit, scratch)
        streams.start(self.step.sources.values())
        said = StepContext(self.name, emit, lambda: scratch.enter_context(store.scratch()))
        node, clock = self.step.node, streams.clock

        asked = checks_of(type(node))
        checks: dict[str, str] = {}

        def examine(tree: Tree) -> None:
            value = store.load(tree)
            for check in asked:
                wrong = checks[check.name] = check.wrong(node, value)
                if wrong and check.severity == "stop":
                    raise step_failed(self.name, self.step, verdict(check.name, wrong))
                if wrong:
                    said.note(verdict(check.name, wrong))

        def facts() -> Record:
            self._check_files(store)
            return {
                **machine.facts(),
                "graph": self.graph,
                "step": self.name,
                "node": node.node_id,
                "seconds": clock.seconds(self.name),
                "notes": said.notes,
                "checks": checks,
                **{k: v for k, v in self.found[self.name].record().items() if k != "key"},
            }

        emit(Started(self.name, self.reason))
        with (
            naming(self.name, self.step),
            _telling_what_vanished(store),
            clock.of(self.name),
            said.active(),
            ReadAhead(waiting=partial(clock.of, NOBODY)) as ahead,
        ):
            made = call(self.step, arguments, ahead.read)
            record = store.put(
                self.key,
                map_frames(made, lambda frames: ahead.stored(streams.billed(said, (), frames))),
                facts=facts,
                where=f"output of step '{self.name}' ({node.node_id})",
                on_chunk=said.chunk,
                examine=examine if asked else None,
                stream=self._stream(store),
                replace=self.forced,
            )
        outcome = streams.finish()
        notes = tuple(said.notes)
        outcome[self.name] = StepRecord(
            StepState.RUN, clock.seconds(self.name), self.key, notes, self.reason, checks=checks
        )
        return Made(record, outcome)

    def _stream(self, store: Store) -> Stream | None:
        """How chunks of the output are named, if the node says how far it looks."""
        if not self.step.node.receptive_field:
            return None
        windows = Windows(self.known, self.found, store)
        return Stream(
            windows.stem(self.name, self.step), partial(windows.key, self.name, self.step)
        )

    def _check_files(self, store: Store) -> None:
        """InputError if an input file is not what the key was made from."""
        for name, (path, digest) in self.files.items():
            if store.content(path)[0] != digest:
                raise InputError(
                    f"input '{name}' ({path}) changed while it was being used; "
                    "nothing of it was kept: run again when it is finished"
                )


class Streams:
    """The transient steps that somebody reads; each is timed apart from its reader."""

    def __init__(
        self,
        arguments: Arguments,
        found: dict[str, Ingredients],
        emit: Emit,
        scratch: ExitStack,
    ) -> None:
        self.clock = Stopwatch()
        self._arguments = arguments
        self._found = found
        self._emit = emit
        self._scratch = scratch
        self._said: dict[str, StepContext] = {}

    def start(self, sources: Iterable[str]) -> None:
        """Run the transient steps that `sources` need; their frames are made when read."""
        known, store = self._arguments.known, self._arguments.store
        read = list(sources)
        streamed = known.streamed(read)
        read = [*read, *(s for name in streamed for s in known.steps[name].sources.values())]
        readers = Counter(parse_source(source)[0] for source in read)
        for name in streamed:
            step = known.steps[name]
            said = self._said[name] = StepContext(
                name, self._emit, lambda: self._scratch.enter_context(store.scratch())
            )
            self._emit(Started(name, "streamed to what reads it"))
            with naming(name, step), self.clock.of(name), said.active():
                value = call(step, self._arguments)
            passed_on = self._arguments.of(step).values()
            value = map_frames(value, partial(self.billed, said, passed_on))
            shared = map_frames(value, remembered) if readers[name] > 1 else value
            self._arguments.stream(name, shared)

    def billed(self, said: StepContext, passed_on: Iterable[object], frames: Frames) -> Frames:
        """The same frames, whose making is timed for, and heard from, the step that makes them."""
        if any(frames is one for one in passed_on):
            return frames

        def read(start: int, stop: int) -> Pictures:
            with self.clock.of(said.step), said.active():
                return frames[start:stop]

        def pictures(start: int, stop: int) -> Iterator[Pictures]:
            source = frames.pictures(start, stop)
            while True:
                with self.clock.of(said.step), said.active():
                    picture = next(source, None)
                if picture is None:
                    return
                yield picture

        billed = Frames(frames.count, frames.shape, read, once=frames.once, pictures=pictures)
        billed.stored = frames.stored
        return billed

    def finish(self) -> dict[str, StepRecord]:
        """What became of the streamed steps, now that they were read."""
        outcome: dict[str, StepRecord] = {}
        for name, said in self._said.items():
            seconds, notes = self.clock.seconds(name), tuple(said.notes)
            key = self._found[name].key
            outcome[name] = StepRecord(StepState.STREAMED, seconds, key, notes, "streamed")
        return outcome


def call(step: Step, arguments: Arguments, reading: Reading | None = None) -> object:
    """Run a node and hold it to the type that it promises; `reading` is for what streams to it."""
    node = step.node
    value = node.run(**arguments.of(step, reading))  # type: ignore[attr-defined]
    try:
        return coerce(value, signature(type(node)).output)
    except TypeError as error:
        raise TypeError(f"what run returned is not what it promises: {error}") from None


@contextlib.contextmanager
def naming(name: str, step: Step) -> Iterator[None]:
    """Turn a failure of a node into a `NodeError`; deliberate errors only learn their step."""
    try:
        yield
    except DamagedError:
        raise
    except TalkgraphError as error:
        error.step = error.step or name
        raise
    except Exception as cause:  # whatever a node may raise
        first = (str(cause).strip() or "no message").splitlines()[0]
        raise step_failed(name, step, f"{type(cause).__name__}: {first}") from cause


@contextlib.contextmanager
def _telling_what_vanished(store: Store) -> Iterator[None]:
    """Where a node opens a file of the store that is gone, DamagedError: it is made again.

    Who removes blobs moves them aside before it sees that somebody began to use them meanwhile.
    """
    try:
        yield
    except FileNotFoundError as error:
        gone = os.fspath(error.filename) if isinstance(error.filename, str | os.PathLike) else ""
        if not gone.startswith(f"{store.blobs.folder}{os.sep}"):
            raise
        raise DamagedError(f"{gone} is gone (another process removed it)") from error


def step_failed(name: str, step: Step, how: str) -> NodeError:
    """The error of a step that failed by no error of its own choice."""
    node_id = step.node.node_id
    error = NodeError(f"step '{name}' ({node_id}) failed: {how}")
    error.step, error.node_id = name, node_id
    return error
