"""The arguments of a step: given by the user, loaded from the store, or streamed on the way.

`Known` is plain data about a run, enough to have any of its values in any process; `Arguments`
gets them for one job, running transient steps where they are read.
"""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import attrs

from talkgraph.cache.codecs import field_of, value_classes
from talkgraph.cache.frames import Frames
from talkgraph.cache.store import Store
from talkgraph.cache.values import value_name
from talkgraph.engine.declare.node import Node, Step
from talkgraph.engine.declare.sources import parse_source
from talkgraph.engine.keys.keying import UNKNOWN, Ingredients, Resolved
from talkgraph.errors import GraphError, KeyingError

_BY_VALUE = (type(None), bool, int, float, str, bytes)
_UNKNOWN = Resolved()

Reading = Callable[[Frames], Frames]


@attrs.define(eq=False)
class Known:
    """Where the values of a run come from.

    steps: nodes and sources of the steps that may be streamed.
    table: what is known of inputs and steps.
    """

    steps: Mapping[str, Step]
    table: dict[str, Resolved]

    def streamed(self, sources: Iterable[str]) -> list[str]:
        """The transient steps that sources need, each after what it reads. No recursion."""
        done: dict[str, None] = {}
        stack = [(parse_source(source)[0], False) for source in reversed(list(sources))]
        while stack:
            name, ready = stack.pop()
            if name in done or not self._is_streamed(name):
                continue
            if ready:
                done[name] = None
            else:
                stack.append((name, True))
                above = reversed(list(self.steps[name].sources.values()))
                stack.extend((parse_source(source)[0], False) for source in above)
        return list(done)

    def _is_streamed(self, name: str) -> bool:
        if name not in self.steps or not self.steps[name].node.transient:
            return False
        return name not in self.table or self.table[name].value is UNKNOWN

    def leaves(self, sources: Iterable[str]) -> list[str]:
        """Sources of stored values that are read for `sources`, also through transient steps."""
        found = list(sources)
        for name in self.streamed(found):
            found.extend(self.steps[name].sources.values())
        known = ((source, self.table.get(parse_source(source)[0])) for source in found)
        return [source for source, one in known if one is not None and one.is_stored]

    def made_from(self, names: Iterable[str]) -> dict[str, Ingredients]:
        """What the keys of steps are made from, as far as that is known."""
        found = {name: self.table[name].made_from for name in names if name in self.table}
        return {name: one for name, one in found.items() if one is not None}

    def only(self, step: Step, store: Store) -> Known:
        """What `step` reads and nothing else, fit to be sent to another process."""
        streamed = self.streamed(step.sources.values())
        steps = {name: self.steps[name] for name in streamed}
        read = [source for one in (step, *steps.values()) for source in one.sources.values()]
        names = {parse_source(source)[0] for source in read} - steps.keys()
        return Known(steps, {name: _portable(name, self.table[name], store) for name in names})

    def value_classes(self) -> tuple[type, ...]:
        """Classes of the stored values, for a process that has not defined them."""
        trees = [known.tree for known in self.table.values() if known.is_stored]
        found = {cls for tree in trees for cls in value_classes(tree)}
        return tuple(sorted(found, key=lambda cls: str(value_name(cls))))


class Arguments:
    """The values that one job reads."""

    def __init__(self, known: Known, store: Store) -> None:
        self.known = known
        self.store = store
        self._streamed: dict[str, Any] = {}
        self._loaded: dict[str, Any] = {}

    def of(self, step: Step, reading: Reading | None = None) -> dict[str, Any]:
        """Arguments of a step by port, once what it streams was started.

        Args:
            reading: makes of frames that are streamed those that the step is to read.
        """
        found = {port: self.value(source) for port, source in step.sources.items()}
        if reading is not None:
            streamed = [
                p for p, source in step.sources.items() if parse_source(source)[0] in self._streamed
            ]
            found.update({port: map_frames(found[port], reading) for port in streamed})
        return {port: _as_declared(step.node, port, value) for port, value in found.items()}

    def stream(self, name: str, value: Any) -> None:
        """A transient step gave a value."""
        self._streamed[name] = value

    def value(self, source: str) -> Any:
        """The value of a source; DamagedError if it is no longer whole in the store."""
        name, path = parse_source(source)
        known = self.known.table.get(name, _UNKNOWN)
        if name in self._streamed or known.value is not UNKNOWN:
            value = self._streamed.get(name, known.value)
            for field in path:
                value = getattr(value, field)
            return value
        if source not in self._loaded:
            self._loaded[source] = self.store.load(field_of(known.tree, path))
        return self._loaded[source]


def _portable(name: str, known: Resolved, store: Store) -> Resolved:
    """A value for another process: through the store if it may be large or bound to this one."""
    if known.is_stored:
        return Resolved(tree=known.tree)
    if not isinstance(known.value, _BY_VALUE):
        with contextlib.suppress(KeyingError):  # not storable, as a path: it travels as it is
            return Resolved(tree=store.keep(known.value, f"value of '{name}'"))
    return Resolved(value=known.value)


def _as_declared(node: Node, port: str, value: Any) -> Any:
    """The value of a port; if its receptive field names fields of it, the others refuse to be read.

    Keys of chunks hold the named fields alone, so what another one says would go unnoticed.
    """
    paths = [parse_source(path) for path in node.receptive_field]
    fields = {path[0] for name, path in paths if name == port and path}
    if not fields or (port, ()) in paths or not attrs.has(type(value)):
        return value
    shown = copy.copy(value)
    for field in attrs.fields(type(value)):
        if field.name not in fields:
            text = (
                f"it reads '{port}.{field.name}', which its receptive_field does not name; add it"
            )
            object.__setattr__(shown, field.name, _Undeclared(text))
    return shown


class _Undeclared:
    """A field that a node says it does not read."""

    def __init__(self, text: str) -> None:
        self._text = text

    def _refuse(self, *_: Any, **__: Any) -> Any:
        raise GraphError(self._text)

    __array__ = __bool__ = __float__ = __getattr__ = __getitem__ = __int__ = __len__ = _refuse
    __add__ = __radd__ = __mul__ = __rmul__ = __sub__ = __rsub__ = __iter__ = _refuse


def map_frames(value: Any, change: Any) -> Any:
    """The value with each `Frames` that it is, or has as a field, replaced by `change(frames)`."""
    if isinstance(value, Frames):
        return change(value)
    if attrs.has(type(value)):
        names = [f.name for f in attrs.fields(type(value)) if f.init]
        frames = {n: getattr(value, n) for n in names if isinstance(getattr(value, n), Frames)}
        if frames:
            return attrs.evolve(value, **{name: change(one) for name, one in frames.items()})
    return value
