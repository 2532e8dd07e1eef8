"""Each file operation fails, once or from then on; and again while the store is being mended."""

from __future__ import annotations

import contextlib
import errno
import random
from collections.abc import Iterator

from talkgraph.cache import Store
from talkgraph.errors import StoreError
from tests.torture import scenes, seams
from tests.torture.kills import fresh, operations, spread, template
from tests.torture.row import Row, Setting

SHORT_WRITE = 0


def everywhere(setting: Setting) -> Iterator[Row]:
    """An errno, or a short write, at each operation: a clear error or none, and no harm."""
    for scene in scenes.SCENES:
        folder = setting.folder / f"{scene.name} ü"
        old = template(scene, folder)
        names = operations(scene, old, folder / "count", reads=True)
        cases = [
            (at, number, ever)
            for at in range(1, len(names) + 1)
            for number in (*seams.ERRNOS, SHORT_WRITE)
            for ever in (False, True)
            if number != SHORT_WRITE or names[at - 1] == "write"
        ]
        chosen = spread(cases, setting.count(len(cases), least=8))
        violations = []
        for at, number, ever in chosen:
            path = fresh(old, folder / "case")
            what = errno.errorcode.get(number, "short write")
            case = f"{what} {'from' if ever else 'at'} operation {at} ({names[at - 1]})"
            store = Store(path)
            found = _failing(scene, store, seams.Failing(at, number, ever=ever))
            found += scenes.interrupted(scene, path) + scenes.mended(scene, store)
            violations += [f"{case}: {text}" for text in found]
        yield Row(f"faults in {scene.name}", len(chosen), len(cases), violations)


def recovery(setting: Setting) -> Iterator[Row]:
    """Killed somewhere; the process that mends it meets faults; the one after that does not."""
    total = setting.count(4000, least=len(scenes.SCENES))
    olds = [template(scene, setting.folder / scene.name) for scene in scenes.SCENES]
    lengths = [
        len(operations(scene, old, setting.folder / "count"))
        for scene, old in zip(scenes.SCENES, olds, strict=True)
    ]
    violations = []
    for index in range(total):
        rng = random.Random(f"{setting.seed} {index}")
        which = index % len(scenes.SCENES)
        scene = scenes.SCENES[which]
        path = fresh(olds[which], setting.folder / "case")
        died, failed = rng.randint(1, lengths[which]), rng.randint(1, lengths[which])
        number, ever = rng.choice(seams.ERRNOS), rng.random() < 0.5
        seam = seams.Killing(died, torn=rng.random() < 0.5)
        with contextlib.suppress(seams.Killed), seams.using(seam):
            scene.act(Store(path))
        found = _failing(scene, Store(path), seams.Failing(failed, number, ever=ever))
        found += scenes.interrupted(scene, path) + scenes.mended(scene, Store(path))
        case = f"{scene.name}, killed at {died}, {errno.errorcode[number]} at {failed}"
        violations += [f"{case}: {text}" for text in found]
    yield Row("faults while mending", total, total, violations)


def _failing(scene: scenes.Scene, store: Store, seam: seams.Failing) -> list[str]:
    """Play a scene while operations fail; what it said if that was not meant for people."""
    with seams.using(seam):
        try:
            scene.act(store)
        except StoreError as error:
            text = str(error)
            clear = "\n" not in text and str(store.path) in text
            return [] if clear else [f"says only: {text}"]
        except OSError as error:
            return [f"{type(error).__name__} got out: {error}"]
    return []
