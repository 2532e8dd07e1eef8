"""The key of a step: H(node id @ version, code, parameters, digests of the inputs).

A transient node's output is not stored; its digest is derived from its key, so that what lies
downstream can be planned and reused without running it.
"""

from __future__ import annotations

import enum
import functools
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import attrs

from talkgraph.cache.codecs import field_of, value_classes
from talkgraph.cache.keys import FORMAT, Tree, digest_tree
from talkgraph.cache.records import Record
from talkgraph.engine.declare.node import Node
from talkgraph.engine.declare.sources import parse_source
from talkgraph.engine.declare.types import brief
from talkgraph.engine.keys.code import OWN, CodeDigest, LoadedCode
from talkgraph.engine.keys.parameters import (
    Parameters,
    classes_in,
    fields_read,
    in_order,
    parameters_of,
)
from talkgraph.engine.run.request import Request


@attrs.frozen(eq=False)
class Ingredients:
    """All that a key is made of, in a form that tells two keys' difference in words."""

    key: str
    version: int
    code: CodeDigest
    parameters: dict[str, list[str]]  # keyed ones: [digest, short text]
    inputs: dict[str, list[str]]  # port -> [digest, source]
    values: dict[str, str]  # input of the graph that is read -> its value in short, a file's name
    classes: tuple[type, ...] = ()  # of parameters and inputs; their code counts too

    def record(self) -> Record:
        """As JSON, to compare a later run with."""
        return {
            "key": self.key,
            "version": self.version,
            "code": self.code.digest,
            "parameters": self.parameters,
            "inputs": self.inputs,
            "values": self.values,
        }


class Unknown(enum.Enum):
    """In the place of what is not known (a value may well be None)."""

    UNKNOWN = enum.auto()


UNKNOWN = Unknown.UNKNOWN


@attrs.define(eq=False)
class Resolved:
    """What is known of an input or a step.

    value: the whole of it, if the user gave it.
    tree: of its value, once it was hashed or stored.
    made_from: what a step's key is made of.
    record: of a step's stored result.
    """

    value: Any = UNKNOWN
    tree: Tree | Unknown = UNKNOWN
    made_from: Ingredients | None = None
    record: Record | None = None
    digests: dict[tuple[str, ...], str] = attrs.field(factory=dict)  # by path of fields
    classes: dict[tuple[str, ...], Iterable[type]] = attrs.field(factory=dict)  # so, what it holds

    @property
    def is_stored(self) -> bool:
        """Whether its value is to be loaded from the store."""
        return self.tree is not UNKNOWN and self.value is UNKNOWN

    def keep(self, record: Record) -> None:
        """Its result is stored."""
        self.record, self.tree, self.digests[()] = record, record["output"], record["digest"]


