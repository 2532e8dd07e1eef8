"""Faults of the network: each kind, at each request, once and for ever, on the way up and down.

Whatever happens, what is got is right or made again, nothing wrong is published, and when the
network is whole again nothing is lost: at the latest the second reader finds the result stored.
"""

from __future__ import annotations

import contextlib
import itertools
import logging
import multiprocessing
import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

from talkgraph.cache import Frames, Store, disk, object_store, remote
from talkgraph.cache.keys import digest_bytes, digest_file
from talkgraph.errors import DamagedError, StoreError

from .row import Row, Setting
from .s3 import BUCKET, Exchange, FaultyS3, relay
from .s3_faults import DOWN, FAULTS, PATIENCE, REFUSALS, UP

KEY = "ab" * 32
URL = f"s3://{BUCKET}"
BIG = 150_000.0  # numbers: a blob that is hashed once and mapped
BLOBS = 2  # of the result


@contextlib.contextmanager
def hasty(server: FaultyS3) -> Iterator[None]:
    """One request at a time, without the retries of the libraries, soon given up."""
    import fsspec
    import s3fs

    with (
        mock.patch.object(remote, "_THREADS", 1),
        mock.patch.object(object_store, "PATIENCE", 60.0),
        mock.patch.object(object_store, "SLOWEST", 1 << 24),
        mock.patch.object(s3fs.S3FileSystem, "retries", 1),
        mock.patch.dict("os.environ", {"AWS_MAX_ATTEMPTS": "1"}),
        mock.patch.dict(fsspec.config.conf, {"s3": server.settings}),
        mock.patch.object(logging.getLogger("asyncio"), "disabled", True),
    ):
        server.begin()
        asked = object_store.ObjectStore(URL, Path()).open()[0]
        asked.exists(BUCKET)  # the first one takes long
        # On a busy machine an answer may take longer than silence may on an idle one.
        slowest = max(_seconds(lambda: asked.exists(BUCKET)) for _ in range(8))
        object_store.PATIENCE = max(PATIENCE, 10 * slowest)
        yield


def _seconds(work: Callable[[], object]) -> float:
    began = time.monotonic()
    work()
    return time.monotonic() - began


def thing() -> dict[str, Any]:
    """The result in question: two blobs and a record."""
    pictures = (np.arange(33 * 16 * 16 * 3) % 251).astype(np.uint8).reshape(33, 16, 16, 3)
    return {"numbers": np.arange(BIG), "frames": Frames.from_array(pictures[:32])}


def same(found: Any) -> bool:
    """Whether a value is that result."""
    right = thing()
    return np.array_equal(found["numbers"], right["numbers"]) and np.array_equal(
        found["frames"].array(), right["frames"].array()
    )


def obtain(store: Store) -> tuple[Any, bool]:
    """The result, as a run gets it; and whether it was stored."""
    with store.in_use() as pin:
        pin(KEY)
        for _ in range(4):  # a result that is damaged is made again
            stored = False
            record = None
            with contextlib.suppress(DamagedError):
                record = store.action(KEY)
            stored = record is not None
            if record is None:
                record = store.put(KEY, thing(), facts=dict)
            try:
                return store.load(record["output"]), stored
            except DamagedError:
                store.forget(KEY)
    raise AssertionError("damaged each time")


class Case:
    """One prefix of the bucket, and the machines that use it."""

    def __init__(self, folder: Path, number: int) -> None:
        self.url = f"{URL}/{number}"
        self.folder = folder / str(number)
        self.violations: list[str] = []

    def store(self, machine: str) -> Store:
        """The store of one machine, as a new process opens it."""
        return Store(self.folder / machine, remote=self.url, durable=False)

    def obtain(self, machine: str, *, may_refuse: bool = False) -> bool:
        """Whether the result was stored; notes what is wrong with it."""
        began = time.monotonic()
        stored = False
        try:
            found, stored = obtain(self.store(machine))
            if not same(found):
                self.violations.append(f"{machine} got a wrong value")
        except StoreError as error:
            if not may_refuse or "\n" in str(error):
                self.violations.append(f"{machine}: {error}")
        except Exception as error:
            self.violations.append(f"{machine}: {type(error).__name__}: {error}")
        if time.monotonic() - began > 120:
            self.violations.append(f"{machine} took {time.monotonic() - began:.0f} s")
        damage = Store(self.folder / machine, durable=False)
        for path in (damage.path / "blobs").rglob("*.npy"):
            if digest_file(path) != path.name[:64]:
                self.violations.append(f"{machine} published {path.name} with other content")
        return stored

    def check_nothing_lost(self) -> None:
        """The network is whole again."""
        self.obtain("up")
        self.obtain("down")
        if not self.obtain("third"):
            self.violations.append("the result was not uploaded in the end")


def count_requests(server: FaultyS3, case: Case) -> dict[str, int]:
    """How many requests an upload takes, and a download."""
    found = {}
    for machine in ("up", "down"):
        server.begin()
        case.obtain(machine)
        found[machine] = len(server.log)
    return found


