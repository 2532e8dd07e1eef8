"""All that the store changes goes through `disk.operations`, which does it whole or not at all."""

import ast
import os
import re
from pathlib import Path

import numpy as np
import pytest

from talkgraph import cache
from talkgraph.cache import Store, disk
from talkgraph.errors import StoreError

ROOM = Path(cache.__file__).parent
CHANGES = {
    "chmod", "chown", "copy", "copyfile", "copyfileobj", "copytree", "fsync", "ftruncate",
    "hardlink_to", "link", "makedirs", "mkdir", "mkdtemp", "mkstemp", "move", "remove",
    "removedirs", "rename", "renames", "replace", "rmdir", "rmtree", "symlink", "symlink_to",
    "touch", "truncate", "unlink", "utime", "write_bytes", "write_text",
}  # fmt: skip
ELSEWHERE = {
    "self.objects",
    "store",
    "folder",
    "self._folder",
    "upkeep",
    "moved",
}  # a remote; what comes back here


def changes(path):
    """Calls in a module that change the file system by themselves."""
    for call in ast.walk(ast.parse(path.read_text())):
        if not isinstance(call, ast.Call):
            continue
        text = ast.unparse(call)
        whole = ast.unparse(call.func)
        owner, _, name = whole.rpartition(".")
        if name in CHANGES and not owner.startswith(("disk", "operations")):
            if name == "replace" and owner != "os" and len(call.args) == 2:
                continue  # of a text
            if owner not in ELSEWHERE and not owner.startswith("self._fs"):
                yield text
        elif whole == "archive.open":  # a member, on its way to `disk`
            continue
        elif name == "open" and (re.search(r"['\"][rb]*[wax+]", text) or whole == "os.open"):
            yield text


def test_no_other_module_of_the_room_changes_files():
    found = {path.name: list(changes(path)) for path in sorted(ROOM.glob("*.py"))}
    assert found.pop("disk.py")  # here they are, and are noticed
    assert {name: texts for name, texts in found.items() if texts} == {}


class Slow(disk.Operations):
    """Takes one byte at a time."""

    def write(self, handle, data):
        return super().write(handle, memoryview(data)[:1])


def test_short_writes_are_continued(tmp_path, monkeypatch):
    monkeypatch.setattr(disk, "operations", Slow())
    store = Store(tmp_path / "store", durable=False)
    record = store.put("ab" * 32, [np.arange(700), "text"], facts=dict)
    assert store.load(record["output"])[0][-1] == 699


def test_trees_are_removed_without_following_links(tmp_path):
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / "file").write_text("x")
    tree = tmp_path / "tree"
    (tree / "deep" / "er").mkdir(parents=True)
    (tree / "deep" / "link").symlink_to(kept)
    (tree / "file").write_text("x")
    disk.remove_tree(tree)
    assert not tree.exists() and (kept / "file").exists()
    tree.symlink_to(kept)
    disk.remove_tree(tree)
    assert not tree.is_symlink() and (kept / "file").exists()
    disk.remove_tree(tree)  # gone already


def test_whose_file_it_is(tmp_path):
    name = disk.own_name()
    assert not disk.abandoned(name, 1e9)
    dead = name.replace(f"-{os.getpid()}-", "-999999999-")
    assert disk.abandoned(dead, 0.0)
    assert not disk.abandoned("elsewhere-1-x", 10.0) and disk.abandoned("elsewhere-1-x", 1e9)
    assert not disk.abandoned("", 0.0)


@pytest.mark.parametrize("wrong", [-1e9, 1e9, 0.0])
def test_ages_are_reckoned_by_the_clock_of_the_file_system(tmp_path, monkeypatch, wrong):
    """Another process's unfinished work is not taken for old because this machine's clock errs."""
    store = Store(tmp_path / "store")
    store.prepare()
    theirs = store.blobs.temporary / "elsewhere-1-scratch"
    theirs.mkdir()
    monkeypatch.setattr("time.time", lambda: wrong)
    Store(store.path).prepare()
    store.put("ab" * 32, np.arange(700), facts=dict)
    store.gc()
    assert theirs.exists() and store.load(store.action("ab" * 32)["output"])[1] == 1


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="no folder that says ENOENT for ever")
def test_a_folder_where_nothing_can_be_made_is_refused(tmp_path):
    with pytest.raises(StoreError, match=r"/proc/nope/store: .*give another folder as store"):
        Store("/proc/nope/store").prepare()


def test_a_file_that_is_being_read_is_replaced_when_that_is_over(tmp_path, monkeypatch):
    left = [2]

    def refuse(old, new):
        if left[0]:
            left[0] -= 1
            raise PermissionError(13, "The process cannot access the file")
        os.replace(old, new)

    monkeypatch.setattr(disk.operations, "rename", refuse)
    monkeypatch.setattr(disk, "_UNTIL_READ", 0)
    monkeypatch.setattr(disk, "_REFUSALS", 2)  # as on Windows
    disk.write(tmp_path / "a", [b"new"], tmp_path, False)
    assert (tmp_path / "a").read_bytes() == b"new"
    left[0] = 2
    monkeypatch.setattr(disk, "_REFUSALS", 1)
    with pytest.raises(PermissionError):
        disk.write(tmp_path / "a", [b"newer"], tmp_path, False)
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
