"""What differs between two runs: inputs, steps, parameters, code, results and their figures."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, Literal

import attrs

from talkgraph.cache.keys import Tree
from talkgraph.engine.history.run_records import RunInput, RunRecord, StepRun

_FIGURES = 100  # of one result: more are data, not figures
_SHOWN = 12  # digits of a digest

What = Literal[
    "input", "step", "node", "state", "port", "parameter", "code", "result", "figure",
]  # fmt: skip


@attrs.frozen
class Difference:
    """One thing that is not the same.

    what: ``step`` where only one run has it, ``result`` where only its digest tells.
    step: whose it is; None for an input of the run.
    name: of the input, port, parameter or figure; empty where there is but one.
    before, after: in short; None where there is none.
    """

    what: What
    step: str | None
    name: str
    before: str | None
    after: str | None

    @property
    def about(self) -> str:
        """What it is about, in a phrase: ``parameter gain``."""
        return f"{self.what} {self.name}".strip()


def differences(before: RunRecord, after: RunRecord) -> list[Difference]:
    """All that differs, inputs first, then step by step in the order of the graph."""
    found = [
        Difference("input", None, name, _text(one), _text(other))
        for name, one, other in _pairs(before.inputs, after.inputs)
        if one is None or other is None or _content(one) != _content(other)
    ]
    for name, was, now in _pairs(before.steps, after.steps):
        found.extend(Difference(one[0], name, *one[1:]) for one in _of_step(was, now))
    return found


_Facts = tuple[What, str, str | None, str | None]


def _of_step(was: StepRun | None, now: StepRun | None) -> Iterator[_Facts]:
    if was is None or now is None:
        yield "step", "", None if was is None else _node(was), None if now is None else _node(now)
        return
    if _node(was) != _node(now):
        yield "node", "", _node(was), _node(now)
    if was.state != now.state and (was.state.unmade or now.state.unmade):
        yield "state", "", was.state, now.state
    yield from (("port", *one) for one in _pairs(was.sources, now.sources) if one[1] != one[2])
    parameters = _pairs(was.parameters, now.parameters)
    yield from (("parameter", *one) for one in parameters if one[1] != one[2])
    if was.code and now.code and was.code != now.code:
        yield "code", "", was.code[:_SHOWN], now.code[:_SHOWN]
    figures = [one for one in _pairs(was.figures, now.figures) if one[1] != one[2]]
    for name, first, second in figures:
        yield "figure", name, _number(first), _number(second)
    if was.result and now.result and was.result != now.result and not figures:
        yield "result", "", was.result[:_SHOWN], now.result[:_SHOWN]


def _pairs(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    for name in dict.fromkeys([*after, *before]):
        yield name, before.get(name), after.get(name)


def _content(one: RunInput) -> str:
    return one.digest or one.text


def _text(one: RunInput | None) -> str | None:
    return None if one is None else one.text


def _node(step: StepRun) -> str:
    return f"{step.node} v{step.version}"


def _number(value: float | None) -> str | None:
    return None if value is None else f"{value:.6g}"


def figures_of(tree: Tree) -> dict[str, float]:
    """The finite numbers of a stored result by the path of their fields; none where they are many.

    Raises:
        ValueError: the tree is not one that `codecs` made; so do TypeError, KeyError.
    """
    found: dict[str, float] = {}
    pending: list[tuple[str, Tree]] = [("", tree)]
    while pending:
        path, part = pending.pop()
        if isinstance(part, bool):
            found[path] = float(part)
        if not isinstance(part, dict):
            continue
        [(kind, body)] = part.items()
        dot = path and f"{path}."
        if kind == "int":
            found[path] = float(int(body, 16) if isinstance(body, str) else body)
        elif kind == "float":
            found[path] = float.fromhex(body)
        elif kind == "value":
            pending.extend((f"{dot}{name}", one) for name, one in reversed(body[1].items()))
        elif kind == "dict":
            pending.extend((f"{dot}{name}", one) for name, one in reversed(body))
        elif kind in ("list", "tuple"):
            pending.extend((f"{dot}{i}", one) for i, one in reversed(list(enumerate(body))))
        if len(found) > _FIGURES:
            return {}
    return {path: number for path, number in found.items() if math.isfinite(number)}
