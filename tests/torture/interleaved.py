"""Two at one store: at each file operation of the one, reads too, all of what the other does.

What is there one moment may be gone the next. Here it goes, by will: every pair of actors, every
operation. And a collector that dies, at each later operation, after another stored what it held.
"""

from __future__ import annotations

import builtins
import contextlib
import io
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import attrs

from talkgraph.cache import Store, archive, disk, upkeep
from talkgraph.errors import DamagedError, StoreError
from tests.torture import scenes, seams
from tests.torture.kills import fresh, spread
from tests.torture.row import Row, Setting

DEAD = 999_999_999  # no process has this id
_MOST_DEATHS = 5000  # of the cases of a collector that dies


class Pausing(seams.Stepped):
    """Lets something happen just before operation number `at`; 0 only counts them.

    `last`: the operation before which this process is gone, without another word.
    """

    def __init__(self, root: Path, at: int, happens: Callable[[], None], last: int = 0) -> None:
        super().__init__()
        self._root, self._at, self._happens, self._last = str(root), at, happens, last
        self._busy = False
        self.names: list[str] = []

    def step(self, name: str, real: seams.Real, args: tuple[Any, ...]) -> Any:
        if self._busy:
            self.count -= 1
            return real(*args)
        self.names.append(name)
        if self.count == self._at:
            self._busy = True
            self._happens()
            self._busy = False
        if self.count == self._last:
            os._exit(9)
        return real(*args)

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        """While open, looking at the store's files counts too."""
        with contextlib.ExitStack() as stack:
            for owner, name in (
                (os, "stat"), (os, "scandir"), (os, "fstat"), (builtins, "open"), (io, "open"),
                (os, "open"),
            ):  # fmt: skip
                stack.enter_context(
                    mock.patch.object(owner, name, self._seen(name, getattr(owner, name)))
                )
            stack.enter_context(seams.using(self))
            yield

    def _seen(self, name: str, real: seams.Real) -> Callable[..., Any]:
        def look(*args: Any, **options: Any) -> Any:
            place = args[0] if args else "."
            ours = isinstance(place, int) or str(place).startswith(self._root)
            if self._busy or not ours:
                return real(*args, **options)
            self.count += 1
            return self.step(name, lambda *some: real(*some, **options), args)

        return look


# -- who meets whom ----------------------------------------------------------------------------


@attrs.frozen
class Actor:
    """makes: what it stores. removes: whether results may go, and which, if not any.

    careless: whether it takes the unfinished files of the living.
    """

    name: str
    act: Callable[[Store], object]
    makes: str = ""
    removes: tuple[str, ...] = ()
    careless: bool = False


def _get(name: str) -> Callable[[Store], None]:
    def act(store: Store) -> None:
        with contextlib.suppress(DamagedError):  # removed meanwhile: a miss
            record = store.action(scenes.key(name))
            if record is not None and not scenes.same(
                store.load(record["output"]), scenes.VALUES[name]()
            ):
                raise AssertionError(f"{name}: a wrong value")

    return act


def _remove(store: Store) -> None:
    try:
        store.rm("old0")
    except StoreError as error:  # another was quicker
        assert "no result" in str(error), error


def _days_later(store: Store) -> None:
    """The sweep of another machine that takes all that is unfinished for abandoned."""
    with (
        mock.patch.object(disk, "_ABANDONED", -1e9),
        mock.patch.object(disk, "_machine_digits", lambda: "elsewhere"),
    ):
        Store(store.path, durable=False).prepare()


def _job(store: Store) -> None:
    with store.in_use() as pin:
        pin(scenes.key("array"))
        lease = store.claim(scenes.key("array"), lambda: False)
        assert lease is not None
        with lease:
            scenes.put(store, "array")
        store.touch(scenes.key("array"))


def _evict(store: Store) -> None:
    scenes.put(Store(store.path, durable=False, limit=20_000), "old3")


