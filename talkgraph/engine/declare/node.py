"""A node: an attrs class whose fields are parameters and whose `run` signature names the ports."""

from __future__ import annotations

import functools
import inspect
import operator
import sys
from collections.abc import Callable, Collection, Mapping
from types import FunctionType
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, dataclass_transform

import attrs

from talkgraph.engine.declare.checked_run import CheckedRun
from talkgraph.engine.declare.checks import checks_of
from talkgraph.engine.declare.ports import field_types
from talkgraph.engine.declare.registry import register
from talkgraph.engine.declare.types import brief, coerce, identity
from talkgraph.errors import GraphError, nearest

T = TypeVar("T", bound="Node")

_BOUNDS: tuple[tuple[str, str, Callable[[Any, Any], bool]], ...] = (
    ("ge", ">=", operator.ge),
    ("gt", ">", operator.gt),
    ("le", "<=", operator.le),
    ("lt", "<", operator.lt),
)


def param(
    default: Any = attrs.NOTHING,
    help: str = "",
    *,
    unit: str = "",
    ge: float | None = None,
    gt: float | None = None,
    le: float | None = None,
    lt: float | None = None,
    choices: tuple[Any, ...] | None = None,
    keyed: bool = True,
) -> Any:
    """Declare a parameter of a node.

    Args:
        default: its value when the graph says nothing; from the paper where it has one.
        help: one line for the command line, the report and the docs; cite paper and section.
        unit: s, Hz, px, rad, …
        ge, gt, le, lt: bounds, checked when the node is made.
        choices: the allowed values.
        keyed: False for what cannot change the result (threads, device): left out of the cache key.
    """
    metadata = {
        "help": help, "unit": unit, "ge": ge, "gt": gt, "le": le, "lt": lt,
        "choices": choices, "keyed": keyed,
    }  # fmt: skip
    return attrs.field(default=default, metadata={"talkgraph": metadata})


class _Doc:
    """A docstring that tells parameters and ports, too: made when it is read, not at import."""

    def __init__(self, text: str | None) -> None:
        self._text = text

    def __get__(self, instance: object, cls: type) -> str | None:
        from talkgraph.engine.declare.description import documented

        try:
            return documented(cls, self._text)
        except GraphError:  # of ports that are not annotated, which a graph refuses
            return self._text


class Node:
    """Base of all nodes; subclasses define `run(self, port: Type, ...) -> Type`."""

    node_id: str
    node_version: int
    if TYPE_CHECKING:
        __attrs_attrs__: ClassVar[Any]  # subclasses are attrs classes
    transient: bool  # True: never stored; its lazy frames are recomputed where they are needed
    receptive_field: dict[str, tuple[int, int]]  # port or port.field -> frames before and after
    node_files: tuple[str, ...]  # data that its code reads, beside its module
    gpu: bool  # True: it may use a GPU, of which two nodes at once get in each other's way

    def on(self, **sources: str) -> Step:
        """Place the node in a graph: `port="step"`, `port="step.field"` or `port="input"`."""
        return Step(self, sources)

    def outside(self) -> Mapping[str, str]:
        """Content by name that the result depends on and that no parameter, port or code holds,
        such as that of an installed network; asked for when the key is made."""
        return {}

    def sight(self, ports: Collection[str]) -> Mapping[str, tuple[int, int]]:
        """How far it looks in a place where these ports are connected: its `receptive_field`, or
        less where its parameters or a port that is left free say so."""
        return self.receptive_field

    def with_params(self: T, **parameters: Any) -> T:
        """The same node with other parameters."""
        return attrs.evolve(self, **parameters)  # type: ignore[misc]


def copied(sources: Mapping[str, str]) -> dict[str, str]:
    """A converter that keeps what a step reads from being changed elsewhere."""
    return dict(sources)


@attrs.frozen
class Step:
    """A node in its place: which step, field or input each port reads."""

    node: Node = attrs.field(eq=identity)
    sources: Mapping[str, str] = attrs.field(converter=copied)

    __hash__ = None  # type: ignore[assignment]


