"""How an output came to be, as a small document that may travel with it.

It is made for the eyes of strangers: names of files without their folders, no host name, no user.
What is read back was written by strangers too: checked, bounded, and only ever shown.
"""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

import attrs

from talkgraph.cache.files import File
from talkgraph.cache.records import LAST_MOMENT
from talkgraph.cache.store import Store
from talkgraph.cache.upkeep import visible
from talkgraph.engine.declare.graph import Declaration
from talkgraph.engine.declare.node import Node
from talkgraph.engine.declare.ports import checked
from talkgraph.engine.declare.types import brief
from talkgraph.engine.history.run_records import RunInput, RunRecord, StepRun
from talkgraph.errors import DamagedError

LONGEST = 1 << 16  # bytes
_FORMAT = 1
_SLASH = re.compile(r"[\\/]")
_LONGEST_TEXT = 200  # characters of a name or value
_DIGITS = 16  # of digests inside the document: enough to tell values apart


@attrs.frozen
class ProvenanceStep:
    """One step, made by this run or an earlier one.

    parameters: name -> value in short, all of them; changed: those that the graph or the user set.
    inputs: port -> ``source``, with ``@ digest`` of a step's.
    seconds, created: how long it took and when (Unix time; 0 if it was not stored).
    machine: where, if not where the run was.
    """

    name: str
    node: str
    version: int
    state: str
    parameters: dict[str, str]
    changed: list[str]
    inputs: dict[str, str]
    seconds: float
    created: float
    machine: str | None


@attrs.frozen
class Provenance:
    """How a video came to be.

    content: BLAKE3 of the file as made (`boxes.digest_of_content`).
    inputs: name -> [file name or value, digest].
    steps: each after what it reads. omitted: how many did not fit, the first ones.
    """

    graph: str
    run: str
    created: float
    seconds: float
    target: str
    content: str
    inputs: dict[str, tuple[str, str]]
    steps: list[ProvenanceStep]
    omitted: int
    machine: str
    talkgraph: str
    python: str

    def to_bytes(self) -> bytes:
        """As JSON of at most `LONGEST` bytes; the first steps go if it does not fit."""
        found = self
        while True:
            data = json.dumps({"provenance": _FORMAT, **attrs.asdict(found)}).encode()
            if len(data) <= LONGEST or not found.steps:
                return data
            gone = max(1, len(found.steps) // 8)
            found = attrs.evolve(found, steps=found.steps[gone:], omitted=found.omitted + gone)

    @classmethod
    def from_bytes(cls, data: bytes) -> Provenance:
        """Read it back; ValueError if it is not one."""
        try:
            record = json.loads(data) if len(data) <= LONGEST else None
            if not isinstance(record, dict) or record.pop("provenance", None) != _FORMAT:
                raise ValueError("it is of another version")
            record = _printable(record)
            record["steps"] = [checked(ProvenanceStep, step) for step in record["steps"]]
            provenance = checked(cls, record)
            if not 0 <= provenance.created < LAST_MOMENT:
                raise ValueError("its date is none")
            return provenance
        except (TypeError, KeyError, AttributeError, RecursionError) as error:
            raise ValueError(f"{type(error).__name__}: {error}") from None


def provenance_of_run(run: RunRecord, graph: Declaration, store: Store, content: str) -> Provenance:
    """What is known of a finished run of `graph`, for an output with that BLAKE3 digest."""
    here = _machine(run.machine)
    declared = run.document["steps"] if run.document else {}
    steps = []
    for name, step in run.steps.items():
        if step.key is None and step.state != "given":
            continue  # of a branch that was not taken
        made = _action(store, step)
        machine = _machine(made.get("machine", run.machine))
        steps.append(
            ProvenanceStep(
                name=name,
                node=step.node,
                version=step.version,
                state=step.state,
                parameters=_parameters(graph.steps[name].node),
                changed=list(declared.get(name, {}).get("params", ())),
                inputs={port: _input(step, port, run) for port in step.sources},
                seconds=round(float(made.get("seconds", step.seconds)), 4),
                created=round(float(made.get("created", 0.0)), 3),
                machine=None if machine == here else machine,
            )
        )
    return Provenance(
        graph=run.graph,
        run=run.run_id,
        created=round(run.started, 3),
        seconds=round(run.seconds, 4),
        target=", ".join(run.targets),
        content=content,
        inputs={
            name: (_input_text(given), given.digest or "") for name, given in run.inputs.items()
        },
        steps=steps,
        omitted=0,
        machine=here,
        talkgraph=run.talkgraph,
        python=run.python,
    )


def _action(store: Store, step: StepRun) -> dict[str, Any]:
    """What the store knows of a step's result; nothing if it is gone."""
    try:
        return (step.key is not None and store.action(step.key)) or {}
    except DamagedError:
        return {}


def _input(step: StepRun, port: str, run: RunRecord) -> str:
    source = step.sources[port]
    digest = step.digests.get(port)
    return source if source in run.inputs or digest is None else f"{source} @ {digest[:_DIGITS]}"


def _parameters(node: Node) -> dict[str, str]:
    values = {field.name: getattr(node, field.name) for field in attrs.fields(type(node))}
    return {name: _short(value, brief(value)) for name, value in values.items()}


def _input_text(given: RunInput) -> str:
    """A file's name, or a value in short."""
    value = given.value
    return _file_name(value) if isinstance(value, str) else _short(value, given.text)


def _short(value: Any, text: str) -> str:
    """A value in short, no folder's name in it; `text` is its usual spelling."""
    if isinstance(value, File | Path):
        return _file_name(str(value.path if isinstance(value, File) else value))
    if isinstance(value, str):
        return repr(_file_name(value))
    if isinstance(value, list | tuple):
        return brief([_short(item, brief(item)) for item in value])
    return type(value).__name__ if _SLASH.search(text) else text


def _file_name(text: str) -> str:
    return _SLASH.split(text.rstrip("/\\"))[-1][:_LONGEST_TEXT]


def _machine(facts: dict[str, Any]) -> str:
    """A machine without its name."""
    parts = [facts.get("system"), facts.get("cpu"), facts.get("gpu")]
    return ", ".join(str(part) for part in parts if part)


def _printable(value: Any) -> Any:
    """JSON whose texts hold nothing that a terminal would obey, and whose numbers are finite."""
    if isinstance(value, str):
        return visible(value)
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("a number is not finite")
    if isinstance(value, list):
        return [_printable(item) for item in value]
    if isinstance(value, dict):
        return {_printable(key): _printable(item) for key, item in value.items()}
    return value
