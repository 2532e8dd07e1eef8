"""Jobs on Dask distributed: a cluster on this machine, or workers wherever a scheduler has them."""

from __future__ import annotations

import contextlib
import os
import threading
import time
import uuid
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import ExitStack
from typing import Any

from talkgraph.cache.store import Store
from talkgraph.engine.executors import worker
from talkgraph.engine.executors.protocol import Submit
from talkgraph.engine.run.events import Event, from_plain, to_plain
from talkgraph.engine.run.job import Job, Made
from talkgraph.engine.run.step_context import Emit
from talkgraph.errors import InputError, StoreError

_ATTEMPTS = 3  # times that Dask may give a job up, each after several workers died of it
_GPU = "GPU"  # the resource of `dask worker --resources GPU=1`
_WAIT = "10 s"  # for a scheduler to answer
_PATIENCE = 60.0  # s without any worker after which a run that waits for one ends
_LOOK = 2.0  # s between looks for workers
_NEWS = "all"  # Dask's topic of what happens at the scheduler
_SILENT = 50  # of what the logs of a cluster of our own say, only what ends it


class Dask:
    """Workers of a Dask scheduler. They see the same store and packages, and the inputs' paths.

    A step that needs a GPU goes to a worker that was started with ``--resources GPU=1``; where no
    worker was, such steps are made one at a time.

    Args:
        scheduler: ``tcp://host:port``; default: a cluster on this machine for each run.
        workers: processes of that cluster; default: one for each core.
        gpus: how many of them have a GPU; default: as many as there are GPUs here.
    """

    remote = True

    def __init__(
        self, scheduler: str | None = None, workers: int | None = None, gpus: int | None = None
    ) -> None:
        self.scheduler = scheduler
        self.workers = workers or os.cpu_count() or 1
        self.gpus = worker.gpu_count() if gpus is None else gpus

    @contextlib.contextmanager
    def session(self, store: Store) -> Iterator[Submit]:
        """Connect for one run; what is unfinished at an error is cancelled."""
        try:
            from distributed import Client
        except ImportError:
            raise InputError(
                "the dask executor needs Dask: pip install 'talkgraph[dask]'"
            ) from None
        with ExitStack() as stack:
            address: Any = self.scheduler or stack.enter_context(self._cluster())
            try:
                connected = Client(  # type: ignore[no-untyped-call]
                    address, timeout=_WAIT, set_as_default=False
                )
            except (OSError, ValueError) as error:
                raise InputError(
                    f"no Dask scheduler answers at {address} ({error or type(error).__name__}); "
                    "start one with `dask scheduler`, or leave --scheduler out"
                ) from None
            jobs = _Jobs(stack.enter_context(connected), store)
            try:
                yield jobs.submit
            finally:
                jobs.close()

    def _cluster(self) -> Any:
        """One worker process for each core; the first `gpus` of them may have a GPU."""
        import dask
        from distributed import Nanny, Scheduler, SpecCluster

        workers = {
            place: {
                "cls": Nanny,
                "options": {
                    "nthreads": 1,
                    "host": "127.0.0.1",
                    "dashboard": False,
                    "silence_logs": _SILENT,
                    **self._gpu_options(place),
                },
            }
            for place in range(self.workers)
        }
        options = {"dashboard": False, "dashboard_address": "127.0.0.1:0", "host": "127.0.0.1"}
        scheduler = {"cls": Scheduler, "options": options}
        # A nanny starts its worker anew; the cluster must not lose patience with both meanwhile.
        with dask.config.set({"distributed.deploy.lost-worker-timeout": "1 h"}):
            return SpecCluster(  # type: ignore[no-untyped-call]
                workers=workers, scheduler=scheduler, silence_logs=_SILENT
            )

    def _gpu_options(self, place: int) -> dict[str, Any]:
        if place >= self.gpus:
            return {}
        return {"resources": {_GPU: 1}, "env": {"CUDA_VISIBLE_DEVICES": worker.gpu_name(place)}}


