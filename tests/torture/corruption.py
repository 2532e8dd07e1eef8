"""Damage to a store's files: what is damaged is never served, made again, and said."""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from talkgraph import Frames, Store
from talkgraph.cache import leases
from talkgraph.cache.codecs import references
from talkgraph.engine.history import run_records
from talkgraph.errors import TalkgraphError

from . import workshop
from .damage import cut, extend, flip, zero
from .row import Row, Setting
from .shares import shared

FULL = 20_000
WAYS = 4  # in which a byte is changed

Harm = Callable[[Path, random.Random], None]
HARMS: dict[str, Harm] = {"flip": flip, "cut": cut, "zero": zero, "extend": extend}
SAID = ("made again", "gone", "damaged", "changed content", "cut", "grown")


def damaged_results(setting: Setting) -> Iterator[Row]:
    """Flip, cut, zero-fill, extend and swap blobs; read each through a run."""
    total = setting.count(FULL, 50)

    def work(folder: Path, cases: Iterable[int]) -> Iterator[str]:
        shop = _Shop(folder / "store")
        for case in cases:
            rng = random.Random(f"{setting.seed} {case}")
            step = rng.choice([name for name in workshop.STEPS if shop.blobs[name]])
            kind = rng.choice((*HARMS, "swap"))
            if kind == "swap":
                hit = _swap(shop.blobs[step], rng)
            else:
                hit = rng.choice(shop.blobs[step])
                HARMS[kind](hit, rng)
            wrong = shop.served_wrong(step) or (shop.wrong() if kind == "swap" else "")
            if wrong:
                yield f"seed {setting.seed}, case {case}, {kind} {hit.name[:12]} of {step}: {wrong}"
                shop = _Shop(folder / f"store {case}")

    yield Row("damaged results", total, total, shared(setting.folder, total, work))


class _Shop:
    """A store with the results of the graph, and what they are."""

    def __init__(self, folder: Path) -> None:
        self.store = Store(folder, durable=False)
        made = workshop.run(self.store)
        self.right = {name: workshop.spell(made[name]) for name in workshop.STEPS}
        self.keys = {name: made.records[name].key for name in workshop.STEPS}
        self.blobs = {name: self._blobs(name) for name in workshop.STEPS}

    def _blobs(self, step: str) -> list[Path]:
        output = self.store.action(self.keys[step])["output"]
        blobs = self.store.blobs
        return sorted({blobs.path(digest, suffix) for digest, suffix, _ in references(output)})

    def served_wrong(self, step: str) -> str:
        """What is wrong with how another process gets a damaged step; '' if nothing is."""
        said: list[object] = []
        try:
            result = workshop.run(
                Store(self.store.path, durable=False), until=step, on_event=said.append
            )
            found = workshop.spell(result.output)
        except TalkgraphError as error:
            return f"not made again: {error}"
        if found != self.right[step]:
            return "a wrong value was served"
        text = " ".join(map(str, [*said, *result.records.values()]))
        return "" if any(word in text for word in SAID) else "nothing was said"

    def wrong(self, steps: Iterable[str] = workshop.STEPS) -> str:
        """What is wrong with the steps' values as they are read now."""
        result = workshop.run(Store(self.store.path, durable=False), until=steps)
        for name in steps:
            if workshop.spell(result[name]) != self.right[name]:
                return f"a wrong value of step {name} is served"
        return ""


def _swap(blobs: list[Path], rng: random.Random) -> Path:
    """Two blobs change places."""
    one = rng.choice(blobs)
    other = rng.choice([path for path in workshop.files(one.parents[1]) if path != one])
    aside = one.with_name("aside")
    os.rename(one, aside)
    os.rename(other, one)
    os.rename(aside, other)
    return one


# -- every byte of the small files ---------------------------------------------------------------


