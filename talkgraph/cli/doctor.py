"""Is this machine fit for talkgraph, and are files? A line per check, with the remedy."""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

import talkgraph
from talkgraph.cli.failure import USER
from talkgraph.cli.options import add_debug, add_json, add_store, open_store
from talkgraph.errors import ModelError

if TYPE_CHECKING:
    from talkgraph.cli.looked_at import Finding

NAME = "doctor"
HELP = "check this machine, or look at files, and say what to mend"

_ROOM_WANTED = 2 * 1024**3  # bytes; a long run of a 4K clip keeps about this much
_MARKS = {"ok": "ok  ", "note": "note", "problem": "BAD "}


@attrs.frozen
class Check:
    """One finding: `status` is ok, note (works, but know it) or problem (mend it)."""

    name: str
    status: str
    found: str
    remedy: str = ""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `talkgraph doctor`."""
    parser.add_argument(
        "files", nargs="*", type=Path, metavar="FILE",
        help="a speech, video or photo: tell what would be used of it, instead of this machine",
    )  # fmt: skip
    add_store(parser)
    add_json(parser)
    add_debug(parser)


def run(args: argparse.Namespace) -> int:
    """Run every check; 0 if nothing has to be mended, else 2, as for all that the user can mend."""
    from talkgraph.cache.store import Store

    if args.files:
        return _look_at_files(args)

    checks: list[Check] = []
    for check in examine(Store(args.store).path):
        checks.append(check)
        if not args.json:
            print(f"{_MARKS[check.status]}  {check.name}: {check.found}", flush=True)
            if check.remedy:
                print(f"      {check.remedy}", flush=True)
    fit = all(check.status != "problem" for check in checks)
    if args.json:
        print(json.dumps({"fit": fit, "checks": [attrs.asdict(check) for check in checks]}))
    return 0 if fit else USER


def _look_at_files(args: argparse.Namespace) -> int:
    """Tell of each file what would be used of it; 0 if something can be made of all, else 2."""
    from talkgraph.cli.looked_at import findings

    store = open_store(args)
    found = [
        finding for path in args.files for finding in _shown(findings(path, store), quiet=args.json)
    ]
    fit = all(finding.status != "problem" for finding in found)
    if args.json:
        print(json.dumps({"fit": fit, "findings": [attrs.asdict(one) for one in found]}))
    return 0 if fit else USER


def _shown(found: Iterator[Finding], *, quiet: bool) -> Iterator[Finding]:
    for finding in found:
        if not quiet:
            name = Path(finding.file).name
            print(f"{_MARKS[finding.status]}  {name}: {finding.name}: {finding.found}", flush=True)
            if finding.remedy:
                print(f"      {finding.remedy}", flush=True)
        yield finding


def examine(store: Path) -> Iterator[Check]:
    """Yield the findings, quick ones first; a check that itself fails is a finding."""
    probes: list[tuple[str, Callable[[], Check]]] = [
        ("system", _system),
        ("python", _python),
        ("packages", _packages),
        ("onnxruntime", _runtime),
        ("video encoder", _encoder),
        ("store", lambda: _store(store)),
        ("disk space", lambda: _room(store)),
        ("compiled code", _compiled),
        ("models", _models),
        ("device", _device),
        ("OpenGL", _opengl),
    ]
    for name, probe in probes:
        try:
            yield probe()
        except Exception as error:
            text = " ".join(str(error).split())
            found = f"{type(error).__name__}: {text}"
            yield Check(name, "problem", found, "install talkgraph again, into a new environment")


def _system() -> Check:
    from talkgraph.cli import system

    name = system.described()
    if system.is_tested():
        return Check("system", "ok", name)
    found = f"{name}; talkgraph is tested on Linux x86_64 only"
    return Check("system", "note", found, "; ".join(system.lacking()))


def _python() -> Check:
    version = ".".join(str(part) for part in sys.version_info[:3])
    return Check("python", "ok", f"{version}, talkgraph {talkgraph.__version__}")


def _packages() -> Check:
    missing = [name for name in _required() if _version(name) is None]
    if missing:
        found = f"missing: {', '.join(missing)}"
        return Check("packages", "problem", found, "pip install them; in a source tree: make setup")
    return Check("packages", "ok", f"all {len(_required())} there")


def _required() -> list[str]:
    """Names of the packages that talkgraph needs always, from its own metadata."""
    lines = metadata.requires("talkgraph") or []
    plain = [line for line in lines if "extra ==" not in line.replace("extra==", "extra ==")]
    return [re.split(r"[^A-Za-z0-9._-]", line, maxsplit=1)[0] for line in plain]


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _runtime() -> Check:
    cpu, gpu = _version("onnxruntime"), _version("onnxruntime-gpu")
    if cpu and gpu:
        return Check(
            "onnxruntime",
            "problem",
            "onnxruntime and onnxruntime-gpu are both installed and share files",
            "pip uninstall both, then install one; in a source tree: make setup DEVICE=cpu or cuda",
        )
    if not cpu and not gpu:
        return Check(
            "onnxruntime",
            "problem",
            "not installed",
            "pip install 'talkgraph[cpu]' or, for CUDA, 'talkgraph[gpu]'",
        )
    return Check("onnxruntime", "ok", f"onnxruntime {cpu}" if cpu else f"onnxruntime-gpu {gpu}")


def _encoder() -> Check:
    import av

    missing = []
    for codec in ("libx264", "aac"):
        try:
            av.codec.Codec(codec, "w")
        except Exception:
            missing.append(codec)
    if missing:
        return Check(
            "video encoder",
            "problem",
            f"PyAV {av.__version__} lacks {', '.join(missing)}",
            "reinstall PyAV from its own wheel: pip install --force-reinstall av",
        )
    return Check("video encoder", "ok", f"H.264 and AAC by PyAV {av.__version__}")


def _store(folder: Path) -> Check:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            first = Path(scratch) / "a"
            first.write_bytes(b"talkgraph")
            first.replace(Path(scratch) / "b")
    except OSError as error:
        return Check(
            "store",
            "problem",
            f"{folder} cannot be written ({error.strerror})",
            "choose another with --store DIR or TALKGRAPH_STORE",
        )
    return Check("store", "ok", str(folder))


def _room(folder: Path) -> Check:
    existing = next((f for f in (folder, *folder.parents) if f.exists()), Path("/"))
    free = shutil.disk_usage(existing).free
    found = f"{free / 1024**3:.1f} GiB free for the store"
    if free < _ROOM_WANTED:
        return Check(
            "disk space",
            "problem",
            found,
            "free some, talkgraph cache gc --limit SIZE, or choose another disk with --store DIR",
        )
    return Check("disk space", "ok", found)


def _compiled() -> Check:
    from talkgraph.nodes.compiled import is_kept

    if is_kept():
        return Check("compiled code", "ok", "kept from one run to the next")
    return Check(
        "compiled code",
        "note",
        "made anew by every run, some seconds each: neither this package's folder nor yours can "
        "be written",
        "name a folder that can be written with NUMBA_CACHE_DIR",
    )


def _models() -> Check:
    from talkgraph import models
    from talkgraph.models.assets import ASSETS

    needed = [row for row in models.status() if ASSETS[row.name].wanted]
    absent = [row.name for row in needed if row.path is None]
    if absent:
        return Check(
            "models",
            "note",
            f"not here yet: {', '.join(absent)}",
            "they are fetched when first used; to have them now: talkgraph models pull",
        )
    damaged = []
    for row in needed:
        try:
            models.verify(row.name)
        except ModelError:
            damaged.append(row.name)
    if damaged:
        found = f"damaged: {', '.join(damaged)}"
        return Check("models", "problem", found, "run talkgraph models pull")
    return Check("models", "ok", f"{len(needed)} here and whole, in {models.root()}")


def _device() -> Check:
    """Where networks really run: onnxruntime's own list names CUDA even where there is none."""
    import onnxruntime  # noqa: F401  # its import alone finds a broken installation

    from talkgraph import models

    missing = models.cuda_missing()
    if not missing:
        return Check("device", "ok", "CUDA works")
    found = f"CPU, {os.cpu_count()} cores"
    if _version("onnxruntime-gpu"):
        return Check(
            "device",
            "note",
            f"{found}; CUDA cannot be used: {missing}",
            "check the driver with nvidia-smi, or go back to 'talkgraph[cpu]'",
        )
    if shutil.which("nvidia-smi"):
        found = f"{found}; there is a GPU that is not used"
        remedy = (
            "pip uninstall onnxruntime, then pip install 'talkgraph[gpu]'; in a source tree: make "
            "setup DEVICE=cuda"
        )
        return Check("device", "note", found, remedy)
    return Check("device", "ok", found)


_RENDERER = """
import os
os.environ["PYOPENGL_PLATFORM"] = "egl"
import pyrender
pyrender.OffscreenRenderer(8, 8).delete()  # making one makes an OpenGL context
print("EGL")
"""


def _opengl() -> Check:
    """OpenGL libraries may end the process that tries them: they are tried in another."""
    try:
        done = subprocess.run(  # noqa: S603  # our own words, no shell
            [sys.executable, "-c", _RENDERER],
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=60,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        works = done.returncode == 0 and "EGL" in done.stdout
    except subprocess.TimeoutExpired:
        works = False
    found = "EGL works" if works else "none; the software renderer serves"
    return Check("OpenGL", "ok", found)
