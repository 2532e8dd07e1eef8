"""Jobs on Dask distributed: a cluster on this machine, or workers wherever a scheduler has them."""

from __future__ import annotations

import contextlib
import os
import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import ExitStack
from typing import Any

from talkgraph.cache.store import Store
from talkgraph.engine.executors import pool, worker
from talkgraph.engine.executors.protocol import Submit
from talkgraph.engine.run.events import Event, Note, from_plain, to_plain
from talkgraph.engine.run.job import Job, Made
from talkgraph.engine.run.step_context import Emit
from talkgraph.errors import InputError, StoreError

_GPU = "GPU"  # the resource of `dask worker --resources GPU=1`
_WAIT = 30.0  # s for a scheduler to answer
_PATIENCE = 60.0  # s since a worker last came after which, if none is left, a run ends
_NEWS = "all"  # Dask's topic of what happens at the scheduler
_SILENT = 50  # of what the logs of a cluster of our own say, only what ends it


class Dask:
    """Workers of a Dask scheduler. They see the same store and packages, and the inputs' paths.

    A step that needs a GPU goes to a worker that was started with ``--resources GPU=1``; where no
    worker was, such steps are made one at a time. On a cluster of our own without a GPU they are
    steps like any other.

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
        self.gpus = pool.gpu_names(gpus)

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
                    "start one with `dask scheduler`, or leave `scheduler` out"
                ) from None
            guarded = bool(self.scheduler or self.gpus)
            jobs = _Jobs(stack.enter_context(connected), store, guarded)
            try:
                yield jobs.submit
            finally:
                jobs.close()

    @contextlib.contextmanager
    def _cluster(self) -> Iterator[Any]:
        """One worker process for each core; the first of them may have a GPU each."""
        import dask
        from distributed import Nanny, Scheduler, SpecCluster

        here = {"host": "127.0.0.1", "dashboard": False}
        quiet = {"nthreads": 1, "silence_logs": _SILENT, **here}
        workers: dict[int, Any] = {
            place: {"cls": Nanny, "options": dict(quiet)} for place in range(self.workers)
        }
        for place, name in enumerate(self.gpus[: self.workers]):
            gpu = {"resources": {_GPU: 1}, "env": {"CUDA_VISIBLE_DEVICES": name}}
            workers[place]["options"].update(gpu)
        options = {"dashboard_address": "127.0.0.1:0", "allowed_failures": 0, **here}
        with (
            # A nanny starts its worker anew, on a busy machine slowly: neither is lost meanwhile.
            dask.config.set({"distributed.deploy.lost-worker-timeout": "1 h"}),
            SpecCluster(  # type: ignore[no-untyped-call]
                workers=workers,
                scheduler={"cls": Scheduler, "options": options},
                silence_logs=_SILENT,
            ) as cluster,
        ):
            yield cluster


class _Jobs:
    """The jobs of one run on a cluster.

    guarded: True if no two steps that need a GPU may meet on one.
    """

    def __init__(self, client: Any, store: Store, guarded: bool) -> None:
        self._client = client
        self._store = store
        self._guarded = guarded
        self._topic = f"talkgraph-{uuid.uuid4().hex}"
        self._emit: Emit
        self._sent: dict[Future[Made], Any] = {}
        self._retries = pool.Retries()
        self._one_gpu = pool.Slots([None])  # where no worker's resource guards it
        self._said = False
        self._closed = False
        self._stir = threading.Event()  # a worker came, or a job
        client.subscribe_topic(self._topic, lambda event: self._emit(from_plain(event[1])))
        client.subscribe_topic(_NEWS, self._news)
        threading.Thread(target=self._watch, name="talkgraph-dask", daemon=True).start()

    def submit(self, job: Job, emit: Emit) -> Future[Made]:
        """Have a job made by any worker that can."""
        self._emit = emit
        self._stir.set()
        if not (self._guarded and job.step.node.gpu):
            return self._retries.run(job, lambda: self._send(job))
        if any(_GPU in one.get("resources", {}) for one in self._workers()):
            return self._retries.run(job, lambda: self._send(job, {_GPU: 1}))
        if not self._said:
            self._said = True
            emit(Note(None, _ONE_AT_A_TIME))
        return self._retries.run(job, lambda: self._one_gpu.run(lambda _: self._send(job)))

    def _send(self, job: Job, resources: dict[str, int] | None = None) -> Future[Made]:
        made: Future[Made] = Future()
        if self._closed:
            return made  # nobody waits for it any more
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
        self._sent[made] = sent
        sent.add_done_callback(lambda sent: self._ended(job, sent, made))
        return made

    def _ended(self, job: Job, sent: Any, made: Future[Made]) -> None:
        from distributed import KilledWorker

        if self._sent.pop(made, None) is None:
            return  # it was given up
        if sent.status == "finished":
            made.set_result(sent.result())
        elif sent.status == "error":
            error = sent.exception()
            made.set_exception(pool.WorkerDied() if isinstance(error, KilledWorker) else error)
        else:
            made.set_exception(StoreError(_LOST.format(job.name)))

    def _workers(self) -> list[dict[str, Any]]:
        try:
            known = self._client.scheduler_info(n_workers=-1)
        except OSError:  # the scheduler is gone: nobody is there to make anything
            return []
        return list(known.get("workers", {}).values())

    def _news(self, event: tuple[float, Any]) -> None:
        """What the scheduler tells; one that dies of its first job has been there too."""
        if event[1].get("action") == "add-worker":
            self._stir.set()

    def _watch(self) -> None:
        """End the run if there is nobody to make its jobs, for longer than a restart takes."""
        while not self._closed:
            self._stir.clear()
            if self._stir.wait(_PATIENCE) or self._workers():
                continue
            for made in list(self._sent):
                if self._sent.pop(made, None) is not None:
                    made.set_exception(StoreError(_NOBODY))

    def close(self) -> None:
        """Cancel what is not finished."""
        self._closed = True
        self._stir.set()
        if unfinished := list(self._sent.values()):
            self._client.cancel(unfinished, force=True)
        for topic in (self._topic, _NEWS):
            self._client.unsubscribe_topic(topic)


_AGAIN = "and run again: finished steps are kept"
_NOBODY = f"the Dask scheduler has no workers; start some with `dask worker` {_AGAIN}"
_LOST = f"step '{{}}' was lost with the Dask scheduler; start the scheduler {_AGAIN}"
_ONE_AT_A_TIME = (
    "no Dask worker has a GPU of its own, so steps that use one are made one at a time; "
    "start workers with --resources GPU=1"
)


def _make(job: Job, value_classes: tuple[type, ...], store: Store, topic: str) -> Made:
    """Make a job in a worker."""
    from distributed import get_worker

    here = get_worker()

    def emit(event: Event) -> None:
        here.log_event(topic, to_plain(event))

    return worker.make(job, value_classes, store, emit)
