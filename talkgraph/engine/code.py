"""Digest of a node's code: its class and, transitively, the first-party definitions it uses.

Sources are read, never imported. A definition counts as its syntax tree without docstrings,
comments and layout; `param` counts with its default only. What a definition uses is found by name:
module-level functions, classes and constants, imports at any depth (also inside functions), and
attributes of imported modules; a module that is used in a way that cannot be resolved counts as a
whole. First-party is the node's own top-level package, talkgraph, and for code outside
site-packages everything that lies beside that package. The engine and the cache are left out:
`keys.FORMAT` versions them.
"""

from __future__ import annotations

import ast
import contextlib
import inspect
import sys
import types
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path

import attrs

from talkgraph.cache import disk
from talkgraph.cache.keys import digest_bytes, digest_tree
from talkgraph.cache.store import Store
from talkgraph.errors import KeyingError

Place = tuple[str, str]
"""A definition: module name and top-level name in it; the name ``*`` is the whole module."""

OWN = "the node"
"""The name of the node's own class among the parts; a rename of the class keeps results."""

_VERSIONED = ("talkgraph.engine", "talkgraph.cache", "talkgraph.errors")
_INSTALLED = {"site-packages", "dist-packages"}


@attrs.frozen
class CodeDigest:
    """Digest of all code of a node, and of each definition by name, to say which one changed."""

    digest: str
    parts: dict[str, str]


def code_digest(cls: type, store: Store) -> CodeDigest:
    """Digest of a node class; KeyingError if its source cannot be read.

    Remembered with the stamps of all files that were read, so that a warm plan only looks at those.
    """
    known = _in_process.get(cls)
    if known is not None and _fresh(known[1]):
        return known[0]
    subject = f"{cls.__module__}:{cls.__qualname__}:{_file_of(cls)}"
    if cls.__module__ != "__main__" and "<locals>" not in cls.__qualname__:
        memo = store.memo("code", subject)
        if memo is not None:
            stamps = {Path(path): tuple(mark) for path, mark in memo["files"].items()}
            if memo["python"] == sys.version and _fresh(stamps):
                found = CodeDigest(memo["digest"], memo["parts"])
                _in_process[cls] = (found, stamps)
                return found
    closure = _Closure(cls, store)
    found = closure.digest()
    if all(map(disk.settled, closure.stamps.values())):
        _in_process[cls] = (found, closure.stamps)
        files = {str(path): list(mark) for path, mark in closure.stamps.items()}
        fact = {"files": files, "digest": found.digest, "parts": found.parts}
        if files:
            store.remember("code", subject, {**fact, "python": sys.version})
    return found


_in_process: dict[type, tuple[CodeDigest, dict[Path, disk.Stamp]]] = {}


def _fresh(stamps: dict[Path, disk.Stamp]) -> bool:
    try:
        return bool(stamps) and all(disk.stamp(path) == mark for path, mark in stamps.items())
    except OSError:
        return False


def _file_of(cls: type) -> str:
    return str(getattr(sys.modules.get(cls.__module__), "__file__", None))


