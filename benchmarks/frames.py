"""Measure how fast the frames of a known person are made: one JSON object, a row per clip.

    python benchmarks/frames.py --data CLIPS --json > result.json
    python benchmarks/frames.py --data CLIPS --clips NAME --quality draft --against 3fb91b1

A person is made known first: learned from the clip, with another speech. Then a new process makes
the video of the speech from that store, and tells for each quality:

- `first_frame_s`: from the start of the process to the first frame that the encoder took;
- `fps`: frames over the time from the start of the step that writes the video, in `standard` of the
  one that refines, until the run has ended;
- `cpu_ms`: processor time (user and system, all threads) per frame, and `stage_ms`, the time that
  threads spent in each stage, per frame;
- `peak_mib`: the most memory that the process held.

Processor time is the figure to trust on a shared machine. `--against REVISION` measures that
revision of this repository too, alternating with this one, and gives the ratios. A refiner is
trained for four steps: what it costs does not depend on what it has learned.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
CLIPS = ("talk_acted_female_shorthair_rav_24_a", "talk_female_asian_01_b")  # 256 px and 512 px
SPEECH, OTHER_SPEECH = "speech_read_female_en_02", "speech_es_01"
OF_SPEECH = ("speech", "features", "voice", "spoken", "rested", "head", "brows", "motion",
             "backgrounds", "refined", "video_out")  # fmt: skip
COUNTED = ("fps", "cpu_ms", "first_frame_s", "peak_mib")

CHILD = """
import json, resource, sys, time
began = time.time() - float(open("/proc/uptime").read().split()[0])  # of the machine
ticks = int(open("/proc/self/stat").read().rsplit(")", 1)[1].split()[19])
born = began + ticks / __import__("os").sysconf("SC_CLK_TCK")
from talkgraph.cache.store import Store
from talkgraph.engine.run.events import Progress, Started
from talkgraph.graphs import yi2020
audio, video, store, quality = sys.argv[1:]
graph = yi2020.graph(quality)
if quality != "draft":
    graph = graph.with_params(refiner={"steps": 4})
seen = {}
def cpu():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
def watch(event):
    if isinstance(event, Started) and event.step in ("background", "refined", "video_out"):
        seen.setdefault("making", (time.time(), cpu()))
    if isinstance(event, Progress) and event.step in ("video_out", "refined"):
        seen.setdefault(event.step, time.time())
result = graph.run({"audio": audio, "video": video}, store=Store(store), on_event=watch)
now, used = time.time(), cpu()
making, used_before = seen.get("making", (born, 0.0))
frames = len(result["backgrounds"].source)
made = ("background", "face", "composite", "refined", "pasted", "marked", "video_out")
print(json.dumps({
    "frames": frames, "size": result["clip"].frames.shape[0],
    "fps": frames / (now - making), "cpu_ms": 1e3 * (used - used_before) / frames,
    "first_frame_s": seen.get("video_out", now) - born, "whole_s": now - born,
    "stage_ms": {step: 1e3 * record.seconds / frames for step, record in result.records.items()
                 if step in made},
    "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
}))
"""


def main() -> int:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of clips and speech")
    parser.add_argument("--clips", nargs="+", metavar="NAME", default=CLIPS)
    parser.add_argument("--quality", nargs="+", default=["draft", "standard"])
    parser.add_argument("--speech", default=SPEECH)
    parser.add_argument("--against", metavar="REVISION", help="measure it beside this tree")
    parser.add_argument("--rounds", type=int, default=3, help="measurements; the median counts")
    parser.add_argument("--stores", type=Path, help="where people are kept; default: temporary")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    args = parser.parse_args()
    if not args.data.is_dir():
        parser.error(f"--data {args.data} is no folder; give one with video/ and speech/")
    with tempfile.TemporaryDirectory() as scratch:
        trees = {"here": ROOT}
        if args.against:
            trees["before"] = unpacked(args.against, Path(scratch, "tree"))
        bench = Bench(args, trees, args.stores or Path(scratch))
        rows = [bench.row(clip, quality) for clip in args.clips for quality in args.quality]
    report = {"command": " ".join(sys.argv), "against": args.against, "frames": rows}
    if args.json:
        print(json.dumps(report, indent=1))
    else:
        for row in rows:
            print(json.dumps(row))
    return 0


def unpacked(revision: str, folder: Path) -> Path:
    """The package at a revision of this repository."""
    folder.mkdir()
    packed = subprocess.run(
        ["git", "-C", str(ROOT), "archive", revision, "talkgraph"], capture_output=True, check=True
    )
    subprocess.run(["tar", "x", "-C", str(folder)], input=packed.stdout, check=True)
    return folder


class Bench:
    """The runs of one invocation, each tree with a store of its own."""

    def __init__(self, args: argparse.Namespace, trees: dict[str, Path], stores: Path) -> None:
        self.args, self.trees, self.stores = args, trees, stores

    def row(self, clip: str, quality: str) -> dict[str, Any]:
        """The figures of one clip at one quality."""
        print(f"{clip} {quality} …", file=sys.stderr)
        for tree in self.trees:
            self.measure(tree, clip, quality, OTHER_SPEECH)  # now the person is known
        runs: dict[str, list[dict[str, Any]]] = {tree: [] for tree in self.trees}
        for _ in range(self.args.rounds):
            for tree in self.trees:
                runs[tree].append(self.measure(tree, clip, quality, self.args.speech))
                self.forget(tree)
        row: dict[str, Any] = {"clip": clip, "quality": quality}
        for tree, found in runs.items():
            row[tree] = {key: middle([run[key] for run in found]) for key in found[0]}
        if "before" in row:
            row["ratio"] = {key: row["here"][key] / row["before"][key] for key in COUNTED}
        return row

    def measure(self, tree: str, clip: str, quality: str, speech: str) -> dict[str, Any]:
        """What a new process tells."""
        audio = self.args.data / "speech" / f"{speech}.wav"
        video = self.args.data / "video" / f"{clip}.mp4"
        said = self._python(tree, CHILD, str(audio), str(video), str(self.stores / tree), quality)
        found: dict[str, Any] = json.loads(said.splitlines()[-1])
        return found

    def forget(self, tree: str) -> None:
        """Remove all that was made of the speech, so that it is made again."""
        text = (
            "import sys; from talkgraph.cache.store import Store; store = Store(sys.argv[1])\n"
            "for entry in store.ls():\n"
            "    if entry.step in sys.argv[2:]: store.rm(entry.key)\n"
        )
        self._python(tree, text, str(self.stores / tree), *OF_SPEECH)

    def _python(self, tree: str, text: str, *args: str) -> str:
        environment = {**os.environ, "PYTHONPATH": str(self.trees[tree])}
        environment |= {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
        made = subprocess.run(
            [sys.executable, "-P", "-c", text, *args],  # -P: the tree, not the folder we are in
            capture_output=True,
            text=True,
            env=environment,
        )
        if made.returncode:
            raise SystemExit(f"{tree}: {made.stderr.strip().splitlines()[-1]}")
        return made.stdout


def middle(values: list[Any]) -> Any:
    """The median of numbers, or of each number in tables."""
    if isinstance(values[0], dict):
        return {key: middle([value[key] for value in values]) for key in values[0]}
    return round(statistics.median(values), 2)


if __name__ == "__main__":
    raise SystemExit(main())
