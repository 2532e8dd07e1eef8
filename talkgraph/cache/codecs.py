"""Values as trees: JSON structure with leaves that point at content-addressed blobs.

    3 -> {"int": 3}     0.5 -> {"float": "0x1.0p-1"}     "a" -> "a"     (1, 2) -> {"tuple": [...]}
    array -> {"array": {blob, size, dtype, shape}}, a small one {"array": {dtype, shape, data}}
    File -> {"file": {blob, size, suffix}}
    Frames -> {"frames": {count, shape, chunk, chunks: [{blob, size}, ...]}}
    a class made with `@value("name")` -> {"value": ["name", {field: tree, ...}]}

The digest of a value is the digest of its tree, so a field has its own, and equal content has equal
digests whether it was just made or comes from the store. `1`, `1.0`, `"1"` and `True` differ, so do
`0.0` and `-0.0`; all NaN floats are one; dict and set order do not count; byte order and memory
layout of an array do not count, dtype and shape do. Reading a tree builds registered values and
plain data only: nothing in it is executed or imported.
"""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import enum
import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import attrs
import numpy as np

from talkgraph.cache.arrays import INLINE, AnyArray, inline_array, inline_leaf, plain_array
from talkgraph.cache.files import File
from talkgraph.cache.frames import Frames
from talkgraph.cache.keys import Tree, canonical, is_digest
from talkgraph.cache.values import value_class, value_name
from talkgraph.errors import DamagedError, KeyingError, StoreError

_SUFFIX = re.compile(r"(\.[A-Za-z0-9]{1,12})?\Z")
_INLINE_INT = 1 << 53  # larger integers are spelled in hexadecimal, exact for every JSON reader
_KEYABLE = (
    "numbers, strings, None, arrays, Frames, File, Path, enums, attrs classes, "
    "dataclasses, and lists, tuples, sets and dicts of these"
)
_STORABLE = (
    "numbers, strings, None, arrays, Frames, File, classes made with @value, "
    "and lists, tuples, sets and dicts of these"
)


class Sink(Protocol):
    """Where the large leaves of a value go; each method returns the fields of the leaf."""

    def array(self, array: AnyArray) -> Tree: ...  # noqa: D102
    def file(self, file: File) -> Tree: ...  # noqa: D102
    def frames(self, frames: Frames) -> Tree: ...  # noqa: D102
    def content(self, path: Path) -> str: ...  # noqa: D102


class Source(Protocol):
    """Where the large leaves of a tree come from; raises DamagedError."""

    def array(self, leaf: Tree) -> AnyArray: ...  # noqa: D102
    def file(self, leaf: Tree) -> File: ...  # noqa: D102
    def frames(self, leaf: Tree) -> Frames: ...  # noqa: D102


def encode(value: Any, sink: Sink, where: str, *, storable: bool) -> Tree:
    """Turn a value into a tree, giving its large leaves to `sink`.

    Args:
        where: what the value is, for messages, e.g. ``output of step 'motion'``.
        storable: True to refuse what could not be read back (paths, enums, unregistered classes).

    Raises:
        KeyingError: names the field that has no defined digest.
    """
    try:
        return _encode(value, sink, where, storable)
    except RecursionError:
        raise KeyingError(f"{where}: nested too deep or contains itself; flatten it") from None


