"""Node-graph library for audio-driven talking-face video.

    import talkgraph as tg

Compose graphs of nodes (`tg.Graph`, `tg.node`, `tg.param`), plan and run them on a store
(`tg.Store`). The stages are in `tg.nodes`, whose docstring is their index; the ready graphs are in
`tg.graphs`, and `tg.graph("yi2020")` makes one by its name.
"""

from __future__ import annotations

from talkgraph.version import __version__ as __version__

TYPE_CHECKING = False  # that of `typing`, whose import takes longer than all else here

if TYPE_CHECKING:
    from typing import Any

    from talkgraph.cache import File, Frames, Store, value
    from talkgraph.display import preview
    from talkgraph.engine.api import Graph
    from talkgraph.engine.declare.checks import check
    from talkgraph.engine.declare.graph_registry import graph
    from talkgraph.engine.declare.node import Node, node, param
    from talkgraph.engine.run.context import note, progress, scratch_folder
    from talkgraph.engine.run.plan import Plan
    from talkgraph.engine.run.result import Result
    from talkgraph.nodes.media.provenance_box import provenance_of
    from talkgraph.nodes.media.publish import publish

_HOME = {
    "File": "cache", "Frames": "cache", "Store": "cache", "value": "cache",
    "Graph": "engine", "Node": "engine", "Plan": "engine", "Result": "engine",
    "check": "engine",
    "graph": "engine", "node": "engine", "note": "engine", "param": "engine",
    "progress": "engine", "scratch_folder": "engine",
    "provenance_of": "nodes.media", "publish": "nodes.media", "preview": "display",
}  # fmt: skip
_ROOMS = ("cache", "cli", "engine", "errors", "graphs", "models", "nodes", "report", "studio")

__all__ = [
    "File", "Frames", "Graph", "Node", "Plan", "Result", "Store", "check", "engine", "errors",
    "graph", "graphs", "node", "nodes", "note", "param", "preview", "progress", "provenance_of",
    "publish", "scratch_folder", "value",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    """Load what is asked for, so that `import talkgraph` itself costs nothing."""
    from importlib import import_module

    if name in _HOME:
        return getattr(import_module(f"talkgraph.{_HOME[name]}"), name)
    if name in _ROOMS:
        return import_module(f"talkgraph.{name}")
    hint = ""
    if not name.startswith("_"):
        from talkgraph.errors import nearest

        hint = nearest(name, __all__)
    raise AttributeError(f"module 'talkgraph' has no attribute '{name}'{hint}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *_ROOMS})
