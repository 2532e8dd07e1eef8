"""Every error that talkgraph raises on purpose, as one tree.

TalkgraphError
├── InputError    a file or an option the user gave cannot be used     (exit code 2)
├── GraphError    a graph, node, port or parameter is wrong            (exit code 2)
├── KeyingError   a value cannot be turned into a cache key            (exit code 2)
├── StoreError    the store cannot be read or written                  (exit code 2)
│   └── DamagedError  a stored result is cut, flipped or gone; the engine makes it again
├── ModelError    a model file is missing, damaged or cannot be fetched (exit code 2)
└── NodeError     a node failed while running; carries node and inputs  (exit code 1)

A message is one line that says what is wrong, with which file or node, and what to do about it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any


class TalkgraphError(Exception):
    """Base of all deliberate errors.

    Of one that a step ended with, beside the message:

    Attributes:
        step, node: the step's name, and its node.
        inputs: port -> ``source @ digest``, the artifacts that it was given.
        failures: every step that failed in the same run, by name.
        result: what the run made all the same; its good steps can be read.
        run_id: the run that it ended.
    """

    step: str | None = None
    node: Any = None
    inputs: Mapping[str, str] = MappingProxyType({})
    failures: Mapping[str, TalkgraphError] = MappingProxyType({})
    result: Any = None
    run_id: str | None = None
    _read: Callable[[], dict[str, Any]] | None = None

    def arguments(self) -> dict[str, Any]:
        """What the failed step was called with: `error.node.run(**error.arguments())` fails again.

        Raises:
            GraphError: no step of a run in this process ended with the error.
            DamagedError: an argument is no longer in the store.
        """
        if self._read is None:
            raise GraphError("the error was not raised by a step of a run; it has no arguments")
        return self._read()

    def __reduce__(self) -> tuple[Any, ...]:
        """For other processes, where the run is not."""
        here = {"result", "failures", "_read"}
        return type(self), self.args, {k: v for k, v in vars(self).items() if k not in here}


class InputError(TalkgraphError):
    """A file or an option that the user gave cannot be used."""


class GraphError(TalkgraphError):
    """A graph, node, port or parameter is wrong."""


class KeyingError(TalkgraphError):
    """A value cannot be turned into a cache key."""


class StoreError(TalkgraphError):
    """The store cannot be read or written."""


class DamagedError(StoreError):
    """A stored result is cut, flipped or gone; the engine makes it again."""


class ModelError(TalkgraphError):
    """A model file is missing, damaged or cannot be fetched."""


class NodeError(TalkgraphError):
    """A node failed while running, by an error that is not deliberate; `node_id` names it."""

    node_id: str | None = None


def nearest(name: str, known: Iterable[str]) -> str:
    """Return `` (did you mean 'x'?)`` for the nearest known name, or an empty string."""
    found = get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f" (did you mean '{found[0]}'?)" if found else ""
