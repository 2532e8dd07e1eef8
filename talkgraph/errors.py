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

from collections.abc import Iterable
from difflib import get_close_matches


class TalkgraphError(Exception):
    """Base of all deliberate errors.

    `step` names the graph step that was running, `run_id` the run that it ended, if any.
    """

    step: str | None = None
    run_id: str | None = None


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
    """A node failed while running.

    Attributes:
        node_id: the id of the node.
        inputs: port -> ``source @ digest``, the artifacts it was given.
        failures: every step that failed in the same run, by name.
    """

    node_id: str | None = None

    def __init__(self, *args: object) -> None:
        super().__init__(*args)
        self.inputs: dict[str, str] = {}
        self.failures: dict[str, NodeError] = {}


def nearest(name: str, known: Iterable[str]) -> str:
    """Return `` (did you mean 'x'?)`` for the nearest known name, or an empty string."""
    found = get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f" (did you mean '{found[0]}'?)" if found else ""
