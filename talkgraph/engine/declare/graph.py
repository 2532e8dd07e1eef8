"""A graph: an immutable, checked declaration of steps and the edges between them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from talkgraph.cache.store import Store
from talkgraph.display import html
from talkgraph.engine.declare.node import Node
from talkgraph.engine.declare.ports import field_type, field_types, signature
from talkgraph.engine.declare.step import NestedGraph, Source, Step, flatten, parse_source, redirect
from talkgraph.engine.declare.types import coerce, fits, is_optional, type_name
from talkgraph.errors import GraphError, InputError, nearest

if TYPE_CHECKING:
    import networkx

    from talkgraph.engine.executors import Executor
    from talkgraph.engine.run.events import Event
    from talkgraph.engine.run.plan import Plan
    from talkgraph.engine.run.result import Result

__all__ = ["Graph", "NestedGraph", "Source", "Step", "parse_source"]

NAME = re.compile(r"[A-Za-z_][\w-]*(/[A-Za-z_][\w-]*)*\Z")


@attrs.frozen(init=False, repr=False)
class Graph:
    """Steps by name, the inputs they start from and the one that is wanted.

    Args:
        name: names the graph in messages and in the history that explains reruns.
        inputs: type of each input; one whose type admits None may be left out of a run.
        steps: `Node.on(port="source")` or `Graph.on(input="source")` by name.
        output: the step (or ``step.field``) that `run` returns; default: the last step.

    Raises:
        GraphError: the first thing that is wrong, with the names, types and the fix.

    Example:
        >>> from talkgraph import Node, node
        >>> @node("example_twice", version=1)
        ... class Twice(Node):
        ...     def run(self, value: int) -> int:
        ...         return 2 * value
        >>> graph = Graph("double", inputs={"x": int}, steps={"twice": Twice().on(value="x")})
        >>> graph.run({"x": 2}).output
        4
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
            hint = nearest(field, known) or (f"; it has {', '.join(known)}" if known else "")
            raise GraphError(
                f"{where}: '{name}' ({type_name(self._types[name])}) has no field '{field}'{hint}"
            ) from None

    @cached_property
    def order(self) -> tuple[str, ...]:
        """Step names, each after what it reads, otherwise as declared; GraphError on a cycle."""
        done: dict[str, None] = {}
        for start in self.steps:
            open_ = {start: iter(self._upstream(start))}  # a path upwards; no recursion
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
                    open_[missing] = iter(self._upstream(missing))
        return tuple(done)

    def _upstream(self, name: str) -> list[str]:
        names = [parse_source(source)[0] for source in self.steps[name].sources.values()]
        return [above for above in dict.fromkeys(names) if above in self.steps]

    def needed_for(self, targets: Iterable[str], given: Iterable[str] = ()) -> list[str]:
        """Step names that the targets depend on, themselves included; given ones need nothing."""
        stop = set(given)
        wanted: set[str] = set()
        stack = [parse_source(target)[0] for target in targets]
        while stack:
            name = stack.pop()
            if name in self.steps and name not in wanted:
                wanted.add(name)
                stack.extend([] if name in stop else self._upstream(name))
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

    def replace(self, **steps: Node | Step) -> Graph:
        """Another graph with some steps swapped; a bare node keeps the place of the old one.

        A step inside a nested graph is named with `replace(**{"outer/inner": ...})`.
        """
        changed = dict(self.steps)
        for name, step in steps.items():
            sources = self._step(name).sources
            changed[name] = step if isinstance(step, Step) else Step(step, sources)
        return Graph(self.name, inputs=self.inputs, steps=changed, output=self.output)

    def with_params(self, **parameters: Mapping[str, Any]) -> Graph:
        """Another graph with other parameters: `with_params(motion={"frames": 5})`."""
        return self.replace(
            **{name: self._step(name).node.with_params(**new) for name, new in parameters.items()}
        )

    def subgraph(self, *outputs: str) -> Graph:
        """Only what the outputs need; the first of them becomes the output."""
        for output in outputs:
            self.source_type(output, f"subgraph of '{self.name}'")
        needed = set(self.needed_for(outputs))
        steps = {name: step for name, step in self.steps.items() if name in needed}
        used = {parse_source(s)[0] for step in steps.values() for s in step.sources.values()}
        inputs = {name: type_ for name, type_ in self.inputs.items() if name in used}
        return Graph(self.name, inputs=inputs, steps=steps, output=outputs[0])

    def on(self, **sources: str) -> NestedGraph:
        """Place this graph as a step of another: `input="step"`."""
        self._check_inputs(sources)
        return NestedGraph(self, sources)

    def _step(self, name: str) -> Step:
        if name not in self.steps:
            hint = nearest(name, self.steps) or f"; its steps are {', '.join(self.steps)}"
            raise GraphError(f"graph '{self.name}' has no step '{name}'{hint}")
        return self.steps[name]

    # -- as text and as value --------------------------------------------------------------------

    def to_yaml(self) -> str:
        """The graph as text that `from_yaml` reads back to an equal graph."""
        from talkgraph.engine.declare.graph_file import to_yaml

        return to_yaml(self)

    @classmethod
    def from_yaml(cls, text: str) -> Graph:
        """Read a graph; GraphError for anything that is not one."""
        from talkgraph.engine.declare.graph_file import from_yaml

        return from_yaml(text)

    __hash__ = None  # type: ignore[assignment]

    _repr_html_ = html

    def __repr__(self) -> str:
        return f"Graph({self.name!r}, {len(self.steps)} steps, output={self.output!r})"

    def to_networkx(self) -> networkx.MultiDiGraph[str]:
        """The graph for networkx: its algorithms, layouts and drawings."""
        from talkgraph.engine.declare.networkx_view import to_networkx

        return to_networkx(self)

    # -- planning and running --------------------------------------------------------------------

    def plan(
        self,
        inputs: Mapping[str, Any] | None = None,
        *,
        store: Store | str | Path | None = None,
        until: str | Iterable[str] | None = None,
        given: Mapping[str, Any] | None = None,
        force: bool | str | Iterable[str] = (),
        only: str | Iterable[str] | None = None,
    ) -> Plan:
        """What `run` with the same arguments would do, and why. Runs nothing."""
        from talkgraph.engine.run.plan import make_plan
        from talkgraph.engine.run.request import Request

        return make_plan(Request.make(self, inputs, store, until, given, force, only))

    def run(
        self,
        inputs: Mapping[str, Any] | None = None,
        *,
        store: Store | str | Path | None = None,
        until: str | Iterable[str] | None = None,
        given: Mapping[str, Any] | None = None,
        force: bool | str | Iterable[str] = (),
        only: str | Iterable[str] | None = None,
        on_event: Callable[[Event], None] | None = None,
        executor: Executor | str | None = None,
    ) -> Result:
        """Make the output, from the store where it can.

        Args:
            inputs: values by input name.
            store: where results are kept; default: `Store()`.
            until: stop at these steps instead of the output.
            given: values to put in the place of steps.
            force: steps to make again though they are stored; True for all.
            only: the only steps that may run, everything else must be stored or given; they are
                also what is made unless `until` says otherwise.
            on_event: called with `Started`, `Progress`, `Note`, `Finished` and `Failed`.
            executor: where steps run: "in-process" (the default), "joblib", "dask", or one made
                with `engine.executor(...)`.

        Raises:
            NodeError: a node failed; steps that do not depend on it were finished first.
            InputError, StoreError, ModelError: as raised by a node or the store, at once.
        """
        from talkgraph.engine import executors
        from talkgraph.engine.run.request import Request
        from talkgraph.engine.run.run import run

        request = Request.make(self, inputs, store, until, given, force, only)
        return run(request, on_event or (lambda event: None), executors.executor(executor))

    def map(
        self,
        inputs: Iterable[Mapping[str, Any]],
        *,
        store: Store | str | Path | None = None,
        until: str | Iterable[str] | None = None,
        on_event: Callable[[Event], None] | None = None,
        executor: Executor | str | None = None,
    ) -> list[Result]:
        """Run over many inputs at once; what several have in common is done once.

        Args:
            inputs: as of `run`, for each result; `itertools.product` makes all combinations.
            store, until, on_event, executor: as of `run`. Events name steps by the inputs that they
                depend on: ``motion/audio-1/video-2``.

        Returns:
            a result for each; one whose node failed has `error` and raises it when it is read.

        Raises:
            InputError, StoreError, ModelError: as raised by a node or the store, at once.
        """
        from talkgraph.engine.executors import executor as named
        from talkgraph.engine.run.run import run_many

        targets = (until,) if isinstance(until, str) else tuple(until or (self.output,))
        on = store if isinstance(store, Store) else Store(store)
        emit = on_event or (lambda event: None)
        return run_many(self, list(inputs), targets, on, emit, named(executor))


def _fix(source: str, given: Any, wanted: Any) -> str:
    """What to do about a source whose type does not fit the port that reads it."""
    if isinstance(given, type) and attrs.has(given):
        for name, type_ in field_types(given).items():
            if fits(type_, wanted):
                return f"bind '{source}.{name}'"
    if is_optional(given) and not is_optional(wanted):
        return "it may be None: bind one that never is, or let the port take None"
    return "bind a source of that type"