@dataclass_transform(frozen_default=True, kw_only_default=True)
def node(
    id: str,
    *,
    version: int,
    transient: bool = False,
    gpu: bool = False,
    files: tuple[str, ...] = (),
    receptive_field: Mapping[str, int | tuple[int, int]] | None = None,
) -> Callable[[type[T]], type[T]]:
    """Class decorator that makes a frozen, keyword-only attrs class with an id and a version.

    Args:
        id: fixed name in graphs, YAML files and cache keys, e.g. ``mfcc``.
        version: raise it when the same inputs and parameters give another result for a reason
            that is not in the code (new weights, another library).
        transient: cheap frame stages whose output is streamed and not stored.
        gpu: stages that use a GPU where there is one; executors give each a slot of its own.
        files: data files that its code reads, by their path from the folder of its module; their
            content is in the key.
        receptive_field: for stages that give `Frames` made when read: frame t depends on no more of
            a port, or of a field of it (``port.field``, which makes the other fields unreadable),
            than its frames t - before to t + after (one number for both); chunks whose windows
            are unchanged are found again after another part of the input has changed. Where it is
            sometimes less, override `sight`.
    """
    caller = sys._getframe(1)
    names = dict(caller.f_locals) if caller.f_locals is not caller.f_globals else {}

    def make(cls: type[T]) -> type[T]:
        if "__init__" in vars(cls):
            raise GraphError(
                f"node '{id}' has its own __init__; declare its parameters as fields, `k: int = "
                "param(1)`, and make the rest in run"
            )
        made = attrs.define(
            cls, frozen=True, kw_only=True, slots=False, field_transformer=_with_checks
        )
        made.node_id = id
        made.node_version = version
        made.transient = transient
        made.gpu = gpu
        made.node_files = files
        made.receptive_field = _spans(made, receptive_field or {})
        if transient and checks_of(made):
            raise GraphError(f"node '{id}' is transient: it keeps no result that could be checked")
        if names:  # a node made inside a function: its annotations may name local classes
            made.__talkgraph_names__ = names  # type: ignore[attr-defined]
        made.__init__ = _checked_init(made, made.__init__)  # type: ignore[method-assign]
        made.__doc__ = _Doc(vars(made)["__doc__"])  # type: ignore[assignment]
        if isinstance(vars(made).get("run"), FunctionType):
            made.run = CheckedRun(vars(made)["run"])  # type: ignore[attr-defined]
        register(made)
        return made

    return make


def _spans(cls: type, field: Mapping[str, int | tuple[int, int]]) -> dict[str, tuple[int, int]]:
    """Frames before and after, by port; GraphError if `run` has no such port."""
    ports = inspect.signature(cls.run).parameters if hasattr(cls, "run") else {}
    for path in field:
        port = path.partition(".")[0]
        if port not in ports:
            raise GraphError(
                f"node '{cls.node_id}': receptive_field names port '{port}'"  # type: ignore[attr-defined]
                f"{nearest(port, ports)}, which run does not have"
            )
    return {path: (n, n) if isinstance(n, int) else n for path, n in field.items()}


def _with_checks(cls: type, fields: list[attrs.Attribute[Any]]) -> list[attrs.Attribute[Any]]:
    check = attrs.Converter(_checked, takes_self=True, takes_field=True)
    return [
        field.evolve(
            converter=attrs.converters.pipe(field.converter, check) if field.converter else check
        )
        for field in fields
    ]


def _checked_init(cls: type, init: Callable[..., None]) -> Callable[..., None]:
    """Refuse unknown and missing parameters in words of the node."""

    fields = {field.alias: field for field in attrs.fields(cls) if field.init}
    needed = [name for name, field in fields.items() if field.default is attrs.NOTHING]
    for name, field in fields.items():  # for `help`: not what the converter takes
        init.__annotations__[name] = field.type

    @functools.wraps(init)
    def checked(self: Any, /, *positional: Any, **parameters: Any) -> None:
        label = f"node '{type(self).node_id}'"
        if positional:
            raise GraphError(f"{label}: parameters go by name; write {next(iter(fields), 'x')}=...")
        for name in parameters:
            if name not in fields:
                hint = nearest(name, fields) or f"; it has {', '.join(fields) or 'none'}"
                raise GraphError(f"{label} has no parameter '{name}'{hint}")
        missing = [name for name in needed if name not in parameters]
        if missing:
            raise GraphError(f"{label} needs parameter '{missing[0]}'; give {missing[0]}=...")
        init(self, **parameters)

    return checked


def _checked(value: Any, instance: Any, field: attrs.Attribute[Any]) -> Any:
    """A parameter as its annotation spells it (`coerce`); GraphError if it is out of bounds."""
    label = f"node '{type(instance).node_id}': parameter '{field.name}'"
    try:
        value = coerce(value, field_types(type(instance))[field.name])
    except TypeError as error:
        raise GraphError(f"{label}: {error}") from None
    if value is None:
        return value
    facts = field.metadata.get("talkgraph", {})
    for name, sign, holds in _BOUNDS:
        bound = facts.get(name)
        if bound is not None:
            items = value if isinstance(value, tuple | list) else (value,)
            if not all(holds(item, bound) for item in items):
                unit = f" {facts['unit']}" if facts.get("unit") else ""
                raise GraphError(f"{label} is {brief(value)}, expected {sign} {bound}{unit}")
    choices = facts.get("choices")
    if choices is not None and value not in choices:
        hint = nearest(value, map(str, choices)) if isinstance(value, str) else ""
        options = ", ".join(map(repr, choices))
        raise GraphError(f"{label} is {brief(value)}, expected one of {options}{hint}")
    return value