class _Closure:
    """All definitions that a node class reaches."""

    def __init__(self, cls: type, store: Store) -> None:
        self._store = store
        self.stamps: dict[Path, disk.Stamp] = {}
        self._cls = cls
        self._roots = _roots(cls)
        self._modules: dict[str, _Module | None] = {}

    def digest(self) -> CodeDigest:
        parts: dict[str, str] = {}
        own = self._own_definition()
        parts[OWN] = _digest_of([own])
        module = self._cls.__module__
        pending = [*self._uses(module, own)]
        if "<locals>" in self._cls.__qualname__:
            pending.append((module, self._cls.__qualname__.partition(".")[0]))
            parts.update(self._closed_over())
        for base in self._cls.__mro__[1:-1]:
            if self._first_party(base.__module__):
                pending.append((base.__module__, base.__qualname__.partition(".")[0]))
        seen: set[Place] = {(module, self._cls.__qualname__)}
        while pending:
            place = pending.pop()
            if place in seen:
                continue
            seen.add(place)
            found = self._module(place[0])
            if found is None:
                continue
            if place[1] == "*":
                parts[place[0]] = _digest_of(found.tree.body)
                pending.extend(self._uses_all(place[0], found.tree.body))
            elif place[1] in found.definitions:
                definitions = found.definitions[place[1]]
                parts[".".join(place)] = _digest_of(definitions)
                pending.extend(self._uses_all(place[0], definitions))
            else:
                pending.extend(self._imported(place[0], place[1]))
        return CodeDigest(digest_tree(["code", parts]), parts)

    def _closed_over(self) -> dict[str, str]:
        """Values that the methods of a class made inside a function take from that function."""
        found: dict[str, str] = {}
        for method in vars(self._cls).values():
            names = getattr(getattr(method, "__code__", None), "co_freevars", ())
            for name, cell in zip(names, getattr(method, "__closure__", None) or (), strict=False):
                value = cell.cell_contents
                if not (isinstance(value, type | types.ModuleType) or inspect.isroutine(value)):
                    where = f"node '{self._cls.__name__}', variable '{name}'"
                    found[f"variable {name}"] = self._store.digest_of(value, where)[0]
        return found

    def _own_definition(self) -> ast.stmt:
        cls = self._cls
        module = self._module(cls.__module__)
        found: ast.stmt | None = None
        if module is not None:
            found = _find_class(module.tree, cls.__qualname__)
        if found is None:
            try:
                text = inspect.getsource(cls)
            except (OSError, TypeError):
                raise KeyingError(
                    f"node '{getattr(cls, 'node_id', cls.__name__)}': its source cannot be read, "
                    "so a change of its code would go unnoticed; define it in a file or a notebook"
                ) from None
            found = ast.parse(inspect.cleandoc("\n" + text)).body[0]
        assert isinstance(found, ast.ClassDef)
        return ast.ClassDef("node", found.bases, found.keywords, found.body, [])

    def _uses_all(self, module: str, nodes: Iterable[ast.AST]) -> Iterator[Place]:
        for node in nodes:
            yield from self._uses(module, node)

    def _uses(self, module: str, node: ast.AST) -> Iterator[Place]:
        """The first-party places a definition in `module` names."""
        local: dict[str, list[Place]] = {}
        for inner in ast.walk(node):
            if isinstance(inner, ast.Import | ast.ImportFrom):
                for name, place in _import_targets(inner, module, self._is_package(module)):
                    local.setdefault(name, []).append(place)
        chains: set[tuple[str, ...]] = set()
        _names_used(node, chains)
        for first, *attributes in chains:
            for place in local.get(first, [(module, first)]):
                yield from self._resolve(place, tuple(attributes))
        for target in _named_modules(node):
            yield from self._resolve((target, "*"), ())

    def _resolve(self, place: Place, attributes: tuple[str, ...]) -> Iterator[Place]:
        """Follow a name through imports and module attributes to definitions."""
        for _ in range(50):  # a chain of re-exports; circles end here
            module, name = place
            if not self._first_party(module):
                return
            if name != "*":
                found = self._module(module)
                if found is not None and name in found.definitions:
                    yield place
                    return
                onward = found.imports.get(name) if found is not None else None
                if onward is None:
                    package = found is None or self._is_package(module)
                    if package and self._path(f"{module}.{name}") is not None:
                        place = (f"{module}.{name}", "*")
                        continue
                    if found is not None:
                        for star in found.stars:
                            yield from self._resolve((star, name), attributes)
                        if "__getattr__" in found.definitions and module != "talkgraph":
                            yield (module, "*")
                    return
                if len(onward) > 1:  # alternatives, as in try: import a / except: import b
                    for one in onward[1:]:
                        yield from self._resolve(one, attributes)
                place = onward[0]
                continue
            if not attributes:
                if module != "talkgraph":  # the public face only passes on what others define
                    yield place
                return
            place, attributes = (module, attributes[0]), attributes[1:]

    def _imported(self, module: str, name: str) -> Iterator[Place]:
        found = self._module(module)
        for place in found.imports.get(name, []) if found else []:
            yield from self._resolve(place, ())

    def _first_party(self, module: str) -> bool:
        if any(module == one or module.startswith(one + ".") for one in _VERSIONED):
            return False
        return module == self._cls.__module__ or self._path(module) is not None

    def _is_package(self, module: str) -> bool:
        path = self._path(module)
        return path is not None and path.name == "__init__.py"

    def _path(self, module: str) -> Path | None:
        if module == self._cls.__module__:
            file = _file_of(self._cls)
            if file.endswith(".py"):
                return Path(file)
        top = module.partition(".")[0]
        for root, only in self._roots:
            if only is None or only == top:
                path = _module_path(root, module)
                if path is not None:
                    return path
        return None

    def _module(self, name: str) -> _Module | None:
        if name not in self._modules:
            self._modules[name] = None
            path = self._path(name)
            if path is not None:
                try:
                    mark = disk.stamp(path)
                    self._modules[name] = _parse(path, mark, name)
                except (OSError, SyntaxError, ValueError) as error:
                    raise KeyingError(f"source {path} cannot be read ({error}); mend it") from None
                self.stamps[path] = mark
        return self._modules[name]


