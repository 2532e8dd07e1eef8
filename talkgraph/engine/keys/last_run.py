"""What each step of a graph was last made from; kept so that a rerun can be explained."""

from __future__ import annotations

import attrs

from talkgraph.cache.records import Record
from talkgraph.cache.store import Store
from talkgraph.engine.declare.ports import checked
from talkgraph.engine.declare.types import coerce
from talkgraph.engine.keys.keying import Ingredients


class LastRun:
    """The last ingredients of the steps of one graph, by step name and node id.

    Advisory: what two processes write at once may be lost, and nothing but a reason depends on it.
    """

    def __init__(self, store: Store, graph: str) -> None:
        self._store = store
        self._graph = graph
        self._known: Record | None = None
        self._steps: Record = {}
        self._code: Record = {}

    def last(self, step: str, node_id: str) -> Record | None:
        """What the step was made from when it last ran or was reused, code parts included.

        Where it had another node so far: ``{"instead": id of that node}``.
        """
        known = self._read()
        found = known["steps"].get(f"{step} {node_id}")
        if found is None:
            others = [name for name in known["steps"] if name.startswith(f"{step} ")]
            return {"instead": others[-1].partition(" ")[2]} if others else None
        try:  # another version of talkgraph may have written something else
            parts = coerce(known["code"].get(found["code"], {}), dict[str, str])
            return {**attrs.asdict(checked(_MadeFrom, found)), "parts": parts}
        except (TypeError, KeyError):
            return None

    def note(self, step: str, node_id: str, made_from: Ingredients) -> None:
        """Remember what the step is made from now; written by `save`."""
        name = f"{step} {node_id}"
        last = self._read()["steps"].get(name)
        if not isinstance(last, dict) or last.get("key") != made_from.key:
            self._steps[name] = made_from.record()
            self._code[made_from.code.digest] = made_from.code.parts

    def save(self) -> None:
        """Write what is new."""
        if self._steps:
            self._known = None
            known = self._read()
            steps = {**known["steps"], **self._steps}
            used = {str(step.get("code")) for step in steps.values() if isinstance(step, dict)}
            code = {k: v for k, v in {**known["code"], **self._code}.items() if k in used}
            self._known = {"steps": steps, "code": code}
            self._store.remember("last_runs", self._graph, self._known)
            self._steps, self._code = {}, {}

    def _read(self) -> Record:
        if self._known is None:
            known = self._store.memo("last_runs", self._graph) or {}
            parts = {name: known.get(name) for name in ("steps", "code")}
            self._known = {k: part if isinstance(part, dict) else {} for k, part in parts.items()}
        return self._known


@attrs.frozen
class _MadeFrom:
    """What `Ingredients.record` gives."""

    key: str
    version: int
    code: str
    parameters: dict[str, tuple[str, str]]
    inputs: dict[str, tuple[str, str]]
    values: dict[str, str]
