"""Keys of the chunks of a stream, for nodes that declare how far they look.

Where a node says that frame t of its output depends on frames t - before to t + after of a port
alone, a chunk of its output depends on a window of that port: it is found again after a change
outside that window, as when the last second of a speech is another one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from talkgraph.cache.arrays import array_leaf, plain_array
from talkgraph.cache.codecs import field_of
from talkgraph.cache.keys import FORMAT, Tree, digest_tree
from talkgraph.cache.store import Store
from talkgraph.cache.values import per_frame_fields
from talkgraph.engine.declare.node import Step
from talkgraph.engine.declare.sources import parse_source
from talkgraph.engine.keys.keying import UNKNOWN, Ingredients
from talkgraph.engine.run.values_of_run import Known


class Windows:
    """Chunk keys of one step and of the transient steps that it reads."""

    def __init__(self, known: Known, found: Mapping[str, Ingredients], store: Store) -> None:
        self._known = known
        self._found = found
        self._store = store
        self._arrays: dict[str, Any] = {}

    def stem(self, name: str, step: Step) -> str:
        """Digest of all that every chunk of a step depends on."""
        found = self._found[name]
        windowed = {parse_source(path)[0] for path in step.node.receptive_field}
        return digest_tree(
            [
                "stream", FORMAT, step.node.node_id, found.version, found.code.digest,
                {one: digest for one, (digest, _) in found.parameters.items()},
                {port: d for port, (d, _) in found.inputs.items() if port not in windowed},
            ]
        )  # fmt: skip

    def key(self, name: str, step: Step, start: int, stop: int) -> str:
        """Key of frames `start` to `stop` of a step's output."""
        windows = {}
        for path, (before, after) in step.node.sight(step.sources).items():
            port, fields = parse_source(path)
            if port in step.sources:
                source = ".".join([step.sources[port], *fields])
                whole = self._found[name].inputs[port][0]
                windows[path] = self._window(source, whole, max(start - before, 0), stop + after)
        return digest_tree(["chunk", self.stem(name, step), start, stop, windows])

    def _window(self, source: str, whole: str, start: int, stop: int) -> str:
        """Digest of frames `start` to `stop` of a source; of the whole where it has no frames."""
        name, path = parse_source(source)
        known = self._known.table.get(name)
        if known is not None and known.is_stored:
            return digest_tree(self._cut(field_of(known.tree, path), start, stop))
        step = self._known.steps.get(name)
        if (
            step is None
            or not step.node.receptive_field
            or (known is not None and known.value is not UNKNOWN)
        ):
            return whole
        return digest_tree([self.key(name, step, start, stop), list(path)])

    def _cut(self, tree: Tree, start: int, stop: int) -> Tree:
        """The part of a stored value that belongs to some frames, in a form to be digested."""
        [(kind, body)] = tree.items() if isinstance(tree, dict) else [("", tree)]
        if kind == "frames":
            size, last = body["chunk"], min(stop, body["count"])
            return ["frames", start, last, body["chunks"][start // size : -(-last // size)]]
        if kind == "array":
            part = np.ascontiguousarray(self._array(tree)[start:stop])
            return ["array", start, array_leaf(plain_array(part, "window"))[0]]
        if kind == "value":
            name, fields = body
            cut = per_frame_fields(name)
            return [
                name,
                {f: self._cut(t, start, stop) if f in cut else t for f, t in fields.items()},
            ]
        return tree

    def _array(self, tree: Tree) -> Any:
        digest = digest_tree(tree)
        if digest not in self._arrays:
            self._arrays[digest] = self._store.load(tree)
        return self._arrays[digest]
