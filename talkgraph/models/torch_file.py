"""Read the tensors in a PyTorch file as data: nothing that the file names is imported or called.

A checkpoint is a pickle, a program that may call anything. Here its opcodes are interpreted by a
machine that knows plain values, tensors and `OrderedDict` only: a class is a bare record of its
attributes, and a file that asks for any other call is refused. So a *whole pickled module*, whose
classes nobody has, gives its parameters by the names that its state dict would have.

Both layouts are read: the zip archive (torch 1.6 and later), with `data.pkl` and a file per
storage, and the stream before it: five pickles (magic number, version, system, object, storage
keys), then a u64 count and the bytes of each storage. All is little-endian.
"""

from __future__ import annotations

import io
import math
import pickletools
import zipfile
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from talkgraph.errors import ModelError

_MOST_BYTES = 2**31  # of an unpacked archive, against bombs
_MOST_OBJECTS = 100_000  # modules and tensors that are visited
_MAGIC = 0x1950A86A20F9469CFC6C
_TYPES = {
    f"torch.{name}Storage": np.dtype(kind)
    for name, kind in {
        "Float": "<f4", "Double": "<f8", "Half": "<f2", "Long": "<i8", "Int": "<i4",
        "Short": "<i2", "Char": "i1", "Byte": "u1", "Bool": "?",
    }.items()
}  # fmt: skip

Tensors = dict[str, NDArray[Any]]
Bytes = Callable[[str], bytes]
"""The content of a storage by its key."""


def read_tensors(data: bytes) -> Tensors:
    """Tensors by their names in the state dict of a saved module, or of a saved state dict itself.

    State dicts in a dict, as checkpoints hold them, give names that begin with their key.

    Raises:
        ModelError: it is no PyTorch file, asks for a call, is damaged, or holds no such tensors.
    """
    try:
        whole, storage = _zip(data) if data.startswith(b"PK") else _stream(data)
        found = {name: _array(tensor, storage) for name, tensor in _named(whole)}
    except ModelError:
        raise
    except Exception as error:  # on damaged files zipfile, pickletools and indexing raise anything
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise ModelError(f"not a PyTorch file, or a damaged one ({reason})") from error
    if not found:
        raise ModelError("it holds no tensors: neither a saved module nor a state dict")
    return found


def _zip(data: bytes) -> tuple[Any, Bytes]:
    archive = zipfile.ZipFile(io.BytesIO(data))
    if sum(info.file_size for info in archive.infolist()) > _MOST_BYTES:
        raise ModelError(f"it unpacks to more than {_MOST_BYTES} bytes: refused")
    (root,) = (n.removesuffix("data.pkl") for n in archive.namelist() if n.endswith("/data.pkl"))
    order = f"{root}byteorder"
    if order in archive.namelist() and archive.read(order) != b"little":
        raise ModelError("its numbers are big-endian: save it on another machine")
    whole = _Machine().run(io.BytesIO(archive.read(f"{root}data.pkl")))
    return whole, lambda key: archive.read(f"{root}data/{key}")


def _stream(data: bytes) -> tuple[Any, Bytes]:
    file = io.BytesIO(data)
    if _Machine().run(file) != _MAGIC:
        raise ModelError("it is no PyTorch file")
    _version, _system = _Machine().run(file), _Machine().run(file)
    machine = _Machine()
    whole = machine.run(file)
    found = {}
    for key in _Machine().run(file):
        count = int.from_bytes(file.read(8), "little")
        found[key] = file.read(count * machine.storages[key].kind.itemsize)
    return whole, found.__getitem__


@attrs.frozen
class _Name:
    """A class or function, of which nothing but the name is known."""

    name: str


@attrs.define(eq=False)
class _Record:
    """An object of some class, with its attributes."""

    kind: str
    state: Mapping[str, Any] = attrs.Factory(dict)


@attrs.frozen
class _Storage:
    key: str
    kind: np.dtype[Any]
    count: int


@attrs.frozen
class _Tensor:
    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def _tensor(
    storage: Any, offset: Any, shape: Any, strides: Any, *_gradient_and_hooks: Any
) -> _Tensor:
    if not isinstance(storage, _Storage) or len(shape) != len(strides):
        raise ModelError("it holds a tensor without a storage")
    return _Tensor(storage, offset, tuple(shape), tuple(strides))


