"""What an executor is: whatever has jobs made."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from contextlib import AbstractContextManager
from typing import Protocol

from talkgraph.cache.store import Store
from talkgraph.engine.run.job import Job, Made
from talkgraph.engine.run.step_context import Emit

Submit = Callable[[Job, Emit], "Future[Made]"]
"""Has a job made, soon or at once; events may be told from any thread."""


class Executor(Protocol):
    """Has jobs made, in any order and place.

    remote: True if jobs go to other processes and must carry all that they read.
    """

    remote: bool

    def session(self, store: Store) -> AbstractContextManager[Submit]:
        """Workers for one run; leaving the context by an error gives up what is unfinished."""
