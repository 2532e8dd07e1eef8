"""SIGKILL at random moments: forked puts, and whole processes that go on with a stream."""

from __future__ import annotations

import os
import random
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from talkgraph.cache import CHUNK, Frames, Store
from tests.torture import scenes
from tests.torture.row import Row, Setting

_LOOK = 100  # puts after which the store is looked at, and a new one begun
_FRAMES = 12 * CHUNK + 5


def puts(setting: Setting) -> Iterator[Row]:
    """Processes die in the middle of a put; what is there is right, what lacks can be made."""
    total = setting.count(10_000, least=20)
    rng = random.Random(setting.seed)
    violations: list[str] = []
    killed = 0
    names = [*scenes.VALUES, *scenes.FILES]
    for first in range(0, total, _LOOK):
        path = setting.folder / "stor é" / "store"
        path.parent.mkdir()
        Store(path, durable=False).prepare()
        usual = _timed(lambda path=path: [scenes.put(Store(path), name) for name in names])
        for _ in range(min(_LOOK, total - first)):
            name = rng.choice(names)
            wait = rng.uniform(0.0, 2.5 * usual / len(names))
            killed += _killed_after(wait, lambda n=name, p=path: scenes.put(Store(p), n))
        store = Store(path, durable=False)
        found = [text for name in names if (text := scenes.wrong(store, name))]
        for name in names:
            scenes.put(store, name)
        found += [text for name in names if (text := scenes.wrong(store, name))] + store.verify()
        violations += [f"puts {first} to {first + _LOOK}: {text}" for text in found]
        shutil.rmtree(path.parent)
    yield Row(f"puts cut by SIGKILL ({killed} in time)", total, total, violations)


def resumes(setting: Setting) -> Iterator[Row]:
    """A stream is made by processes that die, each going on where the last one ended."""
    total = setting.count(1000, least=8)
    rng = random.Random(setting.seed)
    whole = Store(setting.folder / "whole", durable=False)
    expected = whole.put("ab" * 32, _stream(0), facts=dict)["digest"]
    violations: list[str] = []
    deaths = streams = 0
    while deaths < total:
        path = setting.folder / f"stream {streams}"
        streams += 1
        while _killed_after(rng.uniform(0.005, 0.06), lambda path=path: _make(path)):
            deaths += 1
        store = Store(path, durable=False)
        record = store.action("ab" * 32)
        if record is None or record["digest"] != expected:
            violations.append(f"seed {setting.seed}, stream {streams}: not what one process makes")
        elif not scenes.same(store.load(record["output"]), _stream(0)) or store.verify():
            violations.append(f"seed {setting.seed}, stream {streams}: a wrong frame")
        shutil.rmtree(path)
    yield Row(f"resumed after SIGKILL ({streams} streams)", deaths, total, violations)


def _stream(pause: float) -> Frames:
    """Frames that take `pause` seconds a chunk to make."""

    def read(start: int, stop: int) -> np.ndarray:
        time.sleep(pause)
        numbers = (np.arange(start, stop) % 251).astype(np.uint8)[:, None, None, None]
        return np.broadcast_to(numbers, (stop - start, 8, 8, 3)).copy()

    return Frames.from_function(_FRAMES, (8, 8, 3), read)


def _make(path: Path) -> None:
    Store(path, durable=False).put("ab" * 32, _stream(0.004), facts=dict)


def _timed(work: Callable[[], object]) -> float:
    began = time.monotonic()
    _killed_after(60.0, work)
    return time.monotonic() - began


def _killed_after(wait: float, work: Callable[[], object]) -> bool:
    """Do work in a forked child that is killed after a while; whether that was in time."""
    child = os.fork()
    if not child:
        code = 1
        try:
            work()
            code = 0
        finally:
            os._exit(code)
    until = time.monotonic() + wait
    while time.monotonic() < until:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            break
        time.sleep(min(0.001, max(0.0, until - time.monotonic())))
    else:
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
    if not os.WIFSIGNALED(status) and os.waitstatus_to_exitcode(status):
        raise AssertionError("the child failed by itself")
    return os.WIFSIGNALED(status)
