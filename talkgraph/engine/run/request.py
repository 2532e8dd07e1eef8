"""What was asked for: the checked arguments of `plan` and `run`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import attrs

from talkgraph.cache.store import Store
from talkgraph.engine.declare.graph import Declaration
from talkgraph.engine.declare.ports import signature
from talkgraph.engine.declare.sources import parse_source
from talkgraph.engine.declare.types import brief, coerce
from talkgraph.errors import GraphError, InputError, TalkgraphError, nearest


@attrs.frozen(eq=False)
class Request:
    """A graph, the values of its inputs, and which steps are wanted, given, forced or allowed."""

    graph: Declaration
    inputs: Mapping[str, Any]
    store: Store
    targets: tuple[str, ...]
    single: bool  # whether one target was asked for, not a list
    given: Mapping[str, Any]
    force: frozenset[str]
    only: frozenset[str] | None
    steps: tuple[str, ...]  # what the targets may need, each after what it reads

    @classmethod
    def make(
        cls,
        graph: Declaration,
        inputs: Mapping[str, Any] | None,
        store: Store | str | Path | None,
        until: str | Iterable[str] | None,
        given: Mapping[str, Any] | None,
        force: bool | str | Iterable[str],
        only: str | Iterable[str] | None,
    ) -> Request:
        """Check every name and type; GraphError or InputError says which is wrong."""
        allowed = None if only is None else _names(graph, only, "only")
        forced = tuple(graph.steps) if force is True else _names(graph, force or (), "force")
        targets: tuple[str, ...] = (graph.output,)
        if until is not None:
            targets = (until,) if isinstance(until, str) else tuple(until)
            for target in targets:
                graph.source_type(target, f"until of graph '{graph.name}'")
        elif allowed is not None:
            targets = allowed
        values = {}
        for name, value in (given or {}).items():
            _names(graph, name, "given")
            try:
                values[name] = coerce(value, signature(type(graph.steps[name].node)).output)
            except TypeError as error:
                raise InputError(f"given value of step '{name}': {error}") from None
        if not isinstance(inputs, Mapping | None):
            raise GraphError(
                f"graph '{graph.name}': expected inputs by name, as {{'audio': path}}, "
                f"got {type(inputs).__name__} {brief(inputs)}"
            )
        bound = graph.bind(inputs or {})
        steps = tuple(graph.needed_for(targets, values))
        request = cls(
            graph=graph,
            inputs=bound,
            store=store if isinstance(store, Store) else Store(store),
            targets=targets,
            single=(only if until is None else until) is None or isinstance(until or only, str),
            given=values,
            force=frozenset(forced),
            only=None if allowed is None else frozenset(allowed),
            steps=steps,
        )
        request.check_inputs(steps, targets)
        return request

    def check_inputs(self, steps: Iterable[str], targets: Iterable[str]) -> None:
        """GraphError if an input was left out that steps or targets read."""
        read = {
            s for n in steps if n not in self.given for s in self.graph.steps[n].sources.values()
        }
        for source in (*targets, *sorted(read)):
            name = parse_source(source)[0]
            if name in self.graph.inputs and name not in self.inputs:
                raise GraphError(f"graph '{self.graph.name}' needs input '{name}'; give {name}=...")


def request_of_row(
    row: int, graph: Declaration, inputs: Mapping[str, Any], store: Store, targets: tuple[str, ...]
) -> Request:
    """One of many requests, by its own names; what is wrong with it is said of its row."""
    try:
        return Request.make(graph, inputs, store, targets, None, (), None)
    except TalkgraphError as error:
        error.args = (f"row {row} of the inputs, counted from 0: {error}",)
        raise


def _names(graph: Declaration, names: str | bool | Iterable[str], what: str) -> tuple[str, ...]:
    found = (names,) if isinstance(names, str) else tuple(names)  # type: ignore[arg-type]
    for name in found:
        if name not in graph.steps:
            hint = nearest(name, graph.steps)
            raise GraphError(f"{what}: graph '{graph.name}' has no step '{name}'{hint}")
    return found