_CALLS: dict[str, Callable[..., Any]] = {
    "collections.OrderedDict": lambda pairs=(): dict(pairs),
    "builtins.set": lambda items=(): set(items),
    "__builtin__.set": lambda items=(): set(items),
    "torch.Size": tuple,
    "torch._utils._rebuild_tensor": _tensor,
    "torch._utils._rebuild_tensor_v2": _tensor,
    "torch._utils._rebuild_parameter": lambda tensor, *_gradient_and_hooks: tensor,
    # An attribute of every module before torch 1.5, without content.
    "torch.nn.backends.thnn._get_thnn_function_backend": lambda: None,
}
"""All that a file may ask to be called, and what is done instead."""


class _Machine:
    """Interprets the opcodes of one pickle; `storages` are those that it named."""

    def __init__(self) -> None:
        self.storages: dict[str, _Storage] = {}
        self._stack: list[Any] = []
        self._marks: list[int] = []
        self._memo: dict[Any, Any] = {}

    def run(self, file: io.BytesIO) -> Any:
        """The object; `file` is left behind its last opcode."""
        for opcode, argument, _ in pickletools.genops(file):
            name = opcode.name
            if name in ("PROTO", "FRAME"):
                continue
            if name == "STOP":
                return self._stack.pop()
            if name in _LITERALS:
                self._stack.append(argument if name not in _FIXED else _FIXED[name]())
            elif name in _PUTS:
                self._memo[len(self._memo) if argument is None else argument] = self._stack[-1]
            elif name in _GETS:
                self._stack.append(self._memo[argument])
            else:
                step = getattr(self, f"_do_{name.lower()}", None)
                if step is None:
                    raise ModelError(f"it uses the pickle opcode {name}, which is not read")
                step(argument)
        raise ModelError("it is cut short")

    def _marked(self) -> list[Any]:
        start = self._marks.pop()
        items = self._stack[start:]
        del self._stack[start:]
        return items

    def _last(self, count: int) -> list[Any]:
        items = self._stack[-count:]
        if len(items) < count:
            raise ModelError("it is damaged")
        del self._stack[-count:]
        return items

    def _do_mark(self, _: Any) -> None:
        self._marks.append(len(self._stack))

    def _do_pop(self, _: Any) -> None:
        self._last(1)

    def _do_tuple(self, _: Any) -> None:
        self._stack.append(tuple(self._marked()))

    def _do_tuple1(self, _: Any) -> None:
        self._stack.append(tuple(self._last(1)))

    def _do_tuple2(self, _: Any) -> None:
        self._stack.append(tuple(self._last(2)))

    def _do_tuple3(self, _: Any) -> None:
        self._stack.append(tuple(self._last(3)))

    def _do_append(self, _: Any) -> None:
        self._extend(self._last(1))

    def _do_appends(self, _: Any) -> None:
        self._extend(self._marked())

    def _do_setitem(self, _: Any) -> None:
        self._fill(self._last(2))

    def _do_setitems(self, _: Any) -> None:
        self._fill(self._marked())

    def _do_additems(self, _: Any) -> None:
        items, into = self._marked(), self._stack[-1]
        if type(into) is not set:
            raise ModelError("it is damaged")
        into.update(items)

    def _extend(self, items: list[Any]) -> None:
        if type(self._stack[-1]) is not list:
            raise ModelError("it is damaged")
        self._stack[-1].extend(items)

    def _fill(self, items: list[Any]) -> None:
        if type(self._stack[-1]) is not dict:
            raise ModelError("it is damaged")
        self._stack[-1].update(zip(items[::2], items[1::2], strict=True))

    def _do_global(self, argument: str) -> None:
        name = argument.replace(" ", ".")
        if not all(part.isidentifier() for part in name.split(".")):
            raise ModelError("it names something by what is no name")
        self._stack.append(_Name(name))

    def _do_stack_global(self, _: Any) -> None:
        self._do_global(".".join(self._last(2)))

    def _do_reduce(self, _: Any) -> None:
        what, arguments = self._last(2)
        name = what.name if isinstance(what, _Name) else type(what).__name__
        if name not in _CALLS:
            raise ModelError(f"it asks for a call of {name}: refused, only tensors are read")
        self._stack.append(_CALLS[name](*arguments))

    def _do_newobj(self, _: Any) -> None:
        what, arguments = self._last(2)
        if not isinstance(what, _Name) or arguments:
            raise ModelError("it asks for an object made with arguments: refused")
        self._stack.append(_Record(what.name))

    def _do_build(self, _: Any) -> None:
        (state,), into = self._last(1), self._stack[-1]
        if isinstance(into, _Record) and isinstance(state, dict):
            into.state = state
        elif not isinstance(into, dict):  # the attributes of a state dict are its versions
            raise ModelError("it sets the state of what is no module: refused")

    def _do_binpersid(self, _: Any) -> None:
        (what,) = self._last(1)
        if what[0] == "module":  # a class, with its source code, in the older layout
            self._stack.append(what[1])
            return
        word, kind, key, _device, count = what[:5]
        if word != "storage" or not isinstance(kind, _Name) or kind.name not in _TYPES:
            named = kind.name if isinstance(kind, _Name) else "storage of some kind"
            raise ModelError(f"it holds a {named}, which is not read")
        self.storages[key] = _Storage(key, _TYPES[kind.name], count)
        self._stack.append(self.storages[key])


