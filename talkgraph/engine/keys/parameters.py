"""Which parameters of a node are in its key: those that differ from their default, or are read.

A parameter that is new, and that no code of the node reads yet, cannot change a result. In doubt
(the node passes itself on, is decorated, inherits) every parameter counts as read.
"""

from __future__ import annotations

import dataclasses
import enum
import types
from collections.abc import Iterable, Iterator
from typing import Any

import attrs

from talkgraph.cache.codecs import attributes
from talkgraph.cache.keys import Tree, digest_tree
from talkgraph.cache.store import Store
from talkgraph.engine.declare.node import Node
from talkgraph.engine.declare.ports import default_of
from talkgraph.engine.declare.types import brief
from talkgraph.engine.keys.bytecode import facts_of
from talkgraph.engine.keys.first_party import is_engine
from talkgraph.engine.keys.objects import inside
from talkgraph.engine.keys.reading import is_machinery
from talkgraph.errors import InputError, KeyingError

_COPYING = ("with_params", "on", "__")


@attrs.frozen
class Parameters:
    """Keyed parameters.

    tree: of those that are in the key.
    shown: digest and short text of all.
    classes: of the objects in the tree; their code may be known by nothing else.
    """

    tree: dict[str, Tree]
    shown: dict[str, list[str]]
    classes: tuple[type, ...]


def parameters_of(node: Node, store: Store, read: frozenset[str] | None) -> Parameters:
    """The keyed parameters of a node; KeyingError names one that has no digest.

    Args:
        read: what its code reads of it, by `fields_read`.
    """
    tree: dict[str, Tree] = {}
    shown: dict[str, list[str]] = {}
    classes: dict[type, None] = {}
    for field in attrs.fields(type(node)):
        if not field.metadata.get("talkgraph", {}).get("keyed", True):
            continue
        value = getattr(node, field.name)
        where = f"node '{node.node_id}', parameter '{field.name}'"
        digest, value_tree = store.digest_of(value, where)
        shown[field.name] = [digest, brief(value)]
        if read is None or field.name in read or not _is_default(field, digest, store, where):
            tree[field.name] = value_tree
            classes.update(dict.fromkeys(classes_in(value)))
    for name, content in node.outside().items():
        tree[name], shown[name] = content, [digest_tree(content), brief(content)]
    return Parameters(tree, shown, in_order(classes))


def _is_default(field: attrs.Attribute[Any], digest: str, store: Store, where: str) -> bool:
    default = default_of(field)
    try:
        return default is not attrs.NOTHING and store.digest_of(default, where)[0] == digest
    except (InputError, KeyingError):  # a default file that is not there, say
        return False


def classes_in(value: Any) -> Iterator[type]:
    """Classes of the objects that a value with a digest is made of."""
    if isinstance(value, dict):
        value = [*value, *value.values()]
    if isinstance(value, list | tuple | set | frozenset):
        for item in value:
            yield from classes_in(item)
    elif isinstance(value, enum.Enum):
        yield type(value)
    elif (attrs.has(type(value)) or dataclasses.is_dataclass(value)) and not is_engine(
        type(value).__module__
    ):
        yield type(value)
        for name in attributes(value):
            yield from classes_in(getattr(value, name, None))


def in_order(classes: Iterable[type]) -> tuple[type, ...]:
    """Classes, each once, by name."""
    return tuple(sorted(set(classes), key=lambda one: (one.__module__, one.__qualname__)))


def fields_read(cls: type) -> frozenset[str] | None:
    """Attributes of itself that the code of a node class reads; None if that cannot be told."""
    if cls.__bases__ != (Node,):
        return None
    found: set[str] = set()
    for name, own in vars(cls).items():
        if is_machinery(cls, name, own):
            continue
        members = [own.fget, own.fset, own.fdel] if isinstance(own, property) else [own]
        members = [one if isinstance(one, staticmethod) else inside(one) for one in members]
        for member in members:
            if isinstance(member, types.FunctionType):
                read = _read_by(member)
                if read is None:
                    return None
                found |= read
            elif isinstance(member, type | staticmethod):
                continue
            elif callable(member) or isinstance(member, classmethod):
                return None
    return frozenset(found)


def _read_by(method: types.FunctionType) -> set[str] | None:
    code = method.__code__
    facts = facts_of(code)
    if facts.by_name or "__class__" in code.co_freevars or not code.co_argcount:
        return None
    chains = facts.variables.get(code.co_varnames[0], frozenset())
    if any(not chain or chain[0].startswith(_COPYING) for chain in chains):
        return None
    return {chain[0] for chain in chains}