@attrs.frozen(eq=False)
class _Module:
    """A parsed module: statements that make or change each top-level name, and its imports."""

    tree: ast.Module
    definitions: dict[str, list[ast.stmt]]
    imports: dict[str, list[Place]]
    stars: list[str]


@lru_cache(maxsize=1024)
def _parse(path: Path, mark: disk.Stamp, name: str) -> _Module:
    tree = ast.parse(path.read_bytes())
    definitions: dict[str, list[ast.stmt]] = {}
    imports: dict[str, list[Place]] = {}
    stars: list[str] = []
    package = path.name == "__init__.py"
    for statement in tree.body:
        for bound in _bound_names(statement):
            definitions.setdefault(bound, []).append(statement)
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        for inner in ast.walk(statement):
            if isinstance(inner, ast.Import | ast.ImportFrom):
                for alias, place in _import_targets(inner, name, package):
                    if alias == "*":
                        stars.append(place[0])
                    else:
                        imports.setdefault(alias, []).append(place)
    return _Module(tree, definitions, imports, stars)


def _bound_names(statement: ast.stmt) -> set[str]:
    """Top-level names that a statement defines or alters, other than by import."""
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {statement.name}
    names: set[str] = set()
    for inner in ast.walk(statement):
        if isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(inner.name)
        elif isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store):
            names.add(inner.id)
        elif isinstance(inner, ast.Subscript | ast.Attribute) and (
            isinstance(inner.ctx, ast.Store) or isinstance(statement, ast.Expr)
        ):
            base: ast.expr = inner
            while isinstance(base, ast.Subscript | ast.Attribute):
                base = base.value
            if isinstance(base, ast.Name):
                names.add(base.id)
    return names


def _import_targets(
    node: ast.Import | ast.ImportFrom, module: str, package: bool
) -> Iterator[tuple[str, Place]]:
    """(name bound, what it stands for) of an import statement in `module`."""
    if isinstance(node, ast.Import):
        for alias in node.names:
            if alias.asname:
                yield alias.asname, (alias.name, "*")
            else:
                top = alias.name.partition(".")[0]
                yield top, (top, "*")
        return
    base = node.module or ""
    if node.level:
        parts = module.split(".")
        parts = parts[: len(parts) - node.level + (1 if package else 0)]
        base = ".".join([*parts, *([node.module] if node.module else [])])
    for alias in node.names:
        yield (alias.asname or alias.name), (base, alias.name)


