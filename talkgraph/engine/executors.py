"""Where a node's `run` is called. Keys, storing and order stay with the run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from talkgraph.engine.node import Node


class Executor(Protocol):
    """Calls one node with its arguments and returns its output or raises its error."""

    def execute(self, node: Node, arguments: Mapping[str, Any]) -> Any: ...  # noqa: D102


class InProcess:
    """Calls the node in this process and thread."""

    def execute(self, node: Node, arguments: Mapping[str, Any]) -> Any:
        """Call `node.run`."""
        return node.run(**arguments)  # type: ignore[attr-defined]