def _pin_and_collect(store: Store) -> Callable[[], object]:
    """A run begins to use a result, and yet another collects; returns how the run ends."""
    run = contextlib.ExitStack()
    pin = run.enter_context(store.in_use())
    pin(scenes.key("old0"))
    Store(store.path, durable=False).gc(0)
    return run.close


def _why(store: Store) -> None:
    try:
        upkeep.provenance(store, "old0")
    except StoreError as error:
        assert "no result" in str(error), error


def _putting(name: str) -> Actor:
    return Actor(f"put {name}", lambda store: scenes.put(store, name), name)


_OLD = ("old0", "old1", "old2", "old3")
_ANY = (*_OLD, "array", "same", "stream", "moved", "large", "small")
ACTORS = (
    _putting("array"),  # whose blob is there already, and nobody's
    _putting("old0"),  # which is there, and shares a blob
    _putting("large"),
    _putting("moved"),
    _putting("stream"),  # of which a part is there
    Actor("get old0", _get("old0")),
    Actor("get old1", _get("old1")),
    Actor("job", _job, "array"),
    Actor("rm old0", _remove, removes=("old0",)),
    Actor("gc", lambda store: store.gc()),
    Actor("gc of all", lambda store: store.gc(0), removes=_ANY),
    Actor("gc beside a new run", _pin_and_collect, removes=_ANY),
    Actor("eviction", _evict, removes=_ANY),
    Actor("verify", lambda store: store.verify()),
    Actor("ls", lambda store: store.ls()),
    Actor("why", _why),
    Actor("sweep", lambda store: Store(store.path, durable=False).prepare()),
    Actor("careless sweep", _days_later, careless=True),
    Actor("export", lambda store: _export(store)),
)  # fmt: skip
BY_NAME = {actor.name: actor for actor in ACTORS}
_READING = ("get", "ls", "why", "sweep", "verify")


def _export(store: Store) -> None:
    try:
        archive.export(store, store.path.with_name("all"))
    except StoreError as error:  # a result is gone, or part of it
        assert "again" in str(error), error


def _before(store: Store) -> None:
    """Results that share a blob, an orphan, half a stream, and what a dead process left."""
    scenes._four(store)
    scenes.put(store, "array")
    store.forget(scenes.key("array"))
    scenes._interrupted(store)
    left = f"{disk._machine_digits()}-{DEAD}-"
    (store.blobs.temporary / f"{left}a").write_text("x")
    (store.blobs.temporary / f"{left}b" / "inner").mkdir(parents=True)
    (store.path / "runs").mkdir(exist_ok=True)
    (store.path / "runs" / f"{left}c").write_text("")


def everywhere(setting: Setting) -> Iterator[Row]:
    """Every pair at every operation; a short run takes some of the moments of each."""
    old = before(setting.folder)
    for one in ACTORS:
        cases = meetings(one, ACTORS, old)
        yield _row(f"beside {one.name}", cases, setting.count(len(cases), 2 * len(ACTORS)), old)
    yield _dying(setting, old)
    yield _damaged(setting)


def before(folder: Path, state: Callable[[Store], None] = _before) -> Path:
    """A folder with a store in that state, to be copied."""
    old = folder / state.__name__
    old.mkdir(parents=True)
    state(Store(old / "store", durable=False))
    return old


def meetings(one: Actor, others: Iterable[Actor], old: Path) -> list[tuple[Actor, Actor, int]]:
    """All moments of one actor, for each of the others."""
    names = _played(one, fresh(old, old.with_name("case")), 0, lambda: None)[1]
    return [(one, other, at) for other in others for at in range(1, len(names) + 1)]


def _row(name: str, cases: list[tuple[Actor, Actor, int]], count: int, old: Path) -> Row:
    chosen = spread(cases, count)
    violations = []
    for one, other, at in chosen:
        found = meeting(one, other, fresh(old, old.with_name("case")), at)
        violations += [f"{other.name} before operation {at} of {one.name}: {t}" for t in found]
    return Row(name, len(chosen), len(cases), violations)