class Keys:
    """The keys of one request, as its steps become known.

    table: what is known, by name of input or step.
    files: input -> path and digest of its content.
    """

    def __init__(self, request: Request) -> None:
        self.table = {n: Resolved(value=v) for n, v in {**request.inputs, **request.given}.items()}
        self.files: dict[str, tuple[Path, str]] = {}
        self._request = request
        self._code = LoadedCode(request.store)
        self._parameters: dict[int, Parameters] = {}
        self._fields_read: dict[type, frozenset[str] | None] = {}
        self._shown: dict[str, str] = {}  # input -> its value in short

    def digest(self, source: str) -> str | None:
        """Digest of what a source gives, or None if its step has yet to run."""
        name, path = parse_source(source)
        known = self.table.get(name)
        if known is None:
            return None
        found = known.digests.get(path)
        if found is None:
            if known.tree is UNKNOWN and known.value is not UNKNOWN:
                self._hash(name, known)
            if known.tree is not UNKNOWN:
                found = digest_tree(field_of(known.tree, path))
            elif known.made_from and self._request.graph.steps[name].node.transient:
                found = digest_tree(["derived", known.made_from.key, list(path)])
            else:
                return None
            known.digests[path] = found
        return found

    def _classes(self, source: str) -> Iterable[type]:
        """The classes of what a source gives: code that is called on it may be anyone's."""
        name, path = parse_source(source)
        known = self.table[name]
        if path not in known.classes:
            if known.value is not UNKNOWN:
                value = functools.reduce(getattr, path, known.value)
                known.classes[path] = set(classes_in(value))
            elif known.tree is not UNKNOWN:
                known.classes[path] = value_classes(field_of(known.tree, path))
            else:  # of a transient step, whose own code names them
                known.classes[path] = ()
        return known.classes[path]

    def _hash(self, name: str, known: Resolved) -> None:
        """Digest an input or a given value when it is first read."""
        request, value = self._request, known.value
        where = f"given value of step '{name}'" if name in request.given else f"input '{name}'"
        known.tree = request.store.digest_of(value, where)[1]
        if isinstance(value, Path):
            self.files[name] = (value, request.store.content(value)[0])
        if name in request.inputs:
            self._shown[name] = value.name if isinstance(value, Path) else brief(value)

    def ingredients(self, name: str) -> Ingredients | None:
        """Key of a step and what it is made of; None if a source has yet to run."""
        step = self._request.graph.steps[name]
        inputs: dict[str, list[str]] = {}
        met: set[type] = set()
        for port, source in step.sources.items():
            digest = self.digest(source)
            if digest is None:
                return None
            inputs[port] = [digest, source]
            met.update(self._classes(source))
        version = step.node.node_version
        given = self._parameters_of(step.node)
        classes = in_order({*given.classes, *met}) if met else given.classes
        code = self._code.digest(type(step.node), classes)
        key = digest_tree(
            [
                "action", FORMAT, step.node.node_id, version, code.digest, given.tree,
                {port: digest for port, (digest, _) in inputs.items()},
            ]
        )  # fmt: skip
        values = {
            source: self._shown[source] for _, source in inputs.values() if source in self._shown
        }
        return Ingredients(key, version, code, given.shown, inputs, values, classes)

    def _parameters_of(self, node: Node) -> Parameters:
        known = self._parameters.get(id(node))
        if known is None:  # the graph keeps its nodes alive, so ids stay theirs
            cls = type(node)
            if cls not in self._fields_read:
                self._fields_read[cls] = fields_read(cls)
            known = parameters_of(node, self._request.store, self._fields_read[cls])
            self._parameters[id(node)] = known
        return known


def explain(new: Ingredients, old: Record | None) -> str:
    """Why a step runs, given what it was last made from."""
    if old is None:
        return "first run"
    if "instead" in old:
        return f"first run of this node here; before, it was {old['instead']}"
    if old["key"] == new.key:
        return "its result is no longer in the store"
    said: list[str] = []
    if old["version"] != new.version:
        said.append(f"version changed from {old['version']} to {new.version}")
    for name in sorted({*old["parameters"], *new.parameters}):
        before, after = old["parameters"].get(name), new.parameters.get(name)
        if before is None and after is not None:
            said.append(f"parameter {name} is new ({after[1]})")
        elif after is None and before is not None:
            said.append(f"parameter {name} is gone (was {before[1]})")
        elif before is not None and after is not None and before[0] != after[0]:
            said.append(f"parameter {name} changed from {before[1]} to {after[1]}")
    for port in sorted({*old["inputs"], *new.inputs}):
        before, after = old["inputs"].get(port), new.inputs.get(port)
        if before is None or after is None:
            said.append(f"port {port} was {'not bound' if before is None else 'bound'}")
        elif before[0] != after[0]:
            was, now = old.get("values", {}).get(before[1]), new.values.get(after[1])
            if before[1] != after[1]:
                said.append(f"port {port} reads {after[1]}, before {before[1]}")
            elif now is None or was is None:
                said.append(f"input {after[1]} changed")
            elif was == now:
                said.append(f"input {after[1]} ({now}) has other content")
            else:
                said.append(f"input {after[1]} changed from {was} to {now}")
    was_code, is_code = old.get("parts", {}), new.code.parts
    changed = [
        part
        for part in sorted({*was_code, *is_code})
        if was_code.get(part) != is_code.get(part) and old["code"] != new.code.digest
    ]
    if OWN in changed:
        said.append("code of the node changed")
    helpers = [part for part in changed if part != OWN]
    if helpers:
        more = f" and {len(helpers) - 3} more" if len(helpers) > 3 else ""
        said.append(f"code of {', '.join(helpers[:3])}{more} changed")
    return "; ".join(said) or "the node was renamed"
