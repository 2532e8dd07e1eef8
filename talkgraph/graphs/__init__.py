"""Published systems as graphs over one set of nodes: yi2020 (a clip), photo (one photograph).

Beside them `watch`, which looks at a finished video, and `evaluate`, which says how good a system
is; `parts` puts parts of one graph into another. `talkgraph.graph(name)` makes one by its name.
"""

from types import ModuleType

from talkgraph.lazy import submodule, submodules


def __getattr__(name: str) -> ModuleType:
    return submodule(__name__, name, __path__)


def __dir__() -> list[str]:
    return submodules(__path__)
