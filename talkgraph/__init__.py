"""Node-graph library for audio-driven talking-face video.

    import talkgraph as tg

Compose graphs of nodes (`tg.Graph`, `tg.node`, `tg.param`), plan and run them on a store
(`tg.Store`). The stages are in `talkgraph.nodes`, the ready graphs in `talkgraph.graphs`.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from talkgraph.cache import File, Frames, Store, value
    from talkgraph.display import preview
    from talkgraph.engine.declare.graph import Graph
    from talkgraph.engine.declare.node import Node, node, param
    from talkgraph.engine.run.context import note, progress, scratch_folder
    from talkgraph.engine.run.plan import Plan
    from talkgraph.engine.run.result import Result
    from talkgraph.nodes.media.provenance_box import lineage_of

_HOME = {
    "File": "talkgraph.cache", "Frames": "talkgraph.cache", "Store": "talkgraph.cache",
    "value": "talkgraph.cache", "Graph": "talkgraph.engine", "Node": "talkgraph.engine",
    "Plan": "talkgraph.engine", "Result": "talkgraph.engine", "node": "talkgraph.engine",
    "note": "talkgraph.engine", "param": "talkgraph.engine", "progress": "talkgraph.engine",
    "scratch_folder": "talkgraph.engine", "lineage_of": "talkgraph.nodes.media",
    "preview": "talkgraph.display",
}  # fmt: skip
_ROOMS = ("cache", "cli", "engine", "errors", "graphs", "models", "nodes", "report")

__all__ = [
    "File", "Frames", "Graph", "Node", "Plan", "Result", "Store", "engine", "errors", "graphs",
    "lineage_of", "node", "nodes", "note", "param", "preview", "progress", "scratch_folder",
    "value",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    """Load what is asked for, so that `import talkgraph` itself costs nothing."""
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    if name in _ROOMS:
        return import_module(f"talkgraph.{name}")
    raise AttributeError(f"module 'talkgraph' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *_ROOMS})