_FIXED: dict[str, Callable[[], Any]] = {
    "NONE": lambda: None, "NEWTRUE": lambda: True, "NEWFALSE": lambda: False,
    "EMPTY_TUPLE": tuple, "EMPTY_LIST": list, "EMPTY_DICT": dict, "EMPTY_SET": set,
}  # fmt: skip
_LITERALS = {
    *_FIXED, "BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT", "BINUNICODE", "BINUNICODE8",
    "SHORT_BINUNICODE", "BINBYTES", "SHORT_BINBYTES", "BINSTRING", "SHORT_BINSTRING",
}  # fmt: skip
_PUTS = {"BINPUT", "LONG_BINPUT", "MEMOIZE"}
_GETS = {"BINGET", "LONG_BINGET"}


def _named(whole: Any) -> Iterator[tuple[str, _Tensor]]:
    """Name and tensor of every parameter and buffer, in the order of a state dict."""
    if isinstance(whole, dict):
        for key, part in whole.items():
            if isinstance(part, _Tensor):
                yield key, part
            elif isinstance(part, dict):
                yield from ((f"{key}.{k}", v) for k, v in part.items() if isinstance(v, _Tensor))
        return
    visited = 0
    waiting = [("", whole)]
    while waiting:
        prefix, module = waiting.pop()
        visited += 1
        if visited > _MOST_OBJECTS or not isinstance(module, _Record):
            raise ModelError("its modules are not what a saved module holds")
        for part in ("_parameters", "_buffers"):
            for name, tensor in module.state.get(part, {}).items():
                if isinstance(tensor, _Tensor):
                    yield prefix + name, tensor
        inner = [(f"{prefix}{n}.", m) for n, m in module.state.get("_modules", {}).items()]
        waiting += [one for one in reversed(inner) if one[1] is not None]


def _array(tensor: _Tensor, storage: Bytes) -> NDArray[Any]:
    """A tensor's own copy of its numbers, after a check that they lie inside its storage."""
    numbers = np.frombuffer(storage(tensor.storage.key), tensor.storage.kind)
    sizes = (tensor.offset, *tensor.shape, *tensor.strides)
    if any(type(size) is not int or size < 0 for size in sizes):
        raise ModelError("a tensor has a size that is no count")
    last = sum((n - 1) * step for n, step in zip(tensor.shape, tensor.strides, strict=True))
    inside = math.prod(tensor.shape) <= len(numbers) and tensor.offset + last < len(numbers)
    if len(numbers) != tensor.storage.count or (0 not in tensor.shape and not inside):
        raise ModelError("a tensor reaches beyond its numbers")
    if 0 in tensor.shape:
        return np.zeros(tensor.shape, numbers.dtype)
    steps = tuple(step * numbers.itemsize for step in tensor.strides)
    view = np.lib.stride_tricks.as_strided(numbers[tensor.offset :], tensor.shape, steps)
    return view.copy()
