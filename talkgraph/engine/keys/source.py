"""Python sources as definitions: what each top-level name is made of and which names it reads.

Sources are parsed, never imported. If a file was edited after its module was imported, the module
still runs what it was, so the file counts as it was when the import was noticed.
"""

from __future__ import annotations

import ast
import contextlib
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import attrs

from talkgraph.cache import disk
from talkgraph.cache.keys import digest_bytes
from talkgraph.errors import KeyingError

Place = tuple[str, str]
"""A definition: module name and top-level name in it; the name ``*`` is the whole module."""

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_LONGEST_NAME = 100  # characters of a text that may name a data file
_FILE_NAME = re.compile(r"[A-Za-z0-9][\w -]*(\.[A-Za-z0-9]{1,8}){1,2}\Z")
_PART = re.compile(r"\.?[\w-]+([./][\w-]+)*\Z")


@attrs.frozen
class Facts:
    """What some statements are and read.

    digest: of the syntax trees without docstrings and layout.
    chains: dotted names that are read, ``("software", "rasterise")``.
    imports: (name, place) of imports inside.
    modules: modules imported by a constant name.
    files: texts that look like the name of a data file.
    texts: texts that may name a module or folder.
    """

    digest: str
    chains: frozenset[tuple[str, ...]]
    imports: tuple[tuple[str, Place], ...]
    modules: tuple[str, ...]
    files: frozenset[str]
    texts: frozenset[str]


@attrs.frozen(eq=False)
class Module:
    """A parsed module: statements that make or change each top-level name, and its imports."""

    name: str
    package: bool
    tree: ast.Module
    definitions: dict[str, list[ast.stmt]]
    imports: dict[str, list[Place]]
    stars: list[str]
    _facts: dict[str, Facts] = attrs.field(factory=dict)

    def facts(self, name: str) -> Facts:
        """Facts of one definition, or of all statements for ``*``."""
        if name not in self._facts:
            body = self.tree.body if name == "*" else self.definitions[name]
            self._facts[name] = facts_of(body, self.name, self.package)
        return self._facts[name]


_parsed: dict[tuple[Path, disk.Stamp], Module] = {}
_imported: dict[Path, tuple[str, object, disk.Stamp]] = {}  # file -> module, its spec, stamp


_modules_seen: dict[str, int] = {}  # package -> how many modules there were when it was noted


def note_new_imports(package: str) -> None:
    """`note_imports` if modules were loaded since; for callers that cannot afford a look at all."""
    if _modules_seen.get(package) != len(sys.modules):
        note_imports(package)


def note_imports(package: str) -> None:
    """Remember the stamps of the files of loaded modules that are not yet known."""
    _modules_seen[package] = len(sys.modules)
    for name, module in list(sys.modules.items()):
        if name == package or name.startswith(package + "."):
            file = getattr(module, "__file__", None)
            if not isinstance(file, str) or not file.endswith(".py"):
                continue
            path, spec = Path(file), getattr(module, "__spec__", None)
            known = _imported.get(path)
            if known is None or known[0] != name or known[1] is not spec:
                with contextlib.suppress(OSError):
                    _imported[path] = (name, spec, disk.stamp(path))


def source_stamp(path: Path) -> disk.Stamp:
    """The stamp of the source that runs: as imported while that import lasts, else as it is now."""
    known = _imported.get(path)
    if known is not None:
        module = sys.modules.get(known[0])
        if module is not None and getattr(module, "__spec__", None) is known[1]:
            return known[2]
    return disk.stamp(path)


def parse(path: Path, name: str) -> tuple[Module, disk.Stamp]:
    """The module of a source file; KeyingError if it cannot be had as it was imported."""
    try:
        mark = source_stamp(path)
        found = _parsed.get((path, mark))
        if found is None:
            data = path.read_bytes()
            if disk.stamp(path) != mark:
                raise KeyingError(
                    f"{path} was edited after it was imported; restart Python or reload the module"
                )
            package = path.name == "__init__.py"
            found = _parsed[(path, mark)] = _module(ast.parse(data), name, package)
    except (OSError, SyntaxError, ValueError) as error:
        raise KeyingError(f"source {path} cannot be read ({error}); mend it") from None
    return found, mark


