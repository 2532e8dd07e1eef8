"""Jobs in worker processes of this machine, by joblib's loky."""

from __future__ import annotations

import contextlib
import os
import secrets
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from multiprocessing.connection import Client, Connection, Listener
from typing import Any

from talkgraph.cache.store import Store
from talkgraph.engine.executors import worker
from talkgraph.engine.executors.protocol import Submit
from talkgraph.engine.run.events import Event
from talkgraph.engine.run.job import Job, Made
from talkgraph.engine.run.step_context import Emit

_ATTEMPTS = 3  # deaths of a worker in its pool after which a job is made in a pool of its own


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
        self.gpus = worker.gpu_count() if gpus is None else gpus

    @contextlib.contextmanager
    def session(self, store: Store) -> Iterator[Submit]:
        """Start workers when the first job comes, and end them with the run."""
        pools = _Pools(self, store)
        try:
            yield pools.submit
        except BaseException:
            pools.close(kill=True)
            raise
        pools.close(kill=False)


class _Pools:
    """The pools of one run."""

    def __init__(self, executor: Processes, store: Store) -> None:
        self._executor = executor
        self._store = store
        self._pools: dict[str, Any] = {}
        self._lock = threading.Lock()
        self._closed = False
        self._ear = _Ear(executor.gpus)

    def submit(self, job: Job, emit: Emit) -> Future[Made]:
        """Have a job made in the pool that its node needs."""
        self._ear.emits[job.name] = emit
        future: Future[Made] = Future()
        self._send(job, future, 1)
        return future

    def _send(self, job: Job, future: Future[Made], attempt: int) -> None:
        kind = "gpu" if job.step.node.gpu and self._executor.gpus else "cpu"
        name = kind if attempt <= _ATTEMPTS else f"{kind} for {job.name}"
        pool = self._pool(name, kind)

        def ended(done: Future[Made]) -> None:
            error = None if done.cancelled() else done.exception()
            if not done.cancelled() and error is None:
                future.set_result(done.result())
            elif self._closed or not (done.cancelled() or _is_death(error)):
                future.set_exception(error or worker.died(job))
            else:
                self._retry(job, future, attempt, name, pool)

        try:
            sent = pool.submit(_make, job, job.known.value_classes(), self._store)
        except RuntimeError:  # the pool broke just now
            self._retry(job, future, attempt, name, pool)
        else:
            sent.add_done_callback(ended)

    def _retry(self, job: Job, future: Future[Made], attempt: int, name: str, pool: Any) -> None:
        """A worker died, and with it the whole pool: make the job in a new one."""
        with self._lock:
            if self._pools.get(name) is pool:
                del self._pools[name]
        if attempt > _ATTEMPTS:
            future.set_exception(worker.died(job))
            return
        threading.Thread(  # not in the dying pool's own thread
            target=self._send, args=(job, future, attempt + 1), daemon=True
        ).start()

    def _pool(self, name: str, kind: str) -> Any:
        from joblib.externals.loky import ProcessPoolExecutor

        with self._lock:
            if name not in self._pools:
                count = self._executor.gpus if kind == "gpu" else self._executor.workers
                self._pools[name] = ProcessPoolExecutor(
                    count if name == kind else 1,
                    initializer=_start,
                    initargs=(self._ear.address, self._ear.secret, kind == "gpu"),
                )
            return self._pools[name]

    def close(self, *, kill: bool) -> None:
        """End all workers, at once or when they are done."""
        self._closed = True
        for pool in list(self._pools.values()):
            pool.shutdown(wait=True, kill_workers=kill)
        self._ear.close()


class _Ear:
    """Hears the events of workers, each on a connection of its own, and hands out GPU slots.

    A queue between processes would do but for its lock, which a killed worker never gives back.
    """

    def __init__(self, gpus: int) -> None:
        self.emits: dict[str, Emit] = {}
        self.secret = secrets.token_bytes(32)
        self._slots = set(range(gpus))
        self._listener = Listener(authkey=self.secret)
        self.address: Any = self._listener.address
        threading.Thread(target=self._accept, name="talkgraph-ear", daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                connection = self._listener.accept()
            except (OSError, EOFError) as error:
                if isinstance(error, OSError) and not isinstance(error, ConnectionError):
                    return  # closed
                continue  # a worker died while it said hello
            threading.Thread(target=self._hear, args=(connection,), daemon=True).start()

    def _hear(self, connection: Connection) -> None:
        slot = None
        with contextlib.suppress(EOFError, OSError), connection:
            if connection.recv():  # it is a worker for GPU steps
                slot = min(self._slots, default=0)
                self._slots.discard(slot)
                connection.send(worker.gpu_name(slot))
            while True:
                step, event = connection.recv()
                self.emits[step](event)
        if slot is not None:
            self._slots.add(slot)

    def close(self) -> None:
        """Hear no more."""
        self._listener.close()


_voice: Any = None  # of a worker process: connection to the ear, and a lock for the node's threads


def _start(address: Any, secret: bytes, gpu: bool) -> None:
    """Begin a worker."""
    global _voice
    connection = Client(address, authkey=secret)
    connection.send(gpu)
    if gpu:
        os.environ["CUDA_VISIBLE_DEVICES"] = connection.recv()
    _voice = connection, threading.Lock()


def _make(job: Job, value_classes: tuple[type, ...], store: Store) -> Made:
    """Make a job in a worker."""
    connection, lock = _voice

    def emit(event: Event) -> None:
        with lock, contextlib.suppress(OSError):
            connection.send((job.name, event))

    return worker.make(job, value_classes, store, emit)


def _is_death(error: BaseException | None) -> bool:
    from concurrent.futures.process import BrokenProcessPool

    return isinstance(error, BrokenProcessPool)
