"""Which modules are the user's own, and the versions of those that are not."""

from __future__ import annotations

import contextlib
import functools
import importlib.util
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from importlib.machinery import ModuleSpec
    from importlib.metadata import Distribution

_ENGINE = ("talkgraph.engine", "talkgraph.cache", "talkgraph.errors", "talkgraph.display")
_INSTALLED = {"site-packages", "dist-packages"}
_STANDARD = Path(os.__file__).parent.parts  # the standard library


class FirstParty:
    """What is not installed counts by its code, and so do the node's own package and talkgraph.

    The engine and the cache are left out: `keys.FORMAT` versions them.
    """

    def __init__(self, module: str) -> None:
        """
        Args:
            module: where the node is defined.
        """
        top = module.partition(".")[0]
        self._known = {top: True, "": False}
        file = getattr(sys.modules.get(top), "__file__", None)
        self._roots: list[str] = []  # the folder of the node's script, or around its package
        if file is not None:
            up = 1 if hasattr(sys.modules[top], "__path__") else 0
            for path in (Path(file).absolute(), Path(file).resolve()):
                self._roots.append(str(path.parents[min(up, len(path.parents) - 1)]))

    def place(self, path: str) -> str | None:
        """Where a path lies in the project, wherever that lies; None outside."""
        for root in self._roots:
            if path == root or path.startswith(root.rstrip(os.sep) + os.sep):
                return os.path.relpath(path, root)
        return None

    def place_of_folder(self, path: Path) -> str | None:
        """As `place`, also of the two folders around, as those of a project with `src`."""
        for root in self._roots:
            for up, folder in enumerate(Path(root).parents[:2], 1):
                if path == folder:
                    return "/".join([".."] * up)
        return self.place(str(path))

    def has(self, module: str) -> bool:
        """Whether a module counts by its code."""
        if module not in self._known:
            top = module.partition(".")[0]
            if top not in self._known:
                self._known[top] = top == "talkgraph" or not _is_installed(top)
            self._known[module] = self._known[top] and not is_engine(module)
        return self._known[module]


@functools.cache
def is_engine(module: str) -> bool:
    """Whether a module is of the engine or the cache."""
    return any(module == one or module.startswith(f"{one}.") for one in _ENGINE)


def version_of(top: str) -> str | None:
    """Version of the distribution that a top-level module is from; None for the standard library.

    Found without importing the module.
    """
    if top in sys.stdlib_module_names or top in ("talkgraph", ""):
        return None
    return _version_of(top)


@functools.cache
def _version_of(top: str) -> str | None:
    version = _version_beside(top)
    if version is not None:
        return version
    from importlib import metadata  # takes a while to import

    with contextlib.suppress(metadata.PackageNotFoundError):
        return metadata.version(top)
    marks = (f"\n{top}/", f"\n{top}.")  # its name is another one, as pillow's of PIL
    found = [one for one, files in _distributions() if any(mark in files for mark in marks)]
    return " ".join(sorted(f"{one.name} {one.version}" for one in found)) or None


def _version_beside(top: str) -> str | None:
    """What is written beside a package or module that is named like its distribution."""
    spec = _spec_of(top)
    if spec is None:
        return None
    home = Path(next(iter(spec.submodule_search_locations or ()), spec.origin or "")).parent
    with contextlib.suppress(OSError):
        names = [one for one in os.listdir(home) if one.startswith(f"{top}-")]
        beside = [one for one in names if one.endswith(".dist-info")]
        if len(beside) == 1:
            with (home / beside[0] / "METADATA").open(encoding="utf-8", errors="replace") as lines:
                found = (line[9:].strip() for line in lines if line.startswith("Version: "))
                return next(found, None)
    return None


def _spec_of(top: str) -> ModuleSpec | None:
    module = sys.modules.get(top)
    if module is not None:
        return getattr(module, "__spec__", None)
    with contextlib.suppress(ImportError, ValueError):
        return importlib.util.find_spec(top)
    return None


@functools.cache
def _distributions() -> list[tuple[Distribution, str]]:
    """What is installed, each with the list of its files."""
    from importlib import metadata

    return [(one, "\n" + (one.read_text("RECORD") or "")) for one in metadata.distributions()]


def _is_installed(top: str) -> bool:
    module, spec = sys.modules.get(top), _spec_of(top)
    if module is None and spec is None:
        return True  # it is not there at all
    file = getattr(module, "__file__", None) or getattr(spec, "origin", None)
    folders = list(getattr(spec, "submodule_search_locations", None) or ())
    if file in (None, "built-in", "frozen", "namespace"):
        file = folders[0] if folders else None
    if file is None:
        return top in sys.stdlib_module_names and top != "__main__"
    parts = Path(file).parts
    return not _INSTALLED.isdisjoint(parts) or parts[: len(_STANDARD)] == _STANDARD