def _module(tree: ast.Module, name: str, package: bool) -> Module:
    definitions: dict[str, list[ast.stmt]] = {}
    imports: dict[str, list[Place]] = {}
    stars: list[str] = []
    for statement in tree.body:
        for bound in _bound_names(statement):
            definitions.setdefault(bound, []).append(statement)
        if isinstance(statement, _DEFINITIONS):
            continue
        for alias, place in _imports_in(statement, name, package):
            if alias == "*":
                stars.append(place[0])
            else:
                imports.setdefault(alias, []).append(place)
    for bound, statement in list(_registrations(tree, definitions)):
        definitions[bound].append(statement)
    return Module(name, package, tree, definitions, imports, stars)


def _registrations(
    tree: ast.Module, definitions: dict[str, list[ast.stmt]]
) -> Iterator[tuple[str, ast.stmt]]:
    """Names that are altered by way of others while a module is imported, and what alters them.

    ``@TABLE.add``; ``@add`` or ``fill()``, where those functions write into a table; a subclass of
    a class with ``__init_subclass__``.
    """
    local = {one.name: one for one in tree.body if isinstance(one, _DEFINITIONS)}
    for statement in tree.body:
        found: set[str] = set()
        called: set[str] = set()
        if isinstance(statement, _DEFINITIONS):
            for decorator in statement.decorator_list:
                names = _names(decorator)
                called |= names
                called_on = decorator.func if isinstance(decorator, ast.Call) else decorator
                found |= names if isinstance(called_on, ast.Attribute) else names - local.keys()
            if isinstance(statement, ast.ClassDef):
                bases = {name for base in statement.bases for name in _names(base)}
                found |= {name for name in bases & local.keys() if _has_hook(local[name])}
        elif isinstance(statement, ast.Expr):
            called = _names(statement)
        for name in called & local.keys():
            for altered in _altered(local[name]) & definitions.keys() - local.keys():
                yield altered, statement
                yield altered, local[name]
        for name in found & definitions.keys():
            yield name, statement


def _has_hook(definition: ast.stmt) -> bool:
    body = getattr(definition, "body", [])
    return any(getattr(one, "name", None) == "__init_subclass__" for one in body)


def facts_of(statements: Iterable[ast.stmt], module: str, package: bool) -> Facts:
    """Facts of some statements of a module."""
    reader = _Reader(module, package)
    reader.body(list(statements))
    return Facts(
        digest_bytes("\n".join(reader.words).encode(errors="surrogatepass")),
        frozenset(reader.chains),
        tuple(reader.imports),
        tuple(reader.modules),
        frozenset(reader.files),
        frozenset(reader.texts),
    )


