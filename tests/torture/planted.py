"""Small bugs, planted one at a time in a copy of the package: the tests must notice each.

A bug is a piece of source and what takes its place. Where the piece is no longer there once, the
bug cannot be planted and counts as missed: it has to follow the code.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import attrs

from .row import Row, Setting
from .shares import WORKERS

ROOT = Path(__file__).resolve().parents[2]
HANG = 180.0  # s more than these tests take: whoever hangs is noticed too


@attrs.frozen
class Bug:
    """In `file` of the package `old` becomes `new`; `tests` must fail."""

    name: str
    file: str
    old: str
    new: str
    tests: str


BUGS = (
    Bug("a file is not synced before it is named", "cache/disk.py",
        "            if durable:\n                operations.sync(handle)\n", "",
        "cache/test_store_faults.py"),
    Bug("a folder is not synced after a rename", "cache/disk.py",
        "    if durable:\n        operations.sync_path(folder)", "    if False:\n        pass",
        "cache/test_store_faults.py"),
    Bug("the record is written before its blobs", "cache/store.py",
        "            tree = encode(value, sink, where, storable=True)\n",
        "            hashing = Hashing(self.blobs, self.content)\n"
        "            tree = encode(value, hashing, where, storable=True)\n"
        "            early = {**facts(), 'format': FORMAT, 'key': key, 'created': time.time(),\n"
        "                     'output': tree, 'digest': digest_tree(tree)}\n"
        "            path, temp = self._action_path(key), self.blobs.temporary\n"
        "            write_record(path, early, temp, self.durable)\n"
        "            tree = encode(value, sink, where, storable=True)\n",
        "cache/test_store_faults.py"),
    Bug("the content of a large blob is not hashed", "cache/blobs.py",
        "                if digest_file(path) != digest:", "                if False:",
        "cache/test_blobs.py"),
    Bug("the content of a small blob is not hashed", "cache/blobs.py",
        "            if digest_bytes(data) != digest:", "            if False:",
        "cache/test_blobs.py"),
    Bug("a record's checksum is not looked at", "cache/records.py",
        "if not data.startswith(expected) or not", "if not", "cache/test_store_faults.py"),
    Bug("a folder contains what its name begins", "cache/sinks.py",
        "path.resolve().is_relative_to(self._blobs.temporary)",
        "str(path.resolve()).startswith(str(self._blobs.temporary))", "cache/test_codecs.py"),
    Bug("files are written in place", "cache/disk.py",
        "            operations.rename(temp, target)\n            break\n",
        "            with open(temp, 'rb') as old, open(target, 'wb') as new:\n"
        "                new.write(old.read())\n            os.unlink(temp)\n            break\n",
        "cache/test_store_faults.py"),
    Bug("a lease never expires", "cache/leases.py",
        "if is_dead(who) or time.monotonic() - since > STALE:", "if is_dead(who):",
        "cache/test_leases.py"),
    Bug("an array's key ignores its shape", "cache/arrays.py",
        '"shape": list(array.shape), "data": data}', '"shape": [array.size], "data": data}',
        "cache/test_keys.py"),
    Bug("a key ignores parameters", "engine/keys/keying.py",
        "code.digest, given.tree,", "code.digest, {},", "engine/run/test_run.py"),
    Bug("a key ignores the code of helpers", "engine/keys/keying.py",
        "code.digest, given.tree,", 'code.parts["the node"], given.tree,',
        "engine/keys/test_code.py"),
    Bug("a file's digest is remembered for ever", "cache/store.py",
        'memo.get("stamp") == list(mark)', 'memo.get("stamp")', "cache/test_keys.py"),
    Bug("a step depends on fields that it does not read", "engine/keys/keying.py",
        "found = digest_tree(field_of(known.tree, path))",
        "found = digest_tree([known.tree, list(path)])", "engine/run/test_run.py"),
    Bug("gc ignores what running processes use", "cache/collect.py",
        "        self._pinned = self._pins()", "        self._pinned, self._pins = set(), set",
        "cache/test_upkeep.py"),
    Bug("what a dead collector held goes with it", "cache/trash.py",
        "                    _restore(left.path, blobs)", "                    pass",
        "cache/test_collect.py"),
    Bug("a resumed stream takes the next chunk", "cache/sinks.py",
        'leaf = chunk_leaf(done.get(name, "")', 'leaf = chunk_leaf(done.get(str(index + 1), "")',
        "cache/test_store_faults.py"),
    Bug("a NaN differs from itself", "cache/codecs.py",
        'return {"float": value.hex()}', 'return {"float": value.hex() + " " * (id(value) % 99)}',
        "cache/test_keys.py"),
    Bug("the order of a dict counts", "cache/codecs.py",
        'return {"dict": sorted(pairs, key=lambda pair: canonical(pair[0]))}',
        'return {"dict": pairs}', "cache/test_keys.py"),
    Bug("a failed write leaves its file", "cache/disk.py",
        "    except BaseException:\n        discard(temp)\n        raise\n    return temp",
        "    except BaseException:\n        raise\n    return temp", "cache/test_store_faults.py"),
    Bug("a partial log is believed", "cache/sinks.py",
        'if len(parts) == 3 and f"\\n{line}\\n" == _log_line(parts[0], parts[1]):',
        "if len(parts) >= 2:", "cache/test_store_faults.py"),
    Bug("what the remote sends is believed", "cache/remote.py",
        "if temp.stat().st_size == size and digest_file(temp) == digest:", "if True:",
        "cache/test_remote.py"),
    Bug("a download is believed", "models/download.py",
        "        if sha256_of(part) != sha256:", "        if False:",
        "models/test_download.py"),
    Bug("nobody looks whether an input changed", "engine/run/job.py",
        "            self._check_files(store)\n            return {", "            return {",
        "engine/run/test_run.py"),
)  # fmt: skip


def planted(setting: Setting) -> Iterator[Row]:
    """Plant each bug; N of N must be noticed."""
    bugs = BUGS[: setting.count(len(BUGS), 2)]
    yield Row("planted bugs", len(bugs), len(BUGS), missed(bugs, setting.folder))


def missed(bugs: tuple[Bug, ...], folder: Path) -> list[str]:
    """The bugs that the tests do not notice."""
    free = [_copy(folder / f"copy {number}") for number in range(min(WORKERS, len(bugs)))]
    lock = threading.Lock()

    def attempt(bug: Bug) -> str:
        with lock:
            copy = free.pop()
        try:
            return _attempt(bug, copy)
        finally:
            free.append(copy)

    # Without a bug they must pass: or they would notice anything.
    controls = [Bug("", bugs[0].file, "", "", name) for name in sorted({b.tests for b in bugs})]
    with ThreadPoolExecutor(len(free)) as pool:
        return [said for said in pool.map(attempt, [*controls, *bugs]) if said]


def _copy(copy: Path) -> Path:
    """The package, its data as links, and its tests."""
    skipped = shutil.ignore_patterns("__pycache__", "torture")
    shutil.copytree(ROOT / "talkgraph", copy / "talkgraph", ignore=skipped)
    shutil.copytree(ROOT / "tests", copy / "tests", ignore=skipped)
    shutil.copytree(ROOT / "tests" / "torture", copy / "tests" / "torture", ignore=skipped)
    for name in ("pyproject.toml", "benchmarks", "graphs"):
        if (ROOT / name).exists():
            (copy / name).symlink_to(ROOT / name)
    return copy


def _attempt(bug: Bug, copy: Path) -> str:
    if not bug.name:
        code = _tested(copy, bug.tests)
        return f"tests/{bug.tests} fails without a bug (pytest ended with {code})" if code else ""
    path = copy / "talkgraph" / bug.file
    whole = path.read_text()
    if whole.count(bug.old) != 1:
        return f"'{bug.name}' cannot be planted: its place in {bug.file} has changed"
    path.write_text(whole.replace(bug.old, bug.new))
    try:
        code = _tested(copy, bug.tests)
    finally:
        path.write_text(whole)
    if code == 1:
        return ""
    return f"'{bug.name}' is not noticed by tests/{bug.tests} (pytest ended with {code})"


def _tested(copy: Path, tests: str) -> int:
    """pytest's exit code, 1 where a test fails; a hang counts as a failure."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider",
               f"tests/{tests}"]  # fmt: skip
    environment = {**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(
            command, cwd=copy, env=environment, capture_output=True, timeout=HANG, check=False
        )
    except subprocess.TimeoutExpired:
        return 1
    return done.returncode
