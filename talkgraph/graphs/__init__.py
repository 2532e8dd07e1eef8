"""Published systems as graphs over one set of nodes: yi2020, yi2022 (a clip), photo, audio2head.

Beside them `watch`, which looks at a finished video, and `verify`, whether it is one of ours.
`talkgraph.graph(name)` makes one by its name.
"""

from types import ModuleType

from talkgraph.lazy import submodule, submodules


def __getattr__(name: str) -> ModuleType:
    return submodule(__name__, name, __path__)


def __dir__() -> list[str]:
    return submodules(__path__)
