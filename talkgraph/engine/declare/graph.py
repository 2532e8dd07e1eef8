"""A graph: an immutable, checked declaration of steps and the edges between them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any, Self

import attrs

from talkgraph.display import html
from talkgraph.engine.declare.node import Node, Step, copied
from talkgraph.engine.declare.ports import field_type, field_types, signature
from talkgraph.engine.declare.sources import parse_source, redirect, redirected
from talkgraph.engine.declare.types import brief, coerce, fits, is_optional, type_name
from talkgraph.errors import GraphError, InputError, nearest

NAME = re.compile(r"[A-Za-z_][\w-]*(/[A-Za-z_][\w-]*)*\Z")


@attrs.frozen(init=False, repr=False)
class Declaration:
    """Steps by name, the inputs they start from and the one that is wanted; see `Graph`, which adds
    what can be done with it.
    """

    name: str
    inputs: Mapping[str, Any]
    steps: Mapping[str, Step]
    output: str
    _types: dict[str, Any] = attrs.field(init=False, eq=False, factory=dict)  # inputs and steps

    def __init__(
        self,
        name: str,
        *,
        inputs: Mapping[str, Any] | None = None,
        steps: Mapping[str, Step | NestedGraph],
        output: str | None = None,
    ) -> None:
        if not steps:
            raise GraphError(f"graph '{name}' has no steps; give at least one")
        flat, ends = flatten(name, steps)
        last = output if output is not None else list(steps)[-1]
        self.__attrs_init__(
            name=name, inputs=dict(inputs or {}), steps=flat, output=redirect(last, ends)
        )
        self._check()

    # -- checks ----------------------------------------------------------------------------------

    def _check(self) -> None:
        for name in (*self.inputs, *self.steps):
            if not NAME.match(name):
                raise GraphError(
                    f"graph '{self.name}': '{name}' is no name; use letters, digits, _ and -"
                )
        for name in self.inputs:
            if name in self.steps:
                raise GraphError(
                    f"graph '{self.name}': '{name}' is an input and a step; rename one"
                )
        self._types.update(self.inputs)
        for name in self.order:
            self._check_step(name, self.steps[name])
            self._types[name] = signature(type(self.steps[name].node)).output
        self.source_type(self.output, "the output")

    def _check_step(self, name: str, step: Step) -> None:
        where = f"step '{name}' ({step.node.node_id})"
        ports = signature(type(step.node)).inputs
        for port, source in step.sources.items():
            if port not in ports:
                hint = nearest(port, ports) or f"; its ports are {', '.join(ports) or 'none'}"
                raise GraphError(f"{where} has no port '{port}'{hint}")
            given = self.source_type(source, f"{where}, port '{port}'")
            wanted = ports[port].type
            if not fits(given, wanted):
                raise GraphError(
                    f"{where}: port '{port}' takes {type_name(wanted)}, "
                    f"but '{source}' is {type_name(given)}; {_fix(source, given, wanted)}"
                )
        for port, facts in ports.items():
            if facts.required and port not in step.sources:
                raise GraphError(
                    f"{where}: port '{port}' ({type_name(facts.type)}) is not bound; "
                    f"add {port}=... to .on(...)"
                )

    def source_type(self, source: str, where: str = "source") -> Any:
        """Type of what ``"step.field"`` gives; GraphError if there is no such source."""
        name, path = parse_source(source)
        if name not in self._types:
            hint = nearest(name, [*self.inputs, *self.steps])
            raise GraphError(f"{where}: there is no step or input '{name}'{hint}")
        try:
            return field_type(self._types[name], path)
        except LookupError as error:
            field, known = error.args
            whole = ".".join([name, *path[: path.index(field)]])
            has = f"; it has {', '.join(known)}" if known else f"; take '{whole}' itself"
            hint = nearest(field, known) or has
            raise GraphError(
                f"{where}: '{name}' ({type_name(self._types[name])}) has no field '{field}'{hint}"
            ) from None

    @cached_property
    def order(self) -> tuple[str, ...]:
        """Step names, each after what it reads, otherwise as declared; GraphError on a cycle."""
        done: dict[str, None] = {}
        for start in self.steps:
            open_ = {start: iter(self.above[start])}  # a path upwards; no recursion
            while open_:
                name, above = next(reversed(open_.items()))
                missing = next((one for one in above if one not in done), None)
                if missing is None:
                    del open_[name]
                    done[name] = None
                elif missing in open_:
                    names = list(open_)
                    circle = " -> ".join([*names[names.index(missing) :], missing])
                    raise GraphError(
                        f"graph '{self.name}': cycle: {circle}; cut one of these edges"
                    )
                else:
                    open_[missing] = iter(self.above[missing])
        return tuple(done)

    @cached_property
    def above(self) -> dict[str, tuple[str, ...]]:
        """The other steps that each step reads, each once."""
        found = {}
        for name, step in self.steps.items():
            names = {source.partition(".")[0]: None for source in step.sources.values()}
            found[name] = tuple([one for one in names if one in self.steps])
        return found

    def needed_for(self, targets: Iterable[str], given: Iterable[str] = ()) -> list[str]:
        """Step names that the targets depend on, themselves included; given ones need nothing."""
        stop = set(given)
        wanted: set[str] = set()
        stack = [parse_source(target)[0] for target in targets]
        while stack:
            name = stack.pop()
            if name in self.steps and name not in wanted:
                wanted.add(name)
                stack.extend(() if name in stop else self.above[name])
        return [name for name in self.order if name in wanted]

    def bind(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """Check the values of inputs and give None to those left out that admit it.

        Raises:
            GraphError: an unknown input.
            InputError: a value of another type.
        """
        self._check_inputs(inputs)
        bound: dict[str, Any] = {}
        for name, type_ in self.inputs.items():
            if name in inputs:
                try:
                    bound[name] = coerce(inputs[name], type_)
                except TypeError as error:
                    raise InputError(f"input '{name}' of graph '{self.name}': {error}") from None
            elif is_optional(type_):
                bound[name] = None
        return bound

    def _check_inputs(self, names: Iterable[str]) -> None:
        for name in names:
            if name not in self.inputs:
                hint = nearest(name, self.inputs) or f"; it has {', '.join(self.inputs) or 'none'}"
                raise GraphError(f"graph '{self.name}' has no input '{name}'{hint}")

    # -- other graphs from this one --------------------------------------------------------------

    def replace(self, **steps: Node | Step) -> Self:
        """Another graph with some steps swapped; a bare node keeps the place of the old one.

        What the old node read and the new one has no port for is left out. A step inside a nested
        graph is named with `replace(**{"outer/inner": ...})`.
        """
        changed = dict(self.steps)
        for name, step in steps.items():
            read = self._step(name).sources
            changed[name] = step if isinstance(step, Step) else _placed(step, read)
        return type(self)(self.name, inputs=self.inputs, steps=changed, output=self.output)

    def add(self, **steps: Step) -> Self:
        """Another graph with more steps: `add(regressor=LoadNetwork(...).on())`."""
        for name in steps:
            if name in self.steps:
                raise GraphError(f"graph '{self.name}' has a step '{name}'; swap it with replace")
        return type(self)(
            self.name, inputs=self.inputs, steps={**self.steps, **steps}, output=self.output
        )

    def after(self, name: str, *, port: str | None = None, **step: Node | Step) -> Self:
        """Another graph with a step put in behind one: `after("motion", bolder=Exaggerate())`.

        All that read the step or input `name`, or fields of it, read the new step, and the output
        follows. A bare node reads it through `port`: by default the only port that must be bound
        and takes its type. One with other ports to bind is placed: `Mix().on(one="motion", ...)`.
        """
        if len(step) != 1:
            raise GraphError(f"after('{name}', ...): put in one step at a time")
        ((added, placed),) = step.items()
        given = self.source_type(name, f"step '{added}'")
        if added in self._types:
            raise GraphError(f"graph '{self.name}' has a step '{added}'; give another name")
        if isinstance(placed, Node):
            ports = signature(type(placed)).inputs
            needed = [one for one, facts in ports.items() if facts.required]
            fit = [one for one in needed if fits(given, ports[one].type)]
            if port is None and len(needed) != 1 and len(fit) != 1:
                raise GraphError(
                    f"step '{added}' ({placed.node_id}) has to read {', '.join(needed) or 'none'}; "
                    "place it with .on(...), or name one with port=..."
                )
            placed = placed.on(**{port or (fit or needed)[0]: name})
        elif port is not None:
            placed = Step(placed.node, {**placed.sources, port: name})
        ends = {name: added}
        steps = {added: placed} if name in self.inputs else {}
        for one, old in self.steps.items():
            steps[one] = Step(old.node, redirected(old.sources, ends))
            steps.update({added: placed} if one == name else {})
        output = redirect(self.output, ends)
        return type(self)(self.name, inputs=self.inputs, steps=steps, output=output)

    def with_params(self, **parameters: Mapping[str, Any]) -> Self:
        """Another graph with other parameters: `with_params(motion={"frames": 5})`."""
        for name, new in parameters.items():
            if not isinstance(new, Mapping):
                raise GraphError(
                    f"step '{name}': expected parameters by name, as {{'frames': 5}}, "
                    f"got {type(new).__name__} {brief(new)}"
                )
        return self.replace(
            **{name: self._step(name).node.with_params(**new) for name, new in parameters.items()}
        )

    def subgraph(self, *outputs: str) -> Self:
        """Only what the outputs need; the first of them becomes the output."""
        for output in outputs:
            self.source_type(output, f"subgraph of '{self.name}'")
        needed = set(self.needed_for(outputs))
        steps = {name: step for name, step in self.steps.items() if name in needed}
        used = {parse_source(s)[0] for step in steps.values() for s in step.sources.values()}
        inputs = {name: type_ for name, type_ in self.inputs.items() if name in used}
        return type(self)(self.name, inputs=inputs, steps=steps, output=outputs[0])

    def on(self, **sources: str) -> NestedGraph:
        """Place this graph as a step of another: `input="step"`."""
        self._check_inputs(sources)
        return NestedGraph(self, sources)

    def _step(self, name: str) -> Step:
        if name not in self.steps:
            hint = nearest(name, self.steps) or f"; its steps are {', '.join(self.steps)}"
            raise GraphError(f"graph '{self.name}' has no step '{name}'{hint}")
        return self.steps[name]

    __hash__ = None  # type: ignore[assignment]

    _repr_html_ = html

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}({self.name!r}, {len(self.steps)} steps, output={self.output!r})"
        )


@attrs.frozen
class NestedGraph:
    """A graph in the place of a step; its steps are named ``step/inner``."""

    graph: Declaration
    sources: Mapping[str, str] = attrs.field(converter=copied)


def flatten(
    graph_name: str, steps: Mapping[str, Step | NestedGraph]
) -> tuple[dict[str, Step], dict[str, str]]:
    """Replace nested graphs by their steps; also where each nested graph's value comes from."""
    ends = {
        name: f"{name}/{entry.graph.output}"
        for name, entry in steps.items()
        if isinstance(entry, NestedGraph)
    }
    flat: dict[str, Step] = {}
    for name, entry in steps.items():
        if isinstance(entry, Step):
            flat[name] = Step(entry.node, redirected(entry.sources, ends))
        elif isinstance(entry, NestedGraph):
            bound = redirected(entry.sources, ends)
            bound |= {inner: f"{name}/{inner}" for inner in entry.graph.steps}
            for inner, step in entry.graph.steps.items():
                sources = {p: s for p, s in step.sources.items() if parse_source(s)[0] in bound}
                flat[bound[inner]] = Step(step.node, redirected(sources, bound))
        else:
            raise GraphError(
                f"graph '{graph_name}': step '{name}' is a {type(entry).__name__}; "
                "write Node(...).on(port='source')"
            )
    return flat, ends


def _placed(node: Node, sources: Mapping[str, str]) -> Step:
    """A node in the place of another: it reads what it has ports for."""
    ports = signature(type(node)).inputs
    return Step(node, {port: source for port, source in sources.items() if port in ports})


def _fix(source: str, given: Any, wanted: Any) -> str:
    """What to do about a source whose type does not fit the port that reads it."""
    if isinstance(given, type) and attrs.has(given):
        for name, type_ in field_types(given).items():
            if fits(type_, wanted):
                return f"bind '{source}.{name}'"
    if is_optional(given) and not is_optional(wanted):
        return "it may be None: bind one that never is, or let the port take None"
    return "bind a source of that type"
