"""Power cuts: of what was not synced, each write and each name may be lost, late or torn.

A scene is played once and its operations recorded. A state after a cut is made by playing the
record again up to some operation: what was synced by then is there; of the rest, a seed decides.
Files: bytes that were written and not synced are there, or cut off, or zeros. Names: each one that
was made or removed since its folder was last synced counts, or does not, each by itself.
"""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs

from talkgraph.cache import Store, disk
from talkgraph.cache.memos import Memos
from tests.torture import scenes, seams, workshop
from tests.torture.kills import fresh, spread, template
from tests.torture.row import Row, Setting

SEEDS = 20  # states that are made of each moment


def cuts(setting: Setting) -> Iterator[Row]:
    """What was reported as stored is there, and nothing that is there is wrong."""
    for scene in scenes.SCENES:
        for durable in (True, False) if scene.lasting else (False,):
            yield _cut(setting, scene, durable)


def _cut(setting: Setting, scene: scenes.Scene, durable: bool) -> Row:
    how = "durable" if durable else "not durable"
    old = template(scene, setting.folder / f"{scene.name} {how}")
    record = _Recording(old)
    path = fresh(old, setting.folder / "record")
    record.root = path.parent
    with seams.using(record):
        scene.act(Store(path, durable=durable))
    cases = [(at, seed) for at in range(len(record.events) + 1) for seed in range(SEEDS)]
    chosen = spread(cases, setting.count(len(cases), least=8))
    violations = []
    for at, seed in chosen:
        state = setting.folder / "state"
        shutil.rmtree(state, ignore_errors=True)
        rng = random.Random(f"{setting.seed} {scene.name} {durable} {at} {seed}")
        record.after(at, rng, state)
        store = Store(state / "store", durable=durable)
        found = [text for text in scenes.interrupted(scene, store.path)]
        if not durable:  # then only what is wrong counts, not what is lost or refused
            found = [text for text in found if "wrong" in text]
        elif at == len(record.events):
            found += [f"{name} is lost" for name in scene.after if scenes.absent(store, name)]
        found += scenes.mended(scene, store) if durable else []
        violations += [f"after operation {at}, state {seed}: {text}" for text in found]
    return Row(f"power cut in {scene.name}, {how}", len(chosen), len(cases), violations)


# -- the record --------------------------------------------------------------------------------


@attrs.define(eq=False)
class _Content:
    """What was written to one file, in order."""

    parts: list[bytes] = attrs.field(factory=list)
    synced: int = 0  # of the parts, so many
    used: float | None = None  # time stamp that it had before

    def survived(self, rng: random.Random) -> bytes:
        kept = self.parts[: self.synced]
        for part in self.parts[self.synced :]:
            fate = rng.random()
            if fate < 0.4:
                kept.append(part)
            elif fate < 0.6:
                kept.append(bytes(len(part)))
            elif fate < 0.8:
                cut = rng.randrange(len(part) + 1)
                kept.append(part[:cut] + bytes(len(part) - cut))
            else:
                kept.append(part[: rng.randrange(len(part) + 1)])
                break
        return b"".join(kept)


@attrs.define(eq=False)
class _Name:
    """A name was given to a file (or a folder: None), or, with `gone`, taken away."""

    path: str
    content: _Content | None
    gone: bool = False
    synced: bool = False


class _Recording(seams.Stepped):
    """Does what it is told, and knows what a power cut may leave of it."""

    def __init__(self, old: Path) -> None:
        super().__init__()
        self.root = old
        self.events: list[tuple[str, Any]] = []
        self._handles: dict[int, str] = {}
        self._known = {str(p.relative_to(old)) for p in old.rglob("*")}
        self._old = old

    def step(self, name: str, real: seams.Real, args: tuple[Any, ...]) -> Any:
        """Note what was done, if it was."""
        self._notice(args[0])
        result = real(*args)
        if name in ("create", "append"):
            self._known.add(self._relative(args[0]))
            self._handles[result] = self._relative(args[0])
            self._add(name, self._handles[result])
        elif name == "write":
            self._add("write", (self._handles[args[0]], bytes(args[1][:result])))
        elif name == "sync":
            self._add("sync", self._handles[args[0]])
        elif name == "rename":
            self._known.add(self._relative(args[1]))
            self._add("rename", (self._relative(args[0]), self._relative(args[1])))
        elif name in ("sync_path", "unlink", "mkdir", "rmdir"):
            self._add(name, self._relative(args[0]))
        return result

    def _add(self, name: str, what: Any) -> None:
        self.events.append((name, what))

    def _relative(self, path: Any) -> str:
        return os.path.relpath(path, self.root)

    def _notice(self, path: Any) -> None:
        """A file that a node wrote itself: nothing of it is synced."""
        if isinstance(path, int) or not os.path.isfile(path):
            return
        name = self._relative(path)
        if name not in self._known:
            self._add("create", name)
            self._add("write", (name, Path(path).read_bytes()))
        self._known.add(name)

    def after(self, count: int, rng: random.Random, state: Path) -> None:
        """Make the folder `state` as a cut after so many operations may leave it."""
        names: list[_Name] = []
        now: dict[str, _Content | None] = {}
        for path in sorted(self._old.rglob("*")):
            content = None
            if path.is_file():
                content = _Content([path.read_bytes()], 1, path.stat().st_mtime)
            now[str(path.relative_to(self._old))] = content
            names.append(_Name(str(path.relative_to(self._old)), content, synced=True))
        for event, what in self.events[:count]:
            self._play(event, what, names, now)
        left: dict[str, _Content | None] = {}
        share = rng.choice((0.0, 0.2, 0.5, 0.8, 1.0))  # of the changes of names that are lost
        for name in names:
            if not name.synced and rng.random() < share:
                continue
            if name.gone:
                left.pop(name.path, None)
            else:
                left[name.path] = name.content
        state.mkdir()
        for path_text, content in sorted(left.items()):
            target = state / path_text
            if not target.parent.is_dir():
                continue  # its folder was lost
            if content is None:
                target.mkdir(exist_ok=True)
            else:
                target.write_bytes(content.survived(rng))
                if content.used is not None:
                    os.utime(target, (content.used, content.used))
        _restamp(state / "store")

    def _play(
        self, event: str, what: Any, names: list[_Name], now: dict[str, _Content | None]
    ) -> None:
        if event in ("create", "append"):
            if now.get(what) is None:
                now[what] = _Content()
                names.append(_Name(what, now[what]))
        elif event == "mkdir":
            now[what] = None
            names.append(_Name(what, None))
        elif event == "write":
            path, data = what
            self._content(now, path).parts.append(data)
        elif event == "sync" or (event == "sync_path" and now.get(what) is not None):
            content = self._content(now, what)
            content.synced = len(content.parts)
        elif event == "sync_path":
            for name in names:
                if os.path.dirname(name.path) == ("" if what == "." else what):
                    name.synced = True
        elif event == "rename":
            old, new = what
            now[new] = now.pop(old)
            names.append(_Name(new, now[new]))
            names.append(_Name(old, None, gone=True))
        else:
            now.pop(what, None)
            names.append(_Name(what, None, gone=True))

    @staticmethod
    def _content(now: dict[str, _Content | None], path: str) -> _Content:
        content = now[path]
        assert content is not None
        return content


def _restamp(path: Path) -> None:
    """The worst that the memo of verified files may say: that each is as it was, if as large."""
    memos = Memos(path)
    for blob in workshop.files(path / "blobs"):
        if memos.get("verified", blob.name):
            memos.set("verified", blob.name, {"stamp": disk.stamp(blob)})
