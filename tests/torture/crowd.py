"""Many processes, one store, no locks: every read is a miss or exact, and nothing is left behind.

Leases are stubbed to no-ops, so that nothing but the order of writes protects anybody. Beside the
workers one process collects garbage, one removes results, one verifies, and workers are killed.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from talkgraph import File, Frames, Store
from talkgraph.cache import leases
from talkgraph.errors import DamagedError, StoreError, TalkgraphError

from . import workshop
from .fuzzing import where
from .row import Row, Setting

FULL = 100_000
WORKERS = 16
KEYS = 150
KILLS_EACH = 400  # puts and gets between two kills
RUNS = 40  # of so many operations one is a run of a whole graph


def crowd(setting: Setting) -> Iterator[Row]:
    """16 processes on one store, with gc, rm, verify and SIGKILL beside them."""
    total = setting.count(FULL, 300)
    folder = setting.folder
    log = folder / "log"
    log.mkdir()
    beside = [_start(lambda act=act: _upkeep(folder, act), log) for act in ("gc", "rm", "verify")]
    try:
        done, kills = _work_and_kill(folder, log, total, setting.seed)
    finally:
        for child in beside:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
    violations = [line for path in workshop.files(log) for line in path.read_text().splitlines()]
    violations += _afterwards(folder)
    name = f"puts and gets, {WORKERS} processes, {kills} kills"
    yield Row(name, done, max(done, total), violations)


def _work_and_kill(folder: Path, log: Path, total: int, seed: int) -> tuple[int, int]:
    """Keep the workers at work, kill one now and then; returns operations and kills."""
    rng = random.Random(seed)
    share = max(1, min(100, total // WORKERS))
    workers: set[int] = set()
    done = kills = started = 0
    while done < total or workers:
        while done < total and len(workers) < WORKERS:
            started += 1
            act = partial(_work, folder, f"{seed} {started}", share)
            workers.add(_start(act, log))
        if kills < done // KILLS_EACH:
            kills += 1
            time.sleep(rng.uniform(0, 0.02))
            os.kill(rng.choice(sorted(workers)), signal.SIGKILL)  # a zombie at worst: not reaped
        for child in sorted(workers):
            ended, status = os.waitpid(child, os.WNOHANG)
            if ended:
                workers.discard(child)
                done += share if status == 0 else share // 2  # a killed one did some of it
        time.sleep(0.002)
    return done, kills


def _start(act: Callable[[], None], log: Path) -> int:
    """Run `act` in a child; what it raises is logged as a violation."""
    child = os.fork()
    if child == 0:
        try:
            leases.claim = _no_lock  # type: ignore[assignment]
            act()
        except BaseException as error:
            with (log / f"{os.getpid()}").open("a") as file:
                text = " ".join(str(error).split())
                file.write(f"{type(error).__name__}: {text} ({where(error)})\n")
        finally:
            os._exit(0)
    return child


def _no_lock(
    path: Path, done: Callable[[], bool]
) -> contextlib.AbstractContextManager[None] | None:
    return None if done() else contextlib.nullcontext()


def _store(folder: Path) -> Store:
    return Store(folder / "store", durable=False)


def _upkeep(folder: Path, act: str) -> None:
    """One kind of upkeep for ever."""
    rng = random.Random(act)
    parent = os.getppid()
    while os.getppid() == parent:
        store = _store(folder)
        if act == "gc":
            store.gc(rng.choice((None, 0, 200_000, 2_000_000)))
        elif act == "rm":
            for entry in store.ls()[:3]:
                with contextlib.suppress(StoreError):  # another was quicker
                    store.rm(entry.key)
        else:
            said = [text for text in store.verify() if "changed content" in text]
            if said:
                raise AssertionError(f"verify found damage: {said[0]}")
        time.sleep(rng.uniform(0.01, 0.1))


def _work(folder: Path, seed: str, share: int) -> None:
    """A share of puts and gets, and now and then a run."""
    rng = random.Random(seed)
    store = _store(folder)
    for _ in range(share):
        if rng.randrange(RUNS) == 0:
            _run(store, rng.randrange(4))
            continue
        number = rng.randrange(KEYS)
        key = f"{number:064x}"
        if not _get(store, key, number):
            with store.scratch() as scratch:
                store.put(key, _thing(number, scratch), facts=dict)


def _get(store: Store, key: str, number: int) -> bool:
    """Whether a key is there; AssertionError if its value is not exact."""
    try:
        record = store.action(key)
        if record is None:
            return False
        found = workshop.spell(store.load(record["output"]))
    except (DamagedError, FileNotFoundError):  # removed while it was read: a miss
        return False
    if found != _spelled(number):
        raise AssertionError(f"key {number}: a wrong value was served")
    return True


def _run(store: Store, seed: int) -> None:
    """A graph's run is right whatever happens to its store meanwhile."""
    try:
        found = workshop.run(store, seed).output
    except DamagedError:  # removed again and again under its hands
        return
    if found != _right(seed):
        raise AssertionError(f"run with seed {seed}: a wrong value")


_known: dict[Any, Any] = {}


def _right(seed: int) -> float:
    if seed not in _known:
        with tempfile.TemporaryDirectory() as alone:
            _known[seed] = workshop.run(Store(alone, durable=False), seed).output
    return float(_known[seed])


def _thing(number: int, scratch: Path) -> Any:
    """The value of a key: six kinds, some with shared parts; large ones are rare."""
    rng = np.random.default_rng(number)
    shared = np.full(1500, number % 5)
    match number % 6:
        case 0:
            return rng.normal(size=1000)
        case 1:
            (scratch / "a.bin").write_bytes(rng.bytes(3000))
            return File(scratch / "a.bin")
        case 2:
            film = rng.integers(0, 255, (40, 4, 6, 3), dtype=np.uint8)
            return Frames.from_array(film)
        case 3:
            return {"text": f"number {number}", "shared": shared, "own": rng.normal(size=600)}
        case 4:
            return [shared, (number, None, 0.5)]
    return rng.normal(size=140_000 if number % 4 == 1 else 900)


def _spelled(number: int) -> Any:
    found = _known.get(("thing", number))
    if found is None:
        with tempfile.TemporaryDirectory() as scratch:
            found = workshop.spell(_thing(number, Path(scratch)))
        if len(str(found)) < 100_000:
            _known["thing", number] = found
    return found


def _afterwards(folder: Path) -> list[str]:
    """What is wrong with the store once all are gone."""
    store = _store(folder)
    for path in (store.path / "tmp").iterdir():
        os.utime(path, (0, 0))
    store.prepare()
    wrong = [f"left behind: tmp/{path.name}" for path in (store.path / "tmp").iterdir()]
    wrong += store.verify()
    store.gc()
    wrong += [f"after gc: {text}" for text in store.verify()]
    for entry in store.ls():
        with contextlib.suppress(TalkgraphError):
            number = int(entry.key, 16)
            if number < KEYS and not _get(store, entry.key, number):
                wrong.append(f"key {number} cannot be read")
    return wrong