def changed_bytes(setting: Setting) -> Iterator[Row]:
    """Every byte of one file of each kind: of an action record in four ways, of others in one."""
    for name, make in LITTLE.items():
        size = len(make(_Shop(setting.folder / f"size {name}"))[1])
        ways = WAYS if name == "action record" else 1
        full = size * ways
        total = min(full, setting.count(full, 6))

        def work(
            folder: Path,
            cases: Iterable[int],
            name: str = name,
            make: Callable[[_Shop], tuple[Path, bytes]] = make,
            ways: int = ways,
            full: int = full,
            total: int = total,
        ) -> Iterator[str]:
            shop = _Shop(folder / name)
            chosen = random.Random(f"{setting.seed} {name}").sample(range(full), total)
            for case in cases:
                at, way = divmod(chosen[case], ways)
                way = way if ways > 1 else case % WAYS
                path, whole = make(shop)
                path.write_bytes(_changed(whole, at % len(whole), way))
                wrong = _survived(shop)
                if wrong:
                    yield f"{name}, byte {at}, way {way}: {wrong}"

        yield Row(f"changed bytes: {name}", total, full, shared(setting.folder, total, work))


def _changed(data: bytes, at: int, way: int) -> bytes:
    """One byte: two flips, taken out, or all from there cut off."""
    if way < 2:
        return data[:at] + bytes([data[at] ^ (0x01, 0xA0)[way]]) + data[at + 1 :]
    return data[:at] + (data[at + 1 :] if way == 2 else b"")


def _survived(shop: _Shop) -> str:
    """What goes wrong in a run and in upkeep; '' if nothing does."""
    stale, leases.STALE = leases.STALE, 0.02  # a lease that cannot be read is waited for
    try:
        wrong = shop.wrong(("film", "bound", "sum"))
        reader = Store(shop.store.path, durable=False)
        reader.ls()
        reader.gc()
        run_records.runs(reader)
        shutil.rmtree(reader.path / "history", ignore_errors=True)  # or each case adds to it
        return wrong
    except TalkgraphError as error:
        return f"refused: {error}"
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    finally:
        leases.STALE = stale


def _action(shop: _Shop) -> tuple[Path, bytes]:
    path = shop.store.action_path(shop.keys["bound"])
    return path, path.read_bytes()


def _first(folder: str) -> Callable[[_Shop], tuple[Path, bytes]]:
    def find(shop: _Shop) -> tuple[Path, bytes]:
        workshop.run(shop.store)
        path = workshop.files(shop.store.path / folder)[0]
        return path, path.read_bytes()

    return find


def _lease(shop: _Shop) -> tuple[Path, bytes]:
    """The lease of a step that has to run."""
    shop.store.forget(shop.keys["film"])
    path = shop.store.path / "leases" / shop.keys["film"]
    path.parent.mkdir(exist_ok=True)
    return path, json.dumps({**leases.owner(), "token": "t"}).encode()


def _partial(shop: _Shop) -> tuple[Path, bytes]:
    """The log of an interrupted stream of frames."""
    store, key = shop.store, shop.keys["film"]
    made = shop.right["film"][1]
    frames = Frames.from_array(workshop.unspell(made))

    def stop(done: int, total: int) -> None:
        if done > 40:
            raise KeyboardInterrupt

    shutil.rmtree(store.path / "partial", ignore_errors=True)
    store.forget(key)
    with contextlib.suppress(KeyboardInterrupt):
        store.put(key, frames, facts=dict, on_chunk=stop)
    path = workshop.files(store.path / "partial")[0]
    return path, path.read_bytes()


def _verified(shop: _Shop) -> tuple[Path, bytes]:
    """The memo of large blobs whose content is known; only a durable store writes it."""
    folder = shop.store.path / "memo" / "verified"
    shutil.rmtree(folder, ignore_errors=True)
    workshop.run(Store(shop.store.path), force=True)
    path = workshop.files(folder)[0]
    return path, path.read_bytes()


LITTLE: dict[str, Callable[[_Shop], tuple[Path, bytes]]] = {
    "action record": _action,
    "last_runs": _first("last_runs"),
    "memo of verified blobs": _verified,
    "history": _first("history"),
    "lease": _lease,
    "partial log": _partial,
}
