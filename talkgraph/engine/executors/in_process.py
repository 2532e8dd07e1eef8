"""Jobs in this process and thread, one at a time."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from concurrent.futures import Future

from talkgraph.cache.store import Store
from talkgraph.engine.executors.protocol import Submit
from talkgraph.engine.run.job import Job, Made
from talkgraph.engine.run.step_context import Emit


class InProcess:
    """Makes a job when it is submitted."""

    remote = False

    @contextlib.contextmanager
    def session(self, store: Store) -> Iterator[Submit]:
        """Jobs are made on `store`."""

        def submit(job: Job, emit: Emit) -> Future[Made]:
            future: Future[Made] = Future()
            try:
                future.set_result(job.make(store, emit))
            except Exception as error:  # an interrupt passes through at once
                future.set_exception(error)
            return future

        yield submit
