"""What a worker process does with a job."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterable
from typing import Any

from talkgraph.cache.store import Store
from talkgraph.cache.values import adopt
from talkgraph.engine.executors.pool import died
from talkgraph.engine.keys.code import code_digest
from talkgraph.engine.run.events import Note
from talkgraph.engine.run.job import Job, Made
from talkgraph.engine.run.step_context import Emit
from talkgraph.errors import NodeError, TalkgraphError


def make(job: Job, value_classes: Iterable[type], store: Store, emit: Emit) -> Made:
    """Make a job here.

    Args:
        value_classes: classes of the values that it reads.

    Raises:
        TalkgraphError: this process has other code than the one that planned the job.
    """
    for cls in value_classes:
        adopt(cls)
    _check_code(job, store)
    try:
        with store.telling(lambda text: emit(Note(None, text))):
            made = job.make(store, emit)
            store.flush()  # whoever reads the result next may sit at another machine
        return made
    except SystemExit as error:  # of a library that thinks it is alone; it would end the worker
        raise died(job, f"it called exit({error.code})") from None
    except NodeError as error:  # its cause may hold what cannot be sent; its traceback is text
        error.add_note("".join(traceback.format_exception(error.__cause__)))
        error.__cause__ = error.__context__ = None
        raise error.with_traceback(None) from None


def _check_code(job: Job, store: Store) -> None:
    """A worker with stale code must not store what it makes under the key of the new code."""
    for name, found in job.found.items():
        step = job.step if name == job.name else job.known.steps[name]
        cls = type(step.node)
        if _sent_whole(cls):
            continue
        if code_digest(cls, store, found.classes).digest != found.code.digest:
            raise TalkgraphError(
                f"step '{name}': this worker has other code of node '{step.node.node_id}'; "
                "install the same packages there and restart the workers"
            )


def _sent_whole(cls: type) -> bool:
    """Whether a class cannot be imported, so that its code comes with the job."""
    found: Any = sys.modules.get(cls.__module__)
    for name in cls.__qualname__.split("."):
        found = getattr(found, name, None)
    return cls.__module__ == "__main__" or found is not cls