def _encode(value: Any, sink: Sink, where: str, storable: bool) -> Tree:
    kind = type(value)
    if value is None or kind is bool or kind is str:
        return value
    if kind is int:
        return {"int": value if abs(value) < _INLINE_INT else hex(value)}
    if kind is float:
        return {"float": value.hex()}
    if kind is bytes:
        return {"bytes": base64.b64encode(value).decode()}
    if kind in (list, tuple):
        items = [_encode(v, sink, f"{where}[{i}]", storable) for i, v in enumerate(value)]
        return {kind.__name__: items}
    if kind in (set, frozenset):
        items = [_encode(v, sink, f"{where}{{...}}", storable) for v in value]
        return {kind.__name__: sorted(items, key=canonical)}
    if kind is dict:
        pairs = [
            [
                _encode(k, sink, f"{where} key", storable),
                _encode(v, sink, f"{where}[{_spelled(k)}]", storable),
            ]
            for k, v in value.items()
        ]
        return {"dict": sorted(pairs, key=lambda pair: canonical(pair[0]))}
    if kind in (np.ndarray, np.memmap):
        plain = plain_array(value, where)
        return {"array": inline_leaf(plain) if plain.nbytes <= INLINE else sink.array(plain)}
    if isinstance(value, np.generic):
        scalar = plain_array(np.asarray(value), where)
        return {"scalar": [scalar.dtype.str, scalar.tobytes().hex()]}
    if isinstance(value, File):
        return {"file": sink.file(value)}
    if isinstance(value, Frames):
        return {"frames": sink.frames(value)}
    name = value_name(kind)
    if name is not None:
        kept = [field.name for field in attrs.fields(kind) if field.init]
        return {"value": [name, _fields(value, kept, sink, where, storable)]}
    if not storable:
        if isinstance(value, Path):
            return {"content": sink.content(value)}
        if isinstance(value, enum.Enum):
            return {"enum": [kind.__module__, kind.__qualname__, value.name]}
        if attrs.has(kind) or dataclasses.is_dataclass(kind):
            tag, names = [kind.__module__, kind.__qualname__], attributes(value)
            return {"attrs": [*tag, _fields(value, names, sink, where, storable)]}
    full = f"{kind.__module__}.{kind.__qualname__}"
    if storable:
        hint = "; return File(path) for a file" if isinstance(value, Path) else ""
        raise KeyingError(f"{where}: a {full} cannot be stored{hint}; use {_STORABLE}")
    raise KeyingError(f"{where}: a {full} has no defined cache key; use {_KEYABLE}")


def _spelled(key: Any) -> str:
    """A dict's key for a message; Python does not spell integers of thousands of digits."""
    try:
        return repr(key)
    except ValueError:
        return f"a huge {type(key).__name__}"


def _fields(value: Any, names: Iterable[str], sink: Sink, where: str, storable: bool) -> Tree:
    return {
        name: _encode(getattr(value, name), sink, f"{where}.{name}", storable) for name in names
    }


def attributes(value: Any) -> list[str]:
    """What an object of an attrs class or dataclass holds: its fields, and what was set beside
    them, without what `cached_property` keeps."""
    kind = type(value)
    fields = attrs.fields(kind) if attrs.has(kind) else dataclasses.fields(kind)
    names = [field.name for field in fields]
    beside = getattr(value, "__dict__", {}).keys() - set(names)
    kept = {one for one in beside if isinstance(getattr(kind, one, None), cached_property)}
    return [*names, *sorted(beside - kept)]


def decode(tree: Tree, source: Source) -> Any:
    """Build the value that `encode(..., storable=True)` described.

    Raises:
        DamagedError: the tree or one of its blobs is not what was written.
        StoreError: it names a value class that this program has not registered.
    """
    try:
        return _decode(tree, source)
    except StoreError:
        raise
    except Exception as error:  # forged leaves make NumPy raise nearly anything
        raise DamagedError(f"a stored result cannot be read ({error})") from error


def _decode(tree: Tree, source: Source) -> Any:
    if tree is None or isinstance(tree, bool | str):
        return tree
    [(kind, body)] = tree.items()
    match kind:
        case "int":
            return int(body, 16) if isinstance(body, str) else body
        case "float":
            return float.fromhex(body)
        case "bytes":
            return base64.b64decode(body, validate=True)
        case "list":
            return [_decode(item, source) for item in body]
        case "tuple":
            return tuple(_decode(item, source) for item in body)
        case "set":
            return {_decode(item, source) for item in body}
        case "frozenset":
            return frozenset(_decode(item, source) for item in body)
        case "dict":
            return {_decode(key, source): _decode(value, source) for key, value in body}
        case "scalar":
            return np.frombuffer(bytes.fromhex(body[1]), np.dtype(body[0]))[0]
        case "array":
            return inline_array(body) if "data" in body else source.array(body)
        case "file":
            return source.file(body)
        case "frames":
            return source.frames(body)
        case "value":
            name, fields = body
            made = value_class(name)
            if made is None:
                raise StoreError(
                    f"a stored result holds a '{name}', which nothing here defines; "
                    "import the module that makes it"
                )
            known = {field.name: field.alias for field in attrs.fields(made)}
            return made(**{known[key]: _decode(value, source) for key, value in fields.items()})
    raise ValueError(f"unknown kind {kind!r}")


