"""Open ONNX models with onnxruntime, on CUDA only where CUDA truly works."""

from __future__ import annotations

import ctypes
import importlib.util
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Protocol

import attrs

from talkgraph.cache.files import File
from talkgraph.cache.keys import digest_file
from talkgraph.errors import InputError, ModelError
from talkgraph.models.contract import Contract, described

DEVICES = ("auto", "cpu", "cuda")
_KEPT = 16  # sessions kept open per process, the least recently used goes first

_VARIABLE = "TALKGRAPH_DEVICE"
_lock = threading.Lock()


@cache  # so that the device is in no key of code that asks for it
def _device() -> ContextVar[str | None]:
    return ContextVar("talkgraph_device", default=None)


class Network(Protocol):
    """A network as it flows between stages: its file, and plain text facts about it."""

    @property
    def file(self) -> File: ...  # noqa: D102

    @property
    def facts(self) -> dict[str, str]: ...  # noqa: D102


@contextmanager
def use_device(device: str) -> Iterator[None]:
    """Run the body's networks on `device`: ``auto`` (CUDA where it works), ``cpu`` or ``cuda``.

    Raises:
        InputError: no such device, or ``cuda`` where CUDA does not work.
    """
    if device not in DEVICES:
        raise InputError(f"there is no device '{device}': use one of {', '.join(DEVICES)}")
    if device == "cuda" and (reason := cuda_missing()):
        raise InputError(f"device 'cuda' cannot be used: {reason}. Use device 'cpu' or 'auto'")
    token = _device().set(device)
    before = os.environ.get(_VARIABLE)
    os.environ[_VARIABLE] = device  # worker processes follow
    try:
        yield
    finally:
        _device().reset(token)
        os.environ.pop(_VARIABLE)
        if before is not None:
            os.environ[_VARIABLE] = before


def current_device() -> str:
    """``cpu`` or ``cuda``: where a session opened now would run."""
    device = _device().get() or os.environ.get(_VARIABLE, "auto")
    if device == "auto":
        return "cpu" if cuda_missing() else "cuda"
    return device


def check_runtime() -> None:
    """Raise InputError unless onnxruntime, which is an extra, is installed."""
    if importlib.util.find_spec("onnxruntime") is None:
        raise InputError(
            "onnxruntime, which runs the networks, is not installed: pip install 'talkgraph[cpu]' "
            "or, for CUDA, 'talkgraph[gpu]'; with uv: uvx 'talkgraph[cpu]'"
        )


def open_session(model: Path | str | File, threads: int | None = None) -> Any:
    """An `onnxruntime.InferenceSession` of the model file, kept open for the next caller.

    Equal files share a session. It may be used by several threads at once.

    Args:
        threads: CPU threads for one call; None leaves the choice to onnxruntime.

    Raises:
        ModelError: the file is missing or no ONNX model.
        InputError: ``cuda`` was asked for and fails for this model, or there is no onnxruntime.
    """
    check_runtime()
    file = model.path if isinstance(model, File) else Path(model)
    try:
        stat = file.stat()
    except OSError as error:
        raise ModelError(f"the model file {file} cannot be read: {error.strerror}") from error
    digest = _digest(str(file.resolve()), stat.st_size, stat.st_mtime_ns)
    with _lock:
        return _kept(_Wanted(digest, current_device(), threads, file))


@attrs.frozen
class _Wanted:
    """A session, which is the same for equal content wherever it lies."""

    digest: str
    device: str
    threads: int | None
    file: Path = attrs.field(eq=False)


@lru_cache(maxsize=_KEPT)
def _kept(wanted: _Wanted) -> Any:
    return _open(wanted.file, wanted.device, wanted.threads)


def open_network(
    model: Network, contract: Contract, *, node: str, port: str, threads: int | None = None
) -> Any:
    """The session of a network that arrived at a port, as `open_session`.

    Raises:
        ModelError: it is not what the contract asks for.
        InputError: as `open_session`.
    """
    where = f"node '{node}', port '{port}'"
    try:
        session = open_session(model.file, threads)
    except ModelError as error:
        raise ModelError(f"{where}: {error}; use {contract.remedy}") from error
    if not contract.admits(session):
        name = f"'{model.facts['name']}'" if "name" in model.facts else "a network"
        raise ModelError(
            f"{where}: expected a {contract.what}, {contract}; received {name}, "
            f"{described(session)}; use {contract.remedy}"
        )
    return session


@lru_cache(maxsize=64)
def _digest(file: str, size: int, mtime_ns: int) -> str:
    """Digest of a file's content, read again only when its size or time has changed."""
    return digest_file(Path(file))


def _open(file: Path, device: str, threads: int | None) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # errors only
    options.use_deterministic_compute = True
    # Spinning idle threads would take the cores from the other stages.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    if threads is not None:
        options.intra_op_num_threads = threads
    providers = ["CPUExecutionProvider"]
    if device == "cuda":
        providers.insert(0, "CUDAExecutionProvider")
    try:
        session = onnxruntime.InferenceSession(str(file), options, providers=providers)
        for one in (*session.get_inputs(), *session.get_outputs()):
            if not one.name:  # reading a name that is no text raises
                raise ValueError("an input or output has no name")
    except Exception as error:  # onnxruntime raises a class per status code, none of them public
        first = str(error).strip().splitlines()[0]
        raise ModelError(f"the model file {file} cannot be opened: {first}") from error
    if device == "cuda" and "CUDAExecutionProvider" not in session.get_providers():
        raise InputError(f"CUDA cannot run {file.name}: use device 'cpu'")
    return session


@cache
def cuda_missing() -> str:
    """Why CUDA cannot be used, in a few words; empty where it works.

    onnxruntime lists CUDA whenever it was built with it, so the driver is asked first (quietly),
    then a tiny network is opened and the session is asked what it runs on.
    """
    if reason := _driver_missing():
        return reason
    import numpy as np
    import onnxruntime

    if "CUDAExecutionProvider" not in onnxruntime.get_available_providers():
        return "onnxruntime is the CPU build (install talkgraph[gpu] instead of talkgraph[cpu])"
    if hasattr(onnxruntime, "preload_dlls"):
        onnxruntime.preload_dlls()
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    try:
        session = onnxruntime.InferenceSession(
            _tiny_model(), options, providers=["CUDAExecutionProvider", "CPUExecutionProvider"]
        )
        works = session.get_providers()[0] == "CUDAExecutionProvider"
        session.run(None, {"x": np.ones(1, np.float32)})
    except Exception as error:
        return f"onnxruntime cannot start CUDA ({str(error).strip().splitlines()[0]})"
    return "" if works else "onnxruntime cannot load CUDA's libraries (cuDNN, cuBLAS)"


def _driver_missing() -> str:
    """Ask NVIDIA's driver for a device, without printing anything."""
    for name in ("libcuda.so.1", "nvcuda.dll"):
        try:
            driver = ctypes.CDLL(name)
        except OSError:
            continue
        count = ctypes.c_int(0)
        if driver.cuInit(0) or driver.cuDeviceGetCount(ctypes.byref(count)) or not count.value:
            return "NVIDIA's driver finds no GPU"
        return ""
    return "there is no NVIDIA driver on this machine"


def _tiny_model() -> bytes:
    from onnx import TensorProto, helper

    value = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]) for name in "xy"]
    graph = helper.make_graph([helper.make_node("Exp", ["x"], ["y"])], "tiny", value[:1], value[1:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return bytes(model.SerializeToString())
