"""Name the user's file in what a step says that never saw the file itself.

A stage deep in a graph that finds no face knows a clip, not `me.mp4`; and what a stage says is kept
with its result, by content, to be told again of a file with another name. The graph knows which
input a step depends on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from talkgraph.cache.files import File
from talkgraph.engine.declare.graph import Declaration
from talkgraph.engine.declare.sources import parse_source
from talkgraph.errors import InputError


class FileNames:
    """The files behind the steps of one run."""

    def __init__(
        self, graph: Declaration, inputs: Mapping[str, Any], given: Iterable[str] = ()
    ) -> None:
        self._graph = graph
        self._inputs = inputs
        self._given = frozenset(given)

    def told(self, step: str, text: str) -> str:
        """What a step says, with the file before it if there is one, and it is not named yet."""
        files = self._behind(step)
        return f"{files[0]}: {text}" if len(files) == 1 and files[0].name not in text else text

    def blame(self, error: BaseException) -> None:
        """Put the file before what an InputError of a step says."""
        if isinstance(error, InputError) and error.step is not None:
            error.args = (self.told(error.step, str(error)),)

    def _behind(self, step: str) -> list[Path]:
        """The files among the inputs on which a step depends."""
        graph = self._graph
        if step not in graph.steps:
            return []
        above = [one for one in graph.needed_for((step,), self._given) if one not in self._given]
        sources = [text for name in above for text in graph.steps[name].sources.values()]
        names = dict.fromkeys(parse_source(text)[0] for text in sources)
        values = [self._inputs.get(name) for name in names if name in graph.inputs]
        paths = [value.path if isinstance(value, File) else value for value in values]
        return list(dict.fromkeys(path for path in paths if isinstance(path, Path)))