def meeting(one: Actor, other: Actor, path: Path, at: int) -> list[str]:
    """What is wrong when `other` comes at a moment of `one`."""
    said: list[str] = []
    ends = contextlib.ExitStack()

    def happens() -> None:
        try:
            end = other.act(Store(path, durable=False))
            if callable(end):
                ends.callback(end)
        except Exception as error:
            said.append(f"the other: {type(error).__name__}: {error}")

    with ends:
        found = _played(one, path, at, happens)[0]
    if other.careless and not one.name.startswith(_READING):  # it may say that it cannot work
        found = [text for text in found if not text.startswith("StoreError")]
    else:
        found += _lost(one, other, path) + _lost(other, one, path)
    return said + found + _after(path, {*one.removes, *other.removes})


def _lost(one: Actor, other: Actor, path: Path) -> list[str]:
    """What an actor has stored, if it is not there."""
    gone = scenes.absent(Store(path, durable=False), one.makes) if one.makes else False
    return [f"{one.makes} was not kept"] if gone and one.makes not in other.removes else []


def _played(
    one: Actor, path: Path, at: int, happens: Callable[[], None], last: int = 0
) -> tuple[list[str], list[str]]:
    """What went wrong, and the names of the operations."""
    store, said = Store(path, durable=False), []
    seam = Pausing(path, at, happens, last)
    with seam.watching():
        try:
            end = one.act(store)
            if callable(end):
                end()
        except Exception as error:
            said.append(f"{type(error).__name__}: {error}")
    return said, seam.names


def _after(path: Path, may_lack: set[str]) -> list[str]:
    """What is wrong with a store that nobody uses any more."""
    store = Store(path, durable=False)
    store.prepare()
    found = [
        f"left behind: {one.name}"
        for folder in ("tmp", "runs")
        for one in (path / folder).iterdir()
        if folder == "tmp" or f"-{DEAD}-" not in one.name
    ]
    found += [
        text for name in (*scenes.VALUES, *scenes.FILES) if (text := scenes.wrong(store, name))
    ]
    found += store.verify()
    return found + [
        f"{name} is lost" for name in _OLD if name not in may_lack and scenes.absent(store, name)
    ]


def _dying(setting: Setting, old: Path) -> Row:
    """A collector dies after another has stored, or read, what it held in its hands."""
    cases = []
    others = [BY_NAME[name] for name in ("put array", "put old0", "gc of all")]
    for one in (BY_NAME[name] for name in ("rm old0", "gc", "gc of all")):
        moments = meetings(one, others, old)
        last = max(at for *_, at in moments)
        cases += [(*case, end) for case in moments for end in range(case[2], last + 1)]
    chosen = spread(cases, setting.count(_MOST_DEATHS, least=60))
    violations = []
    for one, other, at, end in chosen:
        path = fresh(old, setting.folder / "case")
        child = os.fork()
        if not child:
            try:
                _played(one, path, at, lambda p=path, o=other: o.act(Store(p, durable=False)), end)
            finally:
                os._exit(0)
        os.waitpid(child, 0)
        found = _lost(other, one, path) + _after(path, {*one.removes, *other.removes})
        case = f"{other.name} at {at} of {one.name}, which dies at {end}"
        violations += [f"{case}: {text}" for text in found]
    return Row("beside a collector that dies", len(chosen), len(cases), violations)


def _flipped(store: Store) -> None:
    """A result whose blob has changed content."""
    scenes.put(store, "array")
    [path] = [Path(one) for one, _ in disk.files(store.blobs.folder)]
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:-1] + b"x")


def _damaged(setting: Setting) -> Row:
    """Who finds damage removes it, and not what another has put in its place."""
    old = before(setting.folder, _flipped)
    putting = BY_NAME["put array"]
    who = (Actor("get array", _get("array")), putting, BY_NAME["verify"])
    cases = [
        case
        for one, gone in zip(who, (_OLD, _OLD, _ANY), strict=True)
        for case in meetings(attrs.evolve(one, removes=gone), [putting], old)
    ]
    return _row("beside who finds damage", cases, len(cases), old)
