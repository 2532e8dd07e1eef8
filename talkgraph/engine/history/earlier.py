"""What a step read in an earlier run: to do that one step again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from talkgraph.cache.store import Store
from talkgraph.engine.declare.graph import Declaration
from talkgraph.engine.declare.sources import parse_source
from talkgraph.engine.history.run_records import RunRecord, find, runs
from talkgraph.errors import DamagedError, InputError


def earlier(store: Store, graph: Declaration, step: str, run: str = "last") -> RunRecord:
    """The run with that id, or the last one of a graph in which a step had its inputs.

    Raises:
        InputError: there is none.
        DamagedError: its record is not what was written.
    """
    if run != "last":
        found = find(store, run)
        if found.graph != graph.name or step not in found.steps:
            raise InputError(
                f"run {found.run_id} is of graph '{found.graph}', without a step '{step}'; "
                "name a run of this graph: `talkgraph runs` lists them"
            )
        return found
    read = [name for name in _read_by(graph, step) if name not in graph.inputs]
    for one in runs(store):
        there = one.graph == graph.name and step in one.steps and one.steps[step].key is not None
        if there and all(name in one.steps and one.steps[name].key for name in read):
            return one  # what was given, as to an earlier rerun, is not kept
    raise InputError(
        f"store {store.path} remembers no run of graph '{graph.name}' that reached '{step}'; "
        "run it first"
    )


def read_in(
    run: RunRecord, graph: Declaration, step: str, store: Store
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The inputs of the graph, and the stored values of other steps, that a step read in a run.

    Raises:
        InputError: one of them is not what it was, or is no longer there.
    """
    inputs: dict[str, Any] = {}
    given: dict[str, Any] = {}
    for name in _read_by(graph, step):
        if name not in run.inputs and name not in run.steps:
            raise InputError(f"run {run.run_id} had no step or input '{name}'; name another run")
        if name not in graph.inputs:
            given[name] = _stored(run, store, name)
            continue
        inputs[name] = value = run.input_value(name, graph.inputs[name])
        if isinstance(value, Path) and store.content(value)[0] != run.inputs[name].digest:
            raise InputError(
                f"input '{name}' ({value}) has other content than in run {run.run_id}; "
                "run the graph with it"
            )
    return inputs, given


def _read_by(graph: Declaration, step: str) -> list[str]:
    """The inputs and stored steps that a step reads, also through streamed ones."""
    found: dict[str, None] = {}
    stack = list(graph.steps[step].sources.values())
    while stack:
        name = parse_source(stack.pop())[0]
        if name in graph.steps and graph.steps[name].node.transient:
            stack.extend(graph.steps[name].sources.values())
        else:
            found[name] = None
    return list(found)


def _stored(run: RunRecord, store: Store, name: str) -> Any:
    key = run.steps[name].key
    try:
        record = None if key is None else store.action(key)
        if record is not None and store.complete(record):
            return store.load(record["output"])
    except DamagedError as error:
        raise InputError(f"{error}; run the graph until '{name}' to have it again") from error
    raise InputError(
        f"what '{name}' gave in run {run.run_id} is no longer stored; run the graph until "
        f"'{name}' to have it again"
    )
