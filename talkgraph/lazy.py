"""Packages whose modules are loaded when they are first named: ``tg.nodes.albedo``."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable
from types import ModuleType


def submodule(package: str, name: str, path: Iterable[str]) -> ModuleType:
    """Load a module of a package; AttributeError with the nearest name if there is none."""
    known = submodules(path)
    if name in known:
        return importlib.import_module(f"{package}.{name}")
    from talkgraph.errors import nearest

    hint = "" if name.startswith("_") else nearest(name, known)
    raise AttributeError(f"module '{package}' has no attribute '{name}'{hint}")


def submodules(path: Iterable[str]) -> list[str]:
    """The modules that lie in the folders of a package."""
    return [found.name for found in pkgutil.iter_modules(path)]