def field_of(tree: Tree, path: tuple[str, ...]) -> Tree:
    """The subtree of a field, e.g. of ``("motion", "rotation")``; DamagedError if absent."""
    try:
        for name in path:
            tree = tree["value"][1][name]
    except (KeyError, TypeError, IndexError) as error:
        raise DamagedError(f"a stored result has no field {'.'.join(path)!r}") from error
    return tree


def references(tree: Tree) -> list[tuple[str, str, int]]:
    """Every blob a tree points at: (digest, suffix, size); DamagedError on malformed trees."""
    return [reference(leaf) for leaf in _leaves(tree) if "data" not in leaf]


def content_bytes(tree: Tree) -> int:
    """Bytes of the arrays, frames and files of a tree, each counted once; DamagedError."""
    leaves = _leaves(tree)
    inline = {leaf["data"] for leaf in leaves if "data" in leaf}
    pointed = [reference(leaf) for leaf in leaves if "data" not in leaf]
    blobs = {digest: size for digest, _, size in pointed}
    return sum(blobs.values()) + sum(len(base64.b64decode(data)) for data in inline)


def _leaves(tree: Tree) -> list[Tree]:
    """The leaves of a tree that hold content, or point at it."""
    found: list[Tree] = []
    with _readable():
        for kind, body in parts(tree):
            if kind in ("array", "file"):
                found.append(body)
            elif kind == "frames":
                found.extend(body["chunks"])
        if not all(isinstance(leaf, dict) for leaf in found):
            raise TypeError("a leaf is not a table")
    return found


@contextlib.contextmanager
def _readable() -> Iterator[None]:
    """What a tree of another form raises is damage."""
    try:
        yield
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise DamagedError(f"a stored result cannot be read ({error})") from error


def parts(tree: Tree) -> Iterator[tuple[str, Tree]]:
    """Kind and body of a tree and of all that it holds; no order is promised. No recursion."""
    pending = [tree]
    while pending:
        item = pending.pop()
        if not isinstance(item, dict):
            continue
        [(kind, body)] = item.items()
        yield kind, body
        if kind in ("list", "tuple", "set", "frozenset"):
            pending.extend(body)
        elif kind == "dict":
            pending.extend(one for pair in body for one in pair)
        elif kind in ("value", "attrs"):
            pending.extend(body[-1].values())


def value_classes(tree: Tree) -> set[type]:
    """The classes of the values in a tree, of those that this program has registered.

    Raises:
        DamagedError: it is no tree.
    """
    with _readable():
        names = {body[0] for kind, body in parts(tree) if kind == "value"}
        return {cls for name in names if (cls := value_class(name)) is not None}


def reference(leaf: Tree) -> tuple[str, str, int]:
    """Digest, suffix and size of one leaf, checked so that they are safe in a file name."""
    digest, suffix, size = leaf.get("blob"), leaf.get("suffix", ".npy"), leaf.get("size")
    if not is_digest(digest) or not isinstance(suffix, str) or not _SUFFIX.match(suffix):
        raise DamagedError("a stored result points outside the store")
    if not isinstance(size, int) or size < 0:
        raise DamagedError("a stored result has no size")
    return digest, suffix, size


def safe_suffix(path: Path) -> str:
    """The suffix of a file if it is plain ASCII, else none."""
    return path.suffix if _SUFFIX.match(path.suffix) else ""
