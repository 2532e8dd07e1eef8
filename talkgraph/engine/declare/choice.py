"""Conditional branches: a step that takes one of two sources, of which only that one is made."""

from __future__ import annotations

from typing import Any

from talkgraph.engine.declare.node import Node, node


@node("choose", version=1, transient=True)
class Choose(Node):
    """Take `then` if the condition holds, else `otherwise` (None if that is not bound).

    The condition holds if it is anything but False and None; a graph input that is left out is
    None, so a graph can ask whether it was given something. What only the other branch needs is
    neither planned nor run, and its inputs may be left out.

    Example:
        >>> from talkgraph import Graph
        >>> from talkgraph.engine import Choose
        >>> graph = Graph(
        ...     "either",
        ...     inputs={"flag": bool, "a": int, "b": int},
        ...     steps={"one": Choose().on(condition="flag", then="a", otherwise="b")},
        ... )
        >>> graph.run({"flag": True, "a": 1}).output
        1
    """

    def run(self, condition: Any, then: Any, otherwise: Any = None) -> Any:
        """The chosen value; the engine itself follows the branch and never calls this."""
        return then if branch(condition) == "then" else otherwise


def branch(condition: Any) -> str:
    """The port that a condition selects."""
    return "otherwise" if condition is None or condition is False else "then"