def _names_used(node: ast.AST, into: set[tuple[str, ...]]) -> None:
    """Names and dotted names that code reads; also those in quoted annotations."""
    pending: list[ast.AST] = [node]
    while pending:
        item = pending.pop()
        if isinstance(item, ast.Attribute):
            chain = [item.attr]
            base = item.value
            while isinstance(base, ast.Attribute):
                chain.append(base.attr)
                base = base.value
            if isinstance(base, ast.Name):
                into.add((base.id, *reversed(chain)))
                continue
        elif isinstance(item, ast.Name):
            into.add((item.id,))
        elif isinstance(item, ast.Global):
            into.update((name,) for name in item.names)
        annotation = getattr(item, "annotation", None) or getattr(item, "returns", None)
        if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
            with contextlib.suppress(SyntaxError):
                pending.append(ast.parse(annotation.value, mode="eval"))
        pending.extend(ast.iter_child_nodes(item))


def _named_modules(node: ast.AST) -> Iterator[str]:
    """Modules imported by a constant name: ``importlib.import_module("package.module")``."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.Call) and inner.args:
            called = inner.func
            name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
            first = inner.args[0]
            text = first.value if isinstance(first, ast.Constant) else None
            if name == "import_module" and isinstance(text, str):
                yield text


class _Normal(ast.NodeTransformer):
    """Drops what cannot change a result: docstrings, and all of `param(...)` but the default."""

    def visit(self, node: ast.AST) -> ast.AST:
        node = super().visit(node)
        body = getattr(node, "body", None)
        if isinstance(body, list) and isinstance(
            node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Module
        ):
            kept = [s for s in body if not _is_text(s)] or [ast.Pass()]
            node.body = kept  # a copy of ours, made by generic_visit
            return node
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
            called = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
            if called == "param":
                kept_words = [k for k in node.keywords if k.arg in ("default", "keyed", None)]
                return ast.Call(node.func, node.args[:1], kept_words)
        return node

    def generic_visit(self, node: ast.AST) -> ast.AST:
        values = {}
        for name, value in ast.iter_fields(node):
            if isinstance(value, list):
                value = [self.visit(v) if isinstance(v, ast.AST) else v for v in value]
            elif isinstance(value, ast.AST):
                value = self.visit(value)
            values[name] = value
        return type(node)(**values)


def _is_text(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )


def _digest_of(statements: Iterable[ast.stmt]) -> str:
    texts = [ast.dump(_Normal().visit(s)) for s in statements if not _is_text(s)]
    return digest_bytes("\n".join(texts).encode(errors="surrogatepass"))


def _find_class(tree: ast.Module, qualname: str) -> ast.ClassDef | None:
    """The last class definition with a qualified name; inside functions too."""
    found: ast.ClassDef | None = None
    pending: list[tuple[str, ast.AST]] = [("", tree)]
    while pending:
        prefix, node = pending.pop()
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.ClassDef):
                if prefix + child.name == qualname and (
                    found is None or child.lineno > found.lineno
                ):
                    found = child
                pending.append((f"{prefix}{child.name}.", child))
            elif isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
                pending.append((f"{prefix}{child.name}.<locals>.", child))
            else:
                pending.append((prefix, child))
    return found


def _roots(cls: type) -> list[tuple[Path, str | None]]:
    """Folders in which first-party modules lie, and the one top-level name that counts there."""
    import talkgraph

    roots: list[tuple[Path, str | None]] = []
    file = _file_of(cls)
    if file.endswith(".py"):
        top = cls.__module__.split(".")
        folder = Path(file).parent
        depth = len(top) if Path(file).name == "__init__.py" else len(top) - 1
        for _ in range(depth if cls.__module__ != "__main__" else 0):
            folder = folder.parent
        installed = bool(_INSTALLED & set(folder.parts))
        roots.append((folder, top[0] if installed else None))
    roots.append((Path(talkgraph.__file__).parent.parent, "talkgraph"))
    return roots


def _module_path(root: Path, module: str) -> Path | None:
    base = root.joinpath(*module.split("."))
    for path in (base / "__init__.py", base.with_name(base.name + ".py")):
        if path.is_file():
            return path
    return None
