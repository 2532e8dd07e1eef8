"""Measure the graph engine and its cache, and five others beside it: one JSON object.

    python benchmarks/engine.py --json > benchmarks/results/engine.json
    python benchmarks/engine.py --no-peers --stream-seconds 60

Every figure is the median of some fresh processes (`benchmarks/engines/`), all on one disk, all
with a node that adds one. `floors` has what disk, memory and Python take by themselves for the same
bytes, measured in the same run. The peers are installed apart from talkgraph, which needs none of
them:

    python -m venv benchmarks/.venv
    benchmarks/.venv/bin/pip install -r benchmarks/peers.txt
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import attrs
from table import engine_table

from talkgraph.cache.store import default_folder

HERE = Path(__file__).parent
FPS, FRAME_BYTES = 25, 256 * 256 * 3
SPARE_BYTES = 6e9  # left free on the disk beside the streamed hour
PATIENCE = 240.0  # s for one process of a peer; what takes longer is left out
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}

Figures = dict[str, Any]


@attrs.frozen
class Engine:
    """A measured engine: its script, its package, and how many nodes it can be asked for."""

    script: str
    distribution: str
    package: str
    needed: str  # what to import to make a graph
    nodes: int = 1000
    builds: tuple[int, ...] = (1000, 10000)


OURS = Engine("talkgraph_graph.py", "talkgraph", "talkgraph", "talkgraph.engine.run.run")
FLOOR = Engine("floor.py", "the floor", "floor", "numpy")
PEERS = {
    # no graph, so nothing to build
    "joblib.Memory": Engine("joblib_memory.py", "joblib", "joblib", "joblib", builds=()),
    # a build takes time with the square of the length, a minute for 1,000 nodes: 100 are run
    "pipefunc": Engine("pipefunc_pipeline.py", "pipefunc", "pipefunc", "pipefunc", 100, builds=()),
    "apache-hamilton": Engine(
        "hamilton_driver.py", "apache-hamilton", "hamilton", "hamilton.driver"
    ),
    "adag": Engine("adag_pipeline.py", "adag", "adag", "adag"),
    # a chain of 200 nodes cannot be pickled: nested too deep
    "pydra": Engine("pydra_workflow.py", "pydra", "pydra.compose", "pydra.compose.workflow", 100),
}


@attrs.frozen
class Scale:
    """How much is measured; the names of the figures are those of the full scale."""

    share: float = 1.0  # of the nodes
    mebibytes: int = 512
    overhead_frames: int = 750
    stream_seconds: float = 3600.0
    repeats: int = 5

    def nodes(self, full: int) -> int:
        """That many nodes at this scale."""
        return max(1, round(full * self.share))


QUICK = Scale(share=0.02, mebibytes=4, overhead_frames=8, stream_seconds=2.0, repeats=1)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--folder", type=Path, help="on the disk to measure; default: the store's")
    parser.add_argument("--no-peers", action="store_true")
    parser.add_argument("--peers-python", type=Path, help="default: that of benchmarks/.venv")
    parser.add_argument("--stream-seconds", type=float, help="of video; default: an hour")
    parser.add_argument("--quick", action="store_true", help="very little of all, to see it works")
    args = parser.parse_args(arguments)
    scale = QUICK if args.quick else Scale()
    if args.stream_seconds is not None:
        scale = attrs.evolve(scale, stream_seconds=args.stream_seconds)
    parent = args.folder or default_folder().parent
    parent.mkdir(parents=True, exist_ok=True)
    report: Figures = {
        "command": command(args),
        "seed": "nothing is random",
        "machine": machine(),
        "quick": args.quick,
    }
    with tempfile.TemporaryDirectory(prefix="talkgraph-benchmark-", dir=parent) as folder:
        bench = Bench(Path(folder), scale)
        report.update(bench.talkgraph())
        python = args.peers_python or HERE / ".venv/bin/python"
        report["peers"] = {} if args.no_peers else bench.peers(python)
        report["notes"] = bench.notes
    report["versions"] = versions(Path(sys.executable), ["talkgraph", "numpy", "blake3", "attrs"])
    if report["peers"]:
        names = [peer.distribution for peer in PEERS.values()]
        report["versions"].update(versions(python, names))
    if args.json:
        print(json.dumps(report, indent=1))
    else:
        print(engine_table(report))
    return 0


class Bench:
    """The measurements of one invocation, below one folder."""

    def __init__(self, folder: Path, scale: Scale) -> None:
        self.folder, self.scale = folder, scale
        self.notes: list[str] = []

    def talkgraph(self) -> Figures:
        """Our own figures."""
        python = Path(sys.executable)
        found = self.engine(OURS, python)
        nodes = self.scale.nodes(1000)
        found["cold_nofsync_ms_per_node"], kept = self._cold(OURS, python, "run_nofsync", nodes)
        found["help_s"] = self._median_wall([python, "-m", "talkgraph.cli", "--help"])
        found["python_s"] = self._median_wall([python, "-c", "pass"])
        found.update(self._child(OURS, python, "overhead", "overhead", self.scale.overhead_frames))
        found["stream_seconds"] = self._stream_seconds()
        frames = round(found["stream_seconds"] * FPS)
        found.update(self._child(OURS, python, "memory", "memory", frames))
        shutil.rmtree(self.folder / "memory")
        found["floors"] = self._floors(python, kept, nodes, found)
        return found

    def _floors(self, python: Path, kept: str, nodes: int, found: Figures) -> Figures:
        """Least that the figures of the same name could be: those of disk, memory and Python."""
        _progress(FLOOR.distribution)

        def each(measure: str) -> float:
            return self._repeated(FLOOR, python, measure, kept, nodes)[0]["seconds"] / nodes * 1e3

        return {
            "cold_ms_per_node": each("write"),
            "cold_nofsync_ms_per_node": each("write_nofsync"),
            "warm_ms_per_node": each("read"),
            "hit_512mib_ms": found.pop("hit_floor_ms"),
            "hash_gb_s": self._child(FLOOR, python, "copy", kept, self.scale.mebibytes)["gb_s"],
            **dict.fromkeys(("warm_1000_s", "import_s", "import_graph_s", "help_s"),
                            found["python_s"]),
        }  # fmt: skip

    def peers(self, python: Path) -> dict[str, Figures]:
        """The same figures of every peer that is installed."""
        found: dict[str, Figures] = {}
        for name, peer in PEERS.items():
            command = [python, "-c", f"import {peer.needed}"]
            if not python.exists() or self._run(command).returncode:
                self._note(
                    f"{name} is not installed: {sys.executable} -m venv {HERE}/.venv && "
                    f"{HERE}/.venv/bin/pip install -r {HERE}/peers.txt"
                )
                continue
            found[name] = self.engine(peer, python)
        return found

    def engine(self, engine: Engine, python: Path) -> Figures:
        """What can be asked of every engine; what it cannot do is left out, with a note."""
        _progress(engine.distribution)
        found: Figures = {}
        for size in engine.builds:
            with self._noted(engine, f"build of {size:,} nodes"):
                found[f"build_{size}_s"] = self._build(engine, python, size)
        with self._noted(engine, f"run of {engine.nodes:,} nodes"):
            nodes = self.scale.nodes(engine.nodes)
            found["cold_ms_per_node"], kept = self._cold(engine, python, "run", nodes)
            warm, walls = self._repeated(engine, python, "run", kept, nodes)
            found["warm_ms_per_node"] = warm["seconds"] / nodes * 1e3
            if engine.nodes == 1000:
                found["warm_1000_s"] = walls
        with self._noted(engine, "hit of a large array"):
            size = self.scale.mebibytes
            kept = f"{engine.package}-array"
            self._child(engine, python, "array", kept, size)
            hit = self._repeated(engine, python, "array", kept, size)[0]
            found["hit_512mib_ms"] = hit["seconds"] * 1e3
            if "floor" in hit:
                found["hit_floor_ms"] = hit["floor"] * 1e3
            shutil.rmtree(self.folder / kept)
        with self._noted(engine, "hashing"):
            hashed = self._child(engine, python, "hash", "hash", self.scale.mebibytes)
            found["hash_gb_s"] = hashed["gb_s"]
        found["import_s"] = self._median_wall([python, "-c", f"import {engine.package}"])
        found["import_graph_s"] = self._median_wall([python, "-c", f"import {engine.needed}"])
        return found

    # -- single figures --------------------------------------------------------------------------

    def _build(self, engine: Engine, python: Path, size: int) -> float:
        """Seconds for the worse of chain and fan; once if that takes long."""
        times: list[float] = []
        for attempt in range(self.scale.repeats):
            folder = f"build-{engine.package}-{size}"
            made = self._child(engine, python, "build", folder, self.scale.nodes(size))
            times.append(max(made["chain"], made["fan"]))
            if attempt == 0 and times[0] > 10:
                break
        return median(times)

    def _cold(self, engine: Engine, python: Path, measure: str, nodes: int) -> tuple[float, str]:
        """Milliseconds per node with empty folders, and the last of them, now full."""
        times = []
        for attempt in range(self.scale.repeats):
            name = f"{engine.package}-{measure}-{attempt}"
            times.append(self._child(engine, python, measure, name, nodes)["seconds"])
        return median(times) / nodes * 1e3, name

    def _repeated(
        self, engine: Engine, python: Path, measure: str, folder: str, size: int
    ) -> tuple[Figures, float]:
        """The figures that the process prints, and the seconds of all of it."""
        printed, walls = [], []
        for _ in range(self.scale.repeats):
            began = time.perf_counter()
            printed.append(self._child(engine, python, measure, folder, size))
            walls.append(time.perf_counter() - began)
        return {name: median(one[name] for one in printed) for name in printed[0]}, median(walls)

    def _stream_seconds(self) -> float:
        """As much of the wanted length as the disk has room for."""
        room = max(shutil.disk_usage(self.folder).free - SPARE_BYTES, 0) / (FPS * FRAME_BYTES)
        wanted = self.scale.stream_seconds
        if room < wanted:
            self._note(f"the disk has room for {room:.0f} of the {wanted:.0f} s to stream")
        return min(wanted, float(int(room)))

    def _median_wall(self, command: Sequence[str | Path]) -> float:
        """Seconds of a whole process, start-up and all; the first one only warms the disk cache."""
        walls = []
        for _ in range(self.scale.repeats + 1):
            began = time.perf_counter()
            self._run(command).check_returncode()
            walls.append(time.perf_counter() - began)
        return median(walls[1:])

    # -- processes -------------------------------------------------------------------------------

    def _child(self, engine: Engine, python: Path, measure: str, folder: str, size: int) -> Figures:
        """What one measuring process prints."""
        script = HERE / "engines" / engine.script
        command = [python, script, measure, self.folder / folder, str(size)]
        done = self._run(command, None if engine is OURS else PATIENCE)
        if done.returncode:
            raise RuntimeError((done.stderr.strip() or "no message").splitlines()[-1][:200])
        figures: Figures = json.loads(done.stdout.splitlines()[-1])
        return figures

    def _run(
        self, command: Sequence[str | Path], timeout: float | None = None
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, capture_output=True, text=True, cwd=self.folder, timeout=timeout,
            env={**os.environ, **ONE_THREAD},
        )  # fmt: skip

    @contextlib.contextmanager
    def _noted(self, engine: Engine, what: str) -> Iterator[None]:
        """A peer that fails leaves a note; talkgraph may not."""
        try:
            yield
        except (RuntimeError, subprocess.TimeoutExpired) as error:
            if engine is OURS:
                raise
            slow = isinstance(error, subprocess.TimeoutExpired)
            why = f"longer than {PATIENCE:.0f} s" if slow else error
            self._note(f"{engine.distribution}, {what}: {why}")

    def _note(self, text: str) -> None:
        self.notes.append(text)
        _progress(text)


def command(args: argparse.Namespace) -> str:
    """The command line without the paths of this machine."""
    words = ["engine.py", "--json"]
    words += [
        f"--{name.replace('_', '-')}" for name in ("no_peers", "quick") if getattr(args, name)
    ]
    if args.stream_seconds is not None:
        words.append(f"--stream-seconds {args.stream_seconds:g}")
    return " ".join(words)


def versions(python: Path, distributions: list[str]) -> dict[str, str]:
    """Version of each distribution that a Python has, and its own."""
    code = "import json, platform, sys\nfrom importlib.metadata import version\n"
    code += "print(json.dumps({name: version(name) for name in sys.argv[1:]}))"
    found = {"python": platform.python_version()}
    for name in distributions:
        done = subprocess.run([python, "-c", code, name], capture_output=True, text=True)
        if done.returncode == 0:
            found.update(json.loads(done.stdout))
    return found


def machine() -> Figures:
    """What the figures were measured on, and how busy it was."""
    cpu = platform.processor()
    lines = Path("/proc/cpuinfo")
    if lines.exists():
        models = [x for x in lines.read_text().splitlines() if x.startswith("model name")]
        cpu = models[0].partition(":")[2].strip() if models else cpu
    return {
        "system": platform.platform(),
        "cpu": cpu,
        "cores": os.cpu_count(),
        "load": [round(value, 2) for value in os.getloadavg()],
    }


def _progress(text: str) -> None:
    print(f"{text} …", file=sys.stderr)


if __name__ == "__main__":
    raise SystemExit(main())
