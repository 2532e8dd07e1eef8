"""From the tree to a first video as a stranger would: built, checked, installed into nothing.

In a folder of its own: wheel and source archive by `build`, in environments of its own making;
`twine check`; then an empty virtual environment, `talkgraph[cpu]` from the wheel, and
`talkgraph talk --sample` with an empty store, without models and in an empty folder. With --uvx the
same by uv. Packages come from wherever pip, and uv, are configured to look.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

from tests.places import ROOT

WATCH = """
import av, sys
with av.open(sys.argv[1]) as file:
    kinds = sorted(stream.type for stream in file.streams)
    count = sum(1 for _ in file.decode(video=0))
print(count, *kinds)
"""


def main() -> int:
    """Do it all; exit code 0 if every step worked."""
    parser = argparse.ArgumentParser(prog="python -m tests.wheel", description=__doc__)
    parser.add_argument(
        "--python", default=sys.executable, help="of the environment; default: this"
    )
    parser.add_argument("--uvx", action="store_true", help="by `uvx` instead of pip; needs uv")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="leave wheel and video there")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="talkgraph wheel ") as made:
        folder = Path(made)
        wheel = build(folder)
        first = by_uvx if args.uvx else by_pip
        video = first(wheel, folder, args.python)
        if args.keep:
            args.keep.mkdir(parents=True, exist_ok=True)
            for file in (*wheel.parent.iterdir(), video):
                file.replace(args.keep / file.name)
    return 0


def build(folder: Path) -> Path:
    """Wheel and source archive, checked; the path of the wheel."""
    tools = environment(folder / "tools", sys.executable)
    run(tools / "python", "-m", "pip", "install", "-qq", "build", "twine")
    run(tools / "python", "-m", "build", "--outdir", folder / "dist", ROOT)
    run(tools / "twine", "check", "--strict", *sorted((folder / "dist").iterdir()))
    (wheel,) = (folder / "dist").glob("*.whl")
    for file in sorted(wheel.parent.iterdir()):
        print(f"{file.name}: {file.stat().st_size / 1e6:.1f} MB")
    return wheel


def by_pip(wheel: Path, folder: Path, python: str) -> Path:
    """The first video of an environment that pip fills."""
    began = spent()
    programs = environment(folder / "empty", python)
    run(programs / "python", "-m", "pip", "install", "-qq", f"talkgraph[cpu] @ {wheel.as_uri()}")
    tell("to install", began)
    began = spent()
    video = talk(folder, programs / "talkgraph")
    tell("from there to the first video, models included", began)
    run(programs / "python", "-c", WATCH, video)
    run(programs / "talkgraph", "doctor", **place(folder))
    return video


def by_uvx(wheel: Path, folder: Path, python: str) -> Path:
    """The first video of an environment that uv fills, for this one command."""
    began = spent()
    what = f"talkgraph[cpu] @ {wheel.as_uri()}"
    video = talk(folder, "uvx", "--python", python, "--from", what, "talkgraph")
    tell("to install and to the first video, models included", began)
    return video


def talk(folder: Path, *talkgraph: Path | str) -> Path:
    """Make the sample's video in an empty folder; its path."""
    run(*talkgraph, "talk", "--sample", "--quiet", "-o", "hello.mp4", **place(folder))
    return folder / "work" / "hello.mp4"


def place(folder: Path) -> dict:
    """Where talkgraph is to run: nothing of this tree and of earlier runs is in sight."""
    work = folder / "work"
    work.mkdir(exist_ok=True)
    own = {"TALKGRAPH_STORE": str(folder / "store"), "TALKGRAPH_MODELS": str(folder / "models")}
    kept = {name: text for name, text in os.environ.items() if not name.startswith("PYTHON")}
    return {"cwd": work, "env": kept | own}


def environment(folder: Path, python: str) -> Path:
    """Where the programs of a new virtual environment lie."""
    if python == sys.executable:
        venv.create(folder, with_pip=True)
    else:
        run(python, "-m", "venv", folder)
    return folder / "bin"


def spent() -> tuple[float, float]:
    """Seconds on the clock, and seconds of a processor in all that was run so far."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.perf_counter(), children.ru_utime + children.ru_stime


def tell(what: str, began: tuple[float, float]) -> None:
    """Print how long something took."""
    clock, processor = (now - then for now, then in zip(spent(), began, strict=True))
    print(f"{clock:.0f} s {what} ({processor:.0f} s of a processor)", flush=True)


def run(*words: Path | str, **where) -> None:
    """Run a command, shown first; one that fails ends all."""
    print("+", *words, flush=True)
    done = subprocess.run([str(word) for word in words], check=False, **where)
    if done.returncode:
        sys.exit(f"{Path(str(words[0])).name} ended with {done.returncode}")


if __name__ == "__main__":
    sys.exit(main())