def faults(setting: Setting) -> Iterator[Row]:
    """Every kind of fault at every request, a share of them where the scale says so."""
    with FaultyS3() as server, hasty(server):
        logging.getLogger("talkgraph.cache.remote").disabled = True
        counts = count_requests(server, Case(setting.folder, 0))
        cases = [
            (name, way, at, ever)
            for name in FAULTS
            for way in ("up", "down")
            for at in range(counts[way])
            for ever in (False, True)
        ]
        chosen = cases
        if setting.scale < 1:  # each kind at least once, where it hurts
            least = [
                (name, "up" if name in UP or (name not in DOWN and i % 2) else "down", 1, True)
                for i, name in enumerate(FAULTS)
            ]
            rest = [case for case in cases if case not in least]
            more = random.Random(setting.seed).sample(rest, setting.count(len(rest), least=0))
            chosen = [*least, *more]
        violations: list[str] = []
        for number, (name, way, at, ever) in enumerate(chosen, 1):
            case = Case(setting.folder, number)
            if way == "down":
                case.obtain("up")
            server.begin(FAULTS[name], at, ever=ever)
            case.obtain(way, may_refuse=name in REFUSALS)
            server.begin()
            case.check_nothing_lost()
            often = "for ever" if ever else "once"
            violations += [f"{name} {often} at {way} {at}: {text}" for text in case.violations]
        logging.getLogger("talkgraph.cache.remote").disabled = False
    yield Row(f"{len(FAULTS)} network faults x every request", len(chosen), len(cases), violations)


def kills(setting: Setting) -> Iterator[Row]:
    """SIGKILL at every request, and at every operation on the local file system."""
    chance = random.Random(setting.seed)
    number = itertools.count()
    with FaultyS3() as server, hasty(server):

        def fresh(way: str) -> Case:
            case = Case(setting.folder, next(number))
            if way == "down":
                case.obtain("up")
            return case

        for way, name in (("up", "an upload"), ("down", "a download")):
            operations = _run(server, fresh(way), way)
            asked = [(at, when) for at in range(len(server.log)) for when in ("asked", "done")]
            moments: dict[str, list[Any]] = {"request": asked, "file operation": operations}
            for what, every in moments.items():
                violations: list[str] = []
                chosen = sorted(chance.sample(range(len(every)), setting.count(len(every))))
                for at in chosen:
                    case = fresh(way)
                    if what == "request":
                        _run(server, case, way, request=every[at])
                    else:
                        _run(server, case, way, operation=at)
                    _check_after_kill(server, case, way)
                    violations += [f"{what} {every[at]} of {name}: {v}" for v in case.violations]
                yield Row(f"kill at every {what} of {name}", len(chosen), len(every), violations)


def _run(
    server: FaultyS3,
    case: Case,
    machine: str,
    *,
    request: tuple[int, str] | None = None,
    operation: int | None = None,
) -> list[str]:
    """Obtain the result in another process, which is killed at a request or file operation.

    Returns:
        The names of the file operations, if nothing was to kill it.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["s3fs", __name__])
    theirs, ours = context.Pipe()
    arguments = (case.url, case.folder / machine, server.settings, operation, theirs)
    child = context.Process(target=_obtain_and_die, args=arguments)

    def kill(exchange: Exchange) -> None:
        if request is not None and request[1] == "done":
            exchange.forward()
        os.kill(child.pid or 0, signal.SIGKILL)
        exchange.reset()

    server.begin(kill if request else relay, request[0] if request else 0)
    child.start()
    theirs.close()
    child.join(60)
    to_die = request is not None or operation is not None
    if child.exitcode != (-signal.SIGKILL if to_die else 0):
        case.violations.append(f"the process ended with {child.exitcode}")
    names = [] if to_die else ours.recv()
    return names


class _Counted:
    """The file operations of this process; number `last` kills it."""

    def __init__(self, real: disk.Operations, last: int | None) -> None:
        self.names: list[str] = []
        self._real, self._last = real, last

    def __getattr__(self, name: str) -> Any:
        def operation(*arguments: Any) -> Any:
            if len(self.names) == self._last:
                os.kill(os.getpid(), signal.SIGKILL)
            self.names.append(name)
            return getattr(self._real, name)(*arguments)

        return operation


def _obtain_and_die(
    url: str, folder: Path, settings: dict[str, Any], last: int | None, answer: Any
) -> None:
    """What the other process does."""
    import fsspec

    fsspec.config.conf["s3"] = settings
    operations = _Counted(disk.operations, last)
    with (
        mock.patch.object(remote, "_THREADS", 1),
        mock.patch.object(disk, "operations", operations),
    ):
        found, _ = obtain(Store(folder, remote=url, durable=False))
        assert same(found)
    answer.send(operations.names)


def _check_after_kill(server: FaultyS3, case: Case, way: str) -> None:
    prefix = case.url.removeprefix(f"{URL}/")
    there = server.objects(prefix + "/")
    records = [name for name in there if "/actions/" in name]
    blobs = {name: data for name, data in there.items() if "/blobs/" in name}
    wrong = [name for name, data in blobs.items() if digest_bytes(data) not in name]
    if wrong or (records and len(blobs) != BLOBS):
        case.violations.append("the remote names what it does not have whole")
    made = Store(case.folder / way).action(KEY) is not None
    server.begin()
    case.obtain(way)
    if made and not case.obtain("third"):
        case.violations.append("the next run did not upload what was made")
    case.check_nothing_lost()
