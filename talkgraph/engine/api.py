"""What can be done with a graph; the only file that looks down on all of the engine."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from talkgraph.cache.store import Store
from talkgraph.engine.declare.graph import Declaration
from talkgraph.engine.declare.networkx_view import to_networkx
from talkgraph.engine.executors import Executor
from talkgraph.engine.executors import executor as named
from talkgraph.engine.history.earlier import earlier, read_in
from talkgraph.engine.run.events import Event
from talkgraph.engine.run.plan import Plan, make_plan
from talkgraph.engine.run.request import Request
from talkgraph.engine.run.result import Result
from talkgraph.engine.run.run import run, run_many

if TYPE_CHECKING:
    import networkx


@attrs.frozen(init=False, repr=False)
class Graph(Declaration):
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

    __hash__ = None

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
        remember: bool = True,
    ) -> Result:
        """Make the output, from the store where it can.

        Args:
            inputs: values by input name.
            store: where results are kept; default: `Store()`.
            until: stop at these steps instead of the output; with a list `result.output` is a dict.
            given: values to put in the place of steps.
            force: steps to make again though they are stored; True for all.
            only: the only steps that may run, everything else must be stored or given; they are
                also what is made unless `until` says otherwise.
            on_event: called with `Started`, `Progress`, `Note`, `Finished` and `Failed`.
            executor: where steps run: "in-process" (the default), "joblib", "dask", or one made
                with `engine.executor(...)`.
            remember: whether it is one of the runs of `talkgraph runs`, whose last is ``last``; a
                look at a file is none.

        Raises:
            TalkgraphError: what a step ended with, `NodeError` if it was not deliberate; steps
                that do not depend on it were finished first. `error.result` has what was made,
                `error.node.run(**error.arguments())` does the failed step again by hand.
            StoreError: of the store, at once.
        """
        request = Request.make(self, inputs, store, until, given, force, only)
        return run(request, on_event or (lambda event: None), named(executor), remember=remember)

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
            a result for each; one that cannot be, for a file that cannot be read or a step that
            failed, has `error` and raises it when it is read.

        Raises:
            GraphError, InputError: inputs of another name or type.
            StoreError: of the store, at once.
        """
        targets = (until,) if isinstance(until, str) else tuple(until or (self.output,))
        on = store if isinstance(store, Store) else Store(store)
        emit = on_event or (lambda event: None)
        single = until is None or isinstance(until, str)
        return run_many(self, list(inputs), targets, on, emit, named(executor), single=single)

    def rerun(
        self,
        step: str,
        run: str = "last",
        *,
        store: Store | str | Path | None = None,
        on_event: Callable[[Event], None] | None = None,
        executor: Executor | str | None = None,
        **parameters: Any,
    ) -> Result:
        """One step again, on the very inputs that it had in an earlier run; nothing above it runs.

        `graph.rerun("smooth", window=9).output` is for whoever tunes one node.

        Args:
            run: start of the id of a run of this graph; default: the last that reached the step.
            store, on_event, executor: as of `run`.
            parameters: other ones than the step has in this graph.

        Raises:
            InputError: there is no such run, or something that the step read is no longer stored,
                or not what it was.
        """
        graph = self.with_params(**{step: parameters})
        on = store if isinstance(store, Store) else Store(store)
        inputs, given = read_in(earlier(on, graph, step, run), graph, step, on)
        return graph.run(
            inputs, store=on, until=step, given=given, only=step, on_event=on_event,
            executor=executor,
        )  # fmt: skip

    # -- as text and for others ------------------------------------------------------------------

    def to_yaml(self) -> str:
        """The graph as text that `from_yaml` reads back to an equal graph."""
        from talkgraph.engine.declare.graph_file import to_yaml

        return to_yaml(self)

    @classmethod
    def from_yaml(cls, text: str) -> Graph:
        """Read a graph; GraphError for anything that is not one."""
        from talkgraph.engine.declare.graph_file import from_yaml

        return from_yaml(text, cls)

    def networkx(self) -> networkx.MultiDiGraph[str]:
        """The graph for networkx, with its algorithms, layouts and drawings (`networkx_view`)."""
        return to_networkx(self)
