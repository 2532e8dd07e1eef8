"""Jobs in worker processes of this machine, by joblib's loky."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from typing import Any

from talkgraph.cache.store import Store
from talkgraph.engine.executors import pool, worker
from talkgraph.engine.executors.protocol import Submit
from talkgraph.engine.run.events import Event
from talkgraph.engine.run.job import Job, Made
from talkgraph.engine.run.step_context import Emit


class Processes:
    """Worker processes, and one more for each GPU, which alone makes the steps that need one.

    Args:
        workers: processes for steps that need no GPU; default: one for each core.
        gpus: how many steps that need a GPU may run at once, each with a GPU of its own; default:
            as many as there are. Where there is none, they are steps like any other.
    """

    remote = True

    def __init__(self, workers: int | None = None, gpus: int | None = None) -> None:
        self.workers = workers or os.cpu_count() or 1
        self.gpus = pool.gpu_names(gpus)

    @contextlib.contextmanager
    def session(self, store: Store) -> Iterator[Submit]:
        """Start workers when jobs come, and end them with the run."""
        cpu = [_Worker(store) for _ in range(self.workers)]
        gpu = [_Worker(store, name) for name in self.gpus]
        cpu_slots, gpu_slots, retries = pool.Slots(cpu), pool.Slots(gpu), pool.Retries()

        def submit(job: Job, emit: Emit) -> Future[Made]:
            slots = gpu_slots if job.step.node.gpu and gpu else cpu_slots
            return retries.run(job, lambda: slots.run(lambda one: one.make(job, emit)))

        unfinished = True
        try:
            yield submit
            unfinished = False
        finally:
            for line in (cpu_slots, gpu_slots, retries):
                line.close()
            for one in (*cpu, *gpu):
                one.close(kill=unfinished)


class _Worker:
    """One process, started with its first job, and anew after it died.

    It is a pool of one, so that no other job is lost with it. Events come on a pipe of its own: a
    queue between many would have a lock, which a killed worker never gives back.
    """

    def __init__(self, store: Store, gpu: str | None = None) -> None:
        self._store = store
        self._gpu = gpu
        self._pool: Any = None
        self._closed = False
        self._lock = threading.Lock()
        self._voice: Connection
        self._emit: Emit
        self._heard: Future[None]  # all that the job at hand has to say

    def make(self, job: Job, emit: Emit) -> Future[Made]:
        """Make a job; one at a time."""
        made: Future[Made] = Future()
        call = (_make, job, job.known.value_classes(), self._store)
        with self._lock:
            if self._closed:
                return made  # nobody waits for it any more
            self._emit, self._heard = emit, Future()
            try:
                sent = self._process().submit(*call)
            except BrokenProcessPool:  # it died while it had nothing to do
                self._stop(kill=True)
                sent = self._process().submit(*call)
        sent.add_done_callback(lambda sent: self._ended(sent, made))
        return made

    def _ended(self, sent: Future[Made], made: Future[Made]) -> None:
        """A job is over; whoever waits for it learns so after its last event."""
        error = sent.exception()
        if isinstance(error, BrokenProcessPool):
            self._voice.close()
            self._pool = None
            made.set_exception(pool.WorkerDied())
        elif failed := error or self._heard.exception():
            made.set_exception(failed)
        else:
            made.set_result(sent.result())

    def _process(self) -> Any:
        from joblib.externals.loky import ProcessPoolExecutor

        if self._pool is None:
            ear, self._voice = Pipe(duplex=False)
            start = {"initializer": _begin, "initargs": (self._voice, self._gpu)}
            self._pool = ProcessPoolExecutor(1, **start)
            threading.Thread(target=self._hear, args=(ear,), daemon=True).start()
        return self._pool

    def _hear(self, ear: Connection) -> None:
        with contextlib.suppress(EOFError, OSError), ear:
            while True:
                event = ear.recv()
                if event is None:
                    self._heard.set_result(None)
                    continue
                try:
                    self._emit(event)
                except Exception as error:  # of who listens: the run ends by it
                    self._heard.set_exception(error)
                    return

    def close(self, *, kill: bool) -> None:
        """End the process, at once or after its job; it makes no more."""
        with self._lock:
            self._closed = True
        self._stop(kill=kill)

    def _stop(self, *, kill: bool) -> None:
        running, self._pool = self._pool, None
        if running is not None:
            running.shutdown(wait=True, kill_workers=kill)
            self._voice.close()


_voice: Connection  # of a worker process
_speaking = threading.Lock()  # a node may have threads


def _begin(voice: Connection, gpu: str | None) -> None:
    """Begin a worker."""
    global _voice
    _voice = voice
    if gpu is not None:
        os.environ["CUDA_VISIBLE_DEVICES"] = gpu


def _say(event: Event | None) -> None:
    with _speaking, contextlib.suppress(OSError):
        _voice.send(event)


def _make(job: Job, value_classes: tuple[type, ...], store: Store) -> Made:
    """Make a job in a worker."""
    try:
        return worker.make(job, value_classes, store, _say)
    finally:
        _say(None)
