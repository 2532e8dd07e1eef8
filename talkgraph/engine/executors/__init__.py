"""Where jobs are made. Keys, order and what to do about failures stay with the run.

protocol.py    what an executor is
in_process.py  here, one at a time
processes.py   joblib's worker processes on this machine
dask.py        Dask distributed: a local cluster, or workers anywhere
pool.py        what these two share: new tries when a worker dies, slots for GPUs
worker.py      what a worker process does with a job
"""

from __future__ import annotations

from talkgraph.engine.executors.in_process import InProcess
from talkgraph.engine.executors.protocol import Executor
from talkgraph.errors import InputError, nearest

__all__ = ["NAMES", "Executor", "InProcess", "executor"]

NAMES = ("in-process", "joblib", "dask")


def executor(
    chosen: str | Executor | None = None, workers: int | None = None, scheduler: str | None = None
) -> Executor:
    """The executor of a name; one that was made already is given back; default: in-process.

    Args:
        chosen: one of `NAMES`, or an executor.
        workers: worker processes; default: one for each core.
        scheduler: address of a Dask scheduler, ``tcp://host:port``; default: a local cluster.

    Raises:
        InputError: there is none of that name.
    """
    if chosen is None or chosen == "in-process":
        return InProcess()
    if not isinstance(chosen, str):
        return chosen
    if chosen == "joblib":
        from talkgraph.engine.executors.processes import Processes

        return Processes(workers)
    if chosen == "dask":
        from talkgraph.engine.executors.dask import Dask

        return Dask(scheduler, workers)
    hint = nearest(chosen, NAMES) or f"; use {', '.join(NAMES)}"
    raise InputError(f"there is no executor '{chosen}'{hint}")
