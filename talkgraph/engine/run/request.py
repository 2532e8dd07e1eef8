"""What was asked for: the checked arguments of `plan` and `run`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import attrs

from talkgraph.cache.store import Store
from talkgraph.engine.declare.choice import Choose, branch
from talkgraph.engine.declare.graph import Graph
from talkgraph.engine.declare.ports import signature
from talkgraph.engine.declare.step import Step, parse_source
from talkgraph.engine.declare.types import coerce
from talkgraph.errors import GraphError, InputError, nearest


@attrs.frozen(eq=False)
class Request:
    """A graph, the values of its inputs, and which steps are wanted, given, forced or allowed."""

    graph: Graph
    inputs: Mapping[str, Any]
    store: Store
    targets: tuple[str, ...]
    given: Mapping[str, Any]
    force: frozenset[str]
    only: frozenset[str] | None
    steps: tuple[str, ...]  # what the targets may need, each after what it reads

    @classmethod
    def make(
        cls,
        graph: Graph,
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
        bound = graph.bind(inputs or {})
        steps = tuple(graph.needed_for(targets, values))
        request = cls(
            graph=graph,
            inputs=bound,
            store=store if isinstance(store, Store) else Store(store),
            targets=targets,
            given=values,
            force=frozenset(forced),
            only=None if allowed is None else frozenset(allowed),
            steps=steps,
        )
        request._check_inputs()
        return request

    def _check_inputs(self) -> None:
        """Miss an input before anything runs, unless only a branch that is not taken needs it."""
        seen: set[str] = set()
        stack = [parse_source(target)[0] for target in self.targets]
        while stack:
            name = stack.pop()
            if name in seen or name in self.given:
                continue
            seen.add(name)
            if name in self.graph.inputs:
                self.check_given(name)
                continue
            step = self.graph.steps[name]
            chooses = isinstance(step.node, Choose)
            sources = self._decided(step) if chooses else step.sources.values()
            stack.extend(parse_source(source)[0] for source in sources)

    def _decided(self, choice: Step) -> list[str]:
        """What a choice needs for certain: its condition, or the branch if an input decides."""
        name, path = parse_source(choice.sources["condition"])
        if name not in self.graph.inputs or path:
            return [name]
        chosen = choice.sources.get(branch(self.inputs.get(name)))
        return [] if chosen is None else [chosen]

    def check_given(self, name: str) -> None:
        """GraphError if an input was left out that is needed after all."""
        if name in self.graph.inputs and name not in self.inputs:
            raise GraphError(f"graph '{self.graph.name}' needs input '{name}'; give {name}=...")


def _names(graph: Graph, names: str | bool | Iterable[str], what: str) -> tuple[str, ...]:
    found = (names,) if isinstance(names, str) else tuple(names)  # type: ignore[arg-type]
    for name in found:
        if name not in graph.steps:
            hint = nearest(name, graph.steps)
            raise GraphError(f"{what}: graph '{graph.name}' has no step '{name}'{hint}")
    return found
