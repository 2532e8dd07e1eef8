"""Which modules are the user's own, as seen from a node class, and where their sources lie."""

from __future__ import annotations

import contextlib
import importlib.util
import sys
from pathlib import Path

_VERSIONED = ("talkgraph.engine", "talkgraph.cache", "talkgraph.errors")
_INSTALLED = {"site-packages", "dist-packages"}


class FirstParty:
    """The node's own top-level package, talkgraph, and for code outside site-packages everything
    that lies beside that package; for a notebook all that it imports from outside site-packages.

    The engine and the cache are left out: `keys.FORMAT` versions them.
    """

    def __init__(self, cls: type) -> None:
        self._module = cls.__module__
        self._file = file_of(cls)
        self._roots = _roots(cls)
        self._paths: dict[str, Path | None] = {}
        self._known: dict[str, bool] = {}

    def has(self, module: str) -> bool:
        """Whether a module counts."""
        if module not in self._known:
            self._known[module] = self._has(module)
        return self._known[module]

    def path(self, module: str) -> Path | None:
        """Source of a module, if it has one here."""
        if module not in self._paths:
            self._paths[module] = self._find(module)
        return self._paths[module]

    def is_package(self, module: str) -> bool:
        """Whether a module's source is the ``__init__.py`` of a package."""
        path = self.path(module)
        return path is not None and path.name == "__init__.py"

    def _has(self, module: str) -> bool:
        if any(module == one or module.startswith(one + ".") for one in _VERSIONED):
            return False
        if module == self._module or self.path(module) is not None:
            return True
        return any(  # a namespace package: a folder of modules without __init__.py
            (only is None or only == module.partition(".")[0])
            and root.joinpath(*module.split(".")).is_dir()
            for root, only in self._roots
        )

    def _find(self, module: str) -> Path | None:
        if module == self._module and self._file.endswith(".py"):
            return Path(self._file)
        top = module.partition(".")[0]
        for root, only in self._roots:
            path = _below(root, module) if only is None or only == top else None
            if path is not None:
                return path
        return None if self._file.endswith(".py") else _imported(module)


def file_of(cls: type) -> str:
    """File of the module of a class; no Python file for a notebook."""
    return str(getattr(sys.modules.get(cls.__module__), "__file__", None))


def _below(root: Path, module: str) -> Path | None:
    """Where a module's source lies below a root folder, or None."""
    base = root.joinpath(*module.split("."))
    for path in (base / "__init__.py", base.with_name(base.name + ".py")):
        if path.is_file():
            return path
    return None


def _imported(module: str) -> Path | None:
    """Source of a module that a notebook imports, if it is the user's own and not installed."""
    top = module.partition(".")[0]
    with contextlib.suppress(ImportError, ValueError):
        spec = None if top in sys.stdlib_module_names else importlib.util.find_spec(top)
        if spec is not None:
            packages = list(spec.submodule_search_locations or ())
            folder = Path(packages[0] if packages else spec.origin or "").parent
            if not _INSTALLED & set(folder.parts):
                return _below(folder, module)
    return None


def _roots(cls: type) -> list[tuple[Path, str | None]]:
    """Folders in which first-party modules lie, and the one top-level name that counts there."""
    roots: list[tuple[Path, str | None]] = []
    file = file_of(cls)
    if file.endswith(".py"):
        top = cls.__module__.split(".")
        folder = Path(file).parent
        depth = len(top) if Path(file).name == "__init__.py" else len(top) - 1
        for _ in range(depth if cls.__module__ != "__main__" else 0):
            folder = folder.parent
        installed = bool(_INSTALLED & set(folder.parts))
        roots.append((folder, top[0] if installed else None))
    roots.append((Path(__file__).parents[3], "talkgraph"))
    return roots
