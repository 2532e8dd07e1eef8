"""A process killed at each file operation, and at random moments."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

from talkgraph.cache import Store
from tests.torture import scenes, seams
from tests.torture.row import Row, Setting

T = TypeVar("T")


def everywhere(setting: Setting) -> Iterator[Row]:
    """Die before each operation, and in the middle of each write; by exception and for real."""
    for scene in scenes.SCENES:
        folder = setting.folder / f"{scene.name} ü"
        old = template(scene, folder)
        names = operations(scene, old, folder / "count")
        cases = [
            (at, torn, really)
            for at, name in enumerate(names, 1)
            for torn in ((False, True) if name == "write" else (False,))
            for really in (False, True)
        ]
        chosen = spread(cases, setting.count(len(cases), least=6))
        violations = []
        for at, torn, really in chosen:
            path = fresh(old, folder / "case")
            case = f"operation {at} ({names[at - 1]}{', torn' if torn else ''})"
            (_die_in_a_child if really else _die)(scene, path, at, torn)
            found = scenes.interrupted(scene, path)
            again = Store(path, durable=False)
            found += scenes.mended(scene, again)
            if really:
                found += _left(again)
            violations += [f"{case}: {text}" for text in found]
        yield Row(f"killed in {scene.name}", len(chosen), len(cases), violations)


def _die(scene: scenes.Scene, path: Path, at: int, torn: bool) -> None:
    with seams.using(seams.Killing(at, torn=torn)):
        try:
            scene.act(Store(path))
        except seams.Killed:
            return


def _die_in_a_child(scene: scenes.Scene, path: Path, at: int, torn: bool) -> None:
    child = os.fork()
    if not child:
        try:
            with seams.using(seams.Killing(at, torn=torn, really=True)):
                scene.act(Store(path))
        finally:
            os._exit(0)
    os.waitpid(child, 0)


def _left(store: Store) -> list[str]:
    """What a dead process left, once its folder was opened and collected by another."""
    Store(store.path).gc()
    folders = [store.path / name for name in ("tmp", "runs")]
    return [f"{path} is left" for folder in folders if folder.exists() for path in folder.iterdir()]


# -- shared with the other tests ---------------------------------------------------------------


def template(scene: scenes.Scene, folder: Path) -> Path:
    """The state before a scene, to be copied."""
    old = folder / "before"
    old.mkdir(parents=True)
    scene.before(Store(old / "store", durable=False))
    return old


def fresh(template: Path, folder: Path) -> Path:
    """A copy of the state before; the store in it."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(template, folder)
    return folder / "store"


def operations(scene: scenes.Scene, old: Path, folder: Path, *, reads: bool = False) -> list[str]:
    """The operations of a scene, by name."""
    seam = seams.CountingReads() if reads else seams.Counting()
    path = fresh(old, folder)
    with seams.using(seam):
        scene.act(Store(path))
    return seam.names


def spread(cases: list[T], count: int) -> list[T]:
    """Of the cases, so many, evenly; all if there are no more."""
    if count >= len(cases):
        return cases
    return [cases[i * len(cases) // count] for i in range(count)]
