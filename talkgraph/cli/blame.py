"""Name the user's file in a refusal by a stage that never saw the file itself.

A stage deep in a graph that finds no face knows a clip, not `me.mp4`. The graph knows which input
the stage depends on.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from talkgraph.errors import InputError

if TYPE_CHECKING:
    from talkgraph.engine import Graph


@contextlib.contextmanager
def naming_files(graph: Graph, inputs: Mapping[str, Any]) -> Iterator[None]:
    """Put the file's path before an InputError of the body that does not name it."""
    try:
        yield
    except InputError as error:
        files = _files_behind(graph, inputs, error.step)
        if len(files) == 1 and files[0].name not in str(error):
            error.args = (f"{files[0]}: {error}",)
        raise


def _files_behind(graph: Graph, inputs: Mapping[str, Any], step: str | None) -> list[Path]:
    """The files among `inputs` on which a step depends."""
    from talkgraph.engine.declare.sources import parse_source

    if step is None or step not in graph.steps:
        return []
    above = graph.needed_for((step,))
    sources = [text for name in above for text in graph.steps[name].sources.values()]
    names = dict.fromkeys(parse_source(text)[0] for text in sources)
    bound = graph.bind(inputs)  # a path may have come as text
    values = [bound.get(name) for name in names if name in graph.inputs]
    return [value for value in values if isinstance(value, Path)]