class _Reader:
    """One walk over a syntax tree: its words without what changes no result, and what it names."""

    def __init__(self, module: str, package: bool) -> None:
        self.words: list[str] = []
        self.chains: set[tuple[str, ...]] = set()
        self.imports: list[tuple[str, Place]] = []
        self.modules: list[str] = []
        self.files: set[str] = set()
        self.texts: set[str] = set()
        self._module = module
        self._package = package

    def body(self, statements: list[ast.stmt]) -> None:
        """Statements without docstrings; `pass` where nothing is left."""
        self._list([one for one in statements if not _is_text(one)] or [ast.Pass()])

    def _list(self, items: list[Any]) -> None:
        self.words.append("[")
        for item in items:
            self._any(item)
        self.words.append("]")

    def _any(self, item: Any) -> None:
        if isinstance(item, ast.AST):
            self._node(item)
        elif isinstance(item, list):
            self._list(item)
        else:
            self.words.append(f"{type(item).__name__} {item!r}")

    def _node(self, node: ast.AST) -> None:
        self.words.append(f"({type(node).__name__}")
        match node:
            case ast.Name():
                self.chains.add((node.id,))
            case ast.Attribute():
                chain = _chain(node)
                if chain:
                    self.chains.add(chain)
                    self.words.append(f"{'.'.join(chain)} {type(node.ctx).__name__})")
                    return
            case ast.Global():
                self.chains.update((name,) for name in node.names)
            case ast.Import() | ast.ImportFrom():
                self.imports.extend(_imports_in(node, self._module, self._package))
            case ast.Constant(value=str(text)):
                if len(text) < _LONGEST_NAME and _FILE_NAME.match(text.rpartition("/")[2]):
                    self.files.add(text)
                if len(text) < _LONGEST_NAME and _PART.match(text):
                    self.texts.add(text)
            case ast.Call():
                self._call(node)
                return
            case ast.arg() | ast.AnnAssign():
                self._quoted(node.annotation)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                self._quoted(node.returns)
        for name in node._fields:
            value = getattr(node, name, None)
            if name == "body" and isinstance(value, list):
                self.body(value)
            elif value not in (None, []) and name not in ("kind", "type_comment"):
                self.words.append(name)
                self._any(value)
        self.words.append(")")

    def _call(self, call: ast.Call) -> None:
        """A call; of `param` only the default counts; `import_module("name")` is an import."""
        called = (_chain(call.func) or ("",))[-1]
        arguments, keywords = call.args, call.keywords
        if called == "param":
            arguments = arguments[:1]
            keywords = [word for word in keywords if word.arg in ("default", "keyed", None)]
        elif called == "import_module" and arguments and isinstance(arguments[0], ast.Constant):
            self.modules.append(str(arguments[0].value))
        self._node(call.func)
        self._list(arguments)
        self._list(list(keywords))
        self.words.append(")")

    def _quoted(self, annotation: ast.AST | None) -> None:
        """Names inside a quoted annotation."""
        if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
            with contextlib.suppress(SyntaxError):
                for inner in ast.walk(ast.parse(annotation.value, mode="eval")):
                    chain = _chain(inner)
                    if chain:
                        self.chains.add(chain)


def _chain(node: ast.AST) -> tuple[str, ...]:
    """A dotted name as its parts, ``a.b.c`` as ``("a", "b", "c")``; empty for anything else."""
    names: list[str] = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    return (node.id, *reversed(names)) if isinstance(node, ast.Name) else ()


def find_class(tree: ast.Module, qualname: str) -> ast.ClassDef | None:
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


def _bound_names(statement: ast.stmt) -> set[str]:
    """Top-level names that a statement defines or alters, other than by import."""
    if isinstance(statement, _DEFINITIONS):
        return {statement.name}
    inside = list(ast.walk(statement))
    names = {inner.name for inner in inside if isinstance(inner, _DEFINITIONS)}
    names |= {inner.id for inner in inside if _is_stored(inner) and isinstance(inner, ast.Name)}
    return names | _altered(statement)


def _altered(statement: ast.stmt) -> set[str]:
    """Names whose objects a statement may alter: by storing into them, or by calling something."""
    names: set[str] = set()
    for inner in ast.walk(statement):
        if isinstance(inner, ast.Expr):
            names |= _names(inner)
        elif isinstance(inner, ast.Global):
            names |= set(inner.names)
        elif isinstance(inner, ast.Subscript | ast.Attribute) and _is_stored(inner):
            base: ast.expr = inner
            while isinstance(base, ast.Subscript | ast.Attribute):
                base = base.value
            names |= _names(base)
    return names


def _is_stored(node: ast.AST) -> bool:
    return isinstance(getattr(node, "ctx", None), ast.Store)


def _names(node: ast.AST) -> set[str]:
    return {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}


def _imports_in(node: ast.AST, module: str, package: bool) -> Iterator[tuple[str, Place]]:
    """(name bound, what it stands for) of every import inside a piece of a module."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.Import):
            for alias in inner.names:
                name = alias.name if alias.asname else alias.name.partition(".")[0]
                yield alias.asname or name, (name, "*")
        elif isinstance(inner, ast.ImportFrom):
            base = inner.module or ""
            if inner.level:
                parts = module.split(".")
                parts = parts[: len(parts) - inner.level + (1 if package else 0)]
                base = ".".join([*parts, *([inner.module] if inner.module else [])])
            for alias in inner.names:
                yield (alias.asname or alias.name), (base, alias.name)


def _is_text(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )
