"""What an object is made of, where that is not plain data, a function, a class or a module.

Wrappers and bound methods are made of what they wrap; all others of what the protocol of
`copy.copy` would copy: their class and their state. What has none, as a generator or an open file,
has no key.
"""

from __future__ import annotations

import abc
import copyreg
import enum
import functools
import inspect
import os
import sys
import types
import typing
import weakref
from typing import Any

import attrs
import numpy as np

from talkgraph.cache.keys import digest_file
from talkgraph.engine.declare.graph import Declaration
from talkgraph.engine.declare.node import Node
from talkgraph.engine.keys.first_party import FirstParty, is_engine

_MADE_OF = (  # what says all of a wrapper, a descriptor or a bound method
    "__func__", "__self__", "__wrapped__", "func", "args", "keywords", "kwds", "fget", "fset",
    "fdel", "py_func", "targetoptions", "dispatcher", "registry",
)  # fmt: skip
_WRAPPERS = ("builtins", "functools", "contextlib", "numba")
_TOOLS = ("threading", "_thread", "queue", "logging", "multiprocessing", "concurrent", "asyncio")
_BY_KIND = frozenset({
    "lock", "RLock", "_RLock", "Lock", "Condition", "Thread", "Logger", "Handler", "Manager",
    "Queue", "SimpleQueue", "Executor", "BaseContext", "BaseProcess", "Pool", "AbstractEventLoop",
})  # fmt: skip
"""Of these tools, the classes whose objects hold no data that code reads; and what they inherit."""
_NO_KEY = {
    "talkgraph.engine.run.result.Result": "pass its output, or its digests, as an input",
    "logging.LogRecord": "make it inside the function",
    "multiprocessing.shared_memory.SharedMemory": "pass its content as an input",
    "multiprocessing.shared_memory.ShareableList": "pass its content as an input",
}
_OF_RUNS = ("talkgraph.engine.executors.", "talkgraph.cache.")  # where, not what
_OF_WRAPPERS = frozenset({*functools.WRAPPER_ASSIGNMENTS, "__wrapped__", "cache_parameters"})

_OF_THE_PROCESS = (
    (os, "environ"), (sys, "stdin"), (sys, "stdout"), (sys, "stderr"), (sys, "modules"),
)  # fmt: skip
_CACHED = type(functools.cache(len))
_MADE_AT_RUN_TIME = 1 << 9  # Py_TPFLAGS_HEAPTYPE


@attrs.frozen
class Named:
    """Something of another package, known by its qualified name."""

    path: str


@attrs.frozen
class Apart:
    """An object taken apart: words, and the parts by a name for messages."""

    words: tuple[Any, ...]
    parts: tuple[tuple[str, Any], ...] = ()


class NoKeyError(Exception):
    """An object cannot be taken apart; says why."""


def find(module: str, name: str) -> Any:
    """What stands in a loaded module under a qualified name; all of it for ``*``."""
    found: Any = sys.modules.get(module)
    for part in name.split(".") if name != "*" else ():
        found = getattr(found, "__dict__", {}).get(part)
    return found


def place_of(value: Any) -> tuple[str, str] | None:
    """Module and qualified name under which a thing is found; None if it is not."""
    try:
        module = getattr(value, "__module__", None)
        name = getattr(value, "__qualname__", None) or getattr(value, "__name__", None)
    except Exception:  # an object may answer to any name, or to none in its own way
        return None
    if not isinstance(module, str) or not isinstance(name, str):
        return None
    return (module, name) if find(module, name) is value else None


def is_known_by_name(cls: type) -> bool:
    """Whether a class of another package is found there, or is one in C; not if it was made there
    from what the user gave, as by `dataclasses.make_dataclass`."""
    in_c = not cls.__flags__ & _MADE_AT_RUN_TIME
    return in_c or find(cls.__module__, cls.__qualname__) is cls


def of_the_process(value: Any) -> str | None:
    """The name of what every program has and no key holds: its environment, streams, modules."""
    for module, name in _OF_THE_PROCESS:
        if value is vars(module).get(name) and value is not None:
            return f"{module.__name__}.{name}"
    return None


def _of_a_hidden_object(value: Any) -> str | None:
    """The name of a method of another package's own object, as `random.choice`."""
    owner = getattr(value, "__self__", None)
    for module in (getattr(value, "__module__", None), type(owner).__module__):
        if isinstance(module, str) and find(module, value.__name__) is value:
            return f"{module}.{value.__name__}"
    return None


def of_singledispatch(value: Any) -> bool:
    """Whether it is one of the functions that `functools.singledispatch` makes."""
    if isinstance(getattr(value, "__self__", None), weakref.WeakKeyDictionary):
        return True  # what empties its memory
    return (
        isinstance(value, types.FunctionType)
        and value.__globals__ is vars(functools)
        and value.__code__.co_qualname.startswith("singledispatch.<locals>.")
    )


def registered_with(cls: type) -> set[type]:
    """The classes that `ABCMeta.register` has made virtual subclasses of one."""
    if "_abc_impl" not in vars(cls):
        return set()
    found = (one() for one in abc._get_dump(cls)[0])  # type: ignore[attr-defined]
    return {one for one in found if one is not None}


def inside(value: Any) -> Any:
    """The function in what the engine or `staticmethod` puts around it; else the thing itself."""
    around = isinstance(value, staticmethod) or is_engine(type(value).__module__)
    return getattr(value, "__func__", value) if around else value


def apart(value: Any, ours: FirstParty) -> Named | Apart:
    """What an object is made of; NoKeyError if that cannot be told."""
    kind = type(value)
    home, top = kind.__module__, kind.__module__.partition(".")[0]
    if isinstance(value, enum.Enum):
        return Apart(("member", value._name_), (("", kind), ("", value._value_)))
    if isinstance(value, np.ufunc):
        return _ufunc(value, ours)
    if isinstance(value, types.BuiltinFunctionType | types.MethodType):
        path = _of_a_hidden_object(value)
        if path is not None and not ours.has(path.rpartition(".")[0]):
            return Named(path)
    if isinstance(value, types.BuiltinFunctionType | types.MethodWrapperType):
        return _compiled(value, ours)
    if inside(value) is not value and is_engine(home):
        return Apart(("checked",), (("", inside(value)),))
    path = f"{home}.{kind.__qualname__}"
    if path in _NO_KEY:
        raise NoKeyError(f"a {path} has no defined cache key; {_NO_KEY[path]}")
    if home.startswith(_OF_RUNS) or (top in _TOOLS and _is_tool(kind)):
        return Named(path)
    if isinstance(value, Node):
        return _node(value)
    if isinstance(value, Declaration):
        said = {"name": value.name, "output": value.output, "inputs": value.inputs}
        return Apart(("graph",), (*((f".{k}", one) for k, one in said.items()), ("", value.steps)))
    if not ours.has(home):
        place = place_of(value)
        if place is not None and not ours.has(place[0]):
            return Named(".".join(place))
        if top in _WRAPPERS and not isinstance(value, BaseException):
            made = {one: getattr(value, one) for one in _MADE_OF if _has(value, one)}
            if isinstance(value, functools.partial | _CACHED):
                more = {one: it for one, it in vars(value).items() if one not in _OF_WRAPPERS}
                made.update({"more": sorted_state(more)} if more else {})
            if made:
                return Apart(("made of", *made), (("", kind), *made.items()))
        if inspect.isroutine(value) or inspect.isdatadescriptor(value):
            return Named(f"{home}.{getattr(value, '__qualname__', kind.__name__)}")
    if isinstance(value, typing.TypeVar):
        return Apart(
            ("type variable", value.__name__, value.__covariant__, value.__contravariant__),
            (("", value.__bound__), ("", value.__constraints__)),
        )
    if home == "typing" and kind.__name__ == "TypeAliasType":  # since Python 3.12
        return Apart(("type alias", value.__name__), (("", value.__value__),))
    if top == "torch" and hasattr(value, "detach"):
        return _tensor(value)
    return _copied(value)


def _is_tool(kind: type) -> bool:
    return not _BY_KIND.isdisjoint(base.__name__ for base in kind.__mro__)


def _tensor(value: Any) -> Apart:
    """A tensor by its bytes: NumPy does not know all of torch's types."""
    import torch

    try:
        plain = value.detach().cpu().resolve_conj().resolve_neg().contiguous()
        data = plain.reshape(-1).view(torch.uint8).numpy()
    except Exception:
        raise NoKeyError(
            "a tensor that is not dense has no defined cache key; use a dense one"
        ) from None
    words = ("tensor", str(value.dtype), value.requires_grad, *value.shape)
    return Apart(words, (("", data),))


def _node(node: Node) -> Apart:
    """A node that code runs: its class, the parameters that count, and what lies outside."""
    kind, fields = type(node), attrs.fields_dict(type(node))
    unkeyed = {
        name for name, field in fields.items()
        if not field.metadata.get("talkgraph", {}).get("keyed", True)
    }  # fmt: skip
    held = {name: one for name, one in vars(node).items() if name not in unkeyed}
    state, outside = sorted_state(without_kept(kind, held)), sorted_state(dict(node.outside()))
    return Apart(("node",), (("", kind), ("", state), (".outside()", outside)))


def _copied(value: Any) -> Apart:
    """What the protocol of `copy.copy` says of an object."""
    kind = type(value)
    copied: Any
    try:
        if kind.__name__ == "_local" and kind.__module__ == "_thread":
            copied = (kind, (), vars(value))
        elif kind.__module__ == "_contextvars" and kind.__name__ == "ContextVar":
            copied = (kind, (value.name, *_set_in(value)))
        else:
            reduce = copyreg.dispatch_table.get(kind)
            copied = reduce(value) if reduce else value.__reduce_ex__(4)
    except Exception:
        raise NoKeyError(
            f"a {kind.__module__}.{kind.__qualname__} has no defined cache key; make it inside the "
            "function, or behind functools.cache"
        ) from None
    if isinstance(copied, str):
        return Apart(("known as", copied), (("", kind),))
    function, arguments, state, items, pairs = [*copied, None, None, None][:5]
    state = without_kept(kind, state)
    if isinstance(value, set | frozenset):
        arguments, items = set(value), None
    made = (
        function, kind, arguments, sorted_state(state),
        None if items is None else list(items),
        None if pairs is None else [list(pair) for pair in pairs],
    )  # fmt: skip
    return Apart(("object",), tuple(("", one) for one in made))


def sorted_state(state: Any) -> Any:
    """The state of an object; the order of its attributes does not count."""
    if type(state) is dict and all(isinstance(name, str) for name in state):
        return sorted(([name, one] for name, one in state.items()), key=lambda pair: pair[0])
    if type(state) is tuple:
        return tuple(map(sorted_state, state))
    return state


def without_kept(kind: type, state: Any) -> Any:
    """The state of an object without what it can make again: of cached properties, say."""
    if type(state) is tuple:
        return tuple(without_kept(kind, one) for one in state)
    if type(state) is not dict:
        return state
    return {
        name: one for name, one in state.items()
        if not (
            isinstance(name, str)
            and isinstance(inspect.getattr_static(kind, name, None), functools.cached_property)
        )
        and not (name == "_ufunc" and issubclass(kind, np.vectorize))
    }  # fmt: skip


def _set_in(variable: Any) -> tuple[Any, ...]:
    """What a context variable holds here, its default included; nothing if it is not set."""
    try:
        return (variable.get(),)
    except LookupError:
        return ()


def _ufunc(value: np.ufunc, ours: FirstParty) -> Apart:
    """A function of arrays has no module: by the name of who has it."""
    word = value.__name__
    if word.endswith("(vectorized)"):
        raise NoKeyError(f"what {word} calls cannot be seen; use numpy.vectorize")
    tops = {
        module.partition(".")[0]
        for module, found in list(sys.modules.items())
        if getattr(found, "__dict__", {}).get(word) is value and not ours.has(module)
    }
    top = "numpy" if getattr(np, word, None) is value else min(tops, default="numpy")
    named = Named(f"{top}.{word}")
    return Apart(("ufunc", *value.types), (("", named),))


def _compiled(function: Any, ours: FirstParty) -> Named | Apart:
    """A function in C: its name and what it is bound to; the user's own by the file it is in."""
    owner = function.__self__
    if owner is not None and not isinstance(owner, types.ModuleType):
        return Apart(("method", function.__name__), ((".__self__", owner),))
    home = getattr(owner, "__name__", None) or function.__module__ or "builtins"
    if not ours.has(home):
        return Named(f"{home}.{function.__qualname__}")
    file = getattr(sys.modules.get(home), "__file__", None)
    return Apart(("compiled", function.__qualname__, file and digest_file(file)))


def _has(value: Any, name: str) -> bool:
    """Whether an object has an attribute, without asking what computes attributes."""
    return inspect.getattr_static(value, name, None) is not None