class _Jobs:
    """The jobs of one run on a cluster."""

    def __init__(self, client: Any, store: Store) -> None:
        self._client = client
        self._store = store
        self._topic = f"talkgraph-{uuid.uuid4().hex}"
        self._emits: dict[str, Emit] = {}
        self._sent: dict[str, Any] = {}
        self._lock = threading.Lock()
        self._held: deque[tuple[Job, Future[Made], int]] = deque()
        self._busy = False  # whether a GPU step runs that no worker's resource guards
        self._waiting: set[Future[Made]] = set()
        self._closed = threading.Event()
        self._seen = time.monotonic()  # when there last was a worker, or nothing to be made
        threading.Thread(target=self._watch, name="talkgraph-dask", daemon=True).start()
        client.subscribe_topic(self._topic, self._heard)
        client.subscribe_topic(_NEWS, self._news)

    def submit(self, job: Job, emit: Emit) -> Future[Made]:
        """Have a job made by any worker that can."""
        self._emits[job.name] = emit
        future: Future[Made] = Future()
        self._waiting.add(future)
        future.add_done_callback(self._waiting.discard)
        self._send(job, future, 1)
        return future

    def _watch(self) -> None:
        """End the run if there is nobody to make its jobs, for longer than a restart takes."""
        while not self._closed.wait(_LOOK):
            if not self._waiting or self._workers():
                self._seen = time.monotonic()
            elif time.monotonic() - self._seen > _PATIENCE:
                for future in list(self._waiting):
                    future.set_exception(
                        StoreError(
                            "the Dask scheduler has no workers; start some with `dask worker` "
                            "and run again: finished steps are kept"
                        )
                    )

    def _send(self, job: Job, future: Future[Made], attempt: int) -> None:
        resources = None
        if job.step.node.gpu:
            if self._any_has_gpu():
                resources = {_GPU: 1}
            else:
                with self._lock:
                    if self._busy:
                        self._held.append((job, future, attempt))
                        return
                    self._busy = True
        sent = self._client.submit(
            _make,
            job,
            job.known.value_classes(),
            self._store,
            self._topic,
            key=f"talkgraph-{job.name}-{uuid.uuid4().hex}",
            pure=False,
            resources=resources,
        )
        self._sent[job.name] = sent
        guarded = resources is None and job.step.node.gpu
        sent.add_done_callback(lambda done: self._ended(done, job, future, attempt, guarded))

    def _ended(
        self, done: Any, job: Job, future: Future[Made], attempt: int, guarded: bool
    ) -> None:
        from distributed import KilledWorker

        self._sent.pop(job.name, None)
        if guarded:
            with self._lock:
                self._busy = False
                following = self._held.popleft() if self._held else None
            if following is not None:
                self._send(*following)
        if future.done():  # nobody waits any more
            return
        if done.status == "finished":
            future.set_result(done.result())
        elif done.status == "error":
            error = done.exception()
            if not isinstance(error, KilledWorker):
                future.set_exception(error)
            elif attempt < _ATTEMPTS:
                self._send(job, future, attempt + 1)
            else:
                future.set_exception(worker.died(job))
        else:
            future.set_exception(
                StoreError(
                    f"step '{job.name}' was lost with the Dask scheduler; start the scheduler "
                    "and run again: finished steps are kept"
                )
            )

    def _workers(self) -> list[dict[str, Any]]:
        try:
            known = self._client.scheduler_info(n_workers=-1)
        except OSError:  # the scheduler is gone: nobody is there to make anything
            return []
        return list(known.get("workers", {}).values())

    def _any_has_gpu(self) -> bool:
        return any(one.get("resources", {}).get(_GPU) for one in self._workers())

    def _news(self, event: tuple[float, Any]) -> None:
        """A worker has come; one that dies of its first job is gone before the next look."""
        if event[1].get("action") == "add-worker":
            self._seen = time.monotonic()

    def _heard(self, event: tuple[float, Any]) -> None:
        step, plain = event[1]
        self._emits[step](from_plain(plain))

    def close(self) -> None:
        """Cancel what is not finished."""
        self._closed.set()
        unfinished = list(self._sent.values())
        if unfinished:
            self._client.cancel(unfinished, force=True)
        for topic in (self._topic, _NEWS):
            self._client.unsubscribe_topic(topic)


def _make(job: Job, value_classes: tuple[type, ...], store: Store, topic: str) -> Made:
    """Make a job in a worker."""
    from distributed import get_worker

    here = get_worker()

    def emit(event: Event) -> None:
        here.log_event(topic, [job.name, to_plain(event)])

    return worker.make(job, value_classes, store, emit)
