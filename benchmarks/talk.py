"""Measure the main job on real clips: one JSON object, one entry per clip and speech.

    python benchmarks/talk.py --data CLIPS --json > result.json
    python benchmarks/talk.py --data CLIPS --clips NAME [NAME …] --quality standard
    python benchmarks/talk.py --data CLIPS --clips NAME … --graph yi2020 yi2022 field --json

For every clip and every foreign speech: whether all output frames hold a face, and whose; the
reprojection error of the fit; the length of picture against sound; the range of head motion in
and out; seconds per stage. For clips of 13 s and more also self-reenactment: the person is learned
from the first ten seconds and driven with the sound of the rest, which is then compared with the
real rest, as `talkgraph evaluate self` does. Baselines stand beside every figure: the still frame,
the replay of the clip, and the frames before the refiner.

`--graph` takes other systems, one after the other, for one table of all: `field` is the keypoint
field of docs/swapping.md, which sees nothing but the clip's first frame (head motion is that of the
`photo` graph); it is judged by the whole clip like the others, and nothing of it is reenacted.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as the command line does

import numpy as np
from numpy.typing import NDArray
from photo_field import field_graph
from PIL import Image

from talkgraph.cache.store import Store
from talkgraph.engine import Graph, Result
from talkgraph.graphs import watch, yi2020, yi2022
from talkgraph.graphs.evaluate import self_reenactment
from talkgraph.nodes.evaluate.compare_identity import identity_distance
from talkgraph.nodes.evaluate.head.similarity import head_similarity, replay_similarity
from talkgraph.nodes.evaluate.head.spread import jitter
from talkgraph.nodes.evaluate.summary import SCORES, columns_of
from talkgraph.nodes.face_fit import DescribeIdentity
from talkgraph.nodes.media import save
from talkgraph.nodes.values import Clip, FaceTrack, Footage, Speech

LEARNED_SECONDS = 10.0
SHORTEST_REENACTMENT = 13.0
WATCH = watch.graph()
GRAPHS: dict[str, Callable[[Any, int], Graph]] = {
    "yi2020": lambda quality, seed: yi2020.graph(quality, seed=seed),
    "yi2022": lambda quality, seed: yi2022.graph(quality, seed=seed),
    "field": lambda quality, seed: field_graph(seed),
}


def main() -> int:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of clips and speech")
    parser.add_argument("--clips", nargs="+", metavar="NAME", help="default: one clip per person")
    parser.add_argument("--speeches", nargs="+", default=["speech_lj_female_en_01", "speech_de_01"])
    parser.add_argument("--graph", nargs="+", choices=GRAPHS, default=["yi2020"])
    parser.add_argument("--quality", choices=("draft", "standard", "best"), default="draft")
    parser.add_argument("--refiner-steps", type=int, help="instead of those of the quality")
    parser.add_argument("--no-reenactment", action="store_true")
    parser.add_argument("--store", type=Path, help="default: a temporary, empty one")
    parser.add_argument("--output", type=Path, help="keep the videos here")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    args = parser.parse_args()
    if not args.data.is_dir():
        parser.error(f"--data {args.data} is no folder; give one with video/ and speech/")
    with tempfile.TemporaryDirectory() as scratch:
        systems = {}
        for system in args.graph:
            bench = Bench(args, Path(scratch), system)
            names = args.clips or bench.one_clip_per_person()
            systems[system] = [bench.clip(name) for name in names]
    report = {"command": " ".join(sys.argv), "quality": args.quality}
    results = next(iter(systems.values()))
    report |= {"clips": results} if len(systems) == 1 else {"systems": systems}
    if args.json:
        print(json.dumps(report, indent=1))
    else:
        for results in systems.values():
            for result in results:
                print(json.dumps(result))
    return 0


class Bench:
    """The runs of one system over one store."""

    def __init__(self, args: argparse.Namespace, scratch: Path, system: str = "yi2020") -> None:
        self.args, self.scratch = args, scratch
        self.store = Store(args.store or scratch / "store")
        self.graph = GRAPHS[system](args.quality, args.seed)
        if args.refiner_steps:
            self.graph = self.graph.with_params(refiner={"steps": args.refiner_steps})

    def one_clip_per_person(self) -> list[str]:
        """The longest clip with sound of every person in the manifest."""
        entries = json.loads((self.args.data / "manifest.json").read_text())
        longest: dict[str, dict[str, Any]] = {}
        for entry in entries:
            person = entry.get("person")
            if person and entry["name"].startswith("video/"):
                known = longest.get(person)
                if known is None or entry["seconds"] > known["seconds"]:
                    longest[person] = entry
        return sorted(Path(entry["name"]).stem for entry in longest.values())

    def clip(self, name: str) -> dict[str, Any]:
        """All measurements of one clip."""
        print(f"{name} …", file=sys.stderr)
        video = self.args.data / "video" / f"{name}.mp4"
        found: dict[str, Any] = {"clip": name, "speeches": {}}
        of_photo = "photo" in self.graph.inputs
        known = self.known(video) if of_photo else None
        shown = {"video": video} if known is None else {"photo": self.first_frame(known["clip"])}
        for speech in self.args.speeches:
            audio = self.args.data / "speech" / f"{speech}.wav"
            began = time.perf_counter()
            result = self.graph.run({"audio": audio, **shown}, store=self.store)
            seconds = time.perf_counter() - began
            person = known or result
            found["speeches"][speech] = self.talk(result, person, f"{name}--{speech}", seconds)
        fit = person["fit"]
        error = fit.error[fit.measured]
        found["tracking_success"] = float(fit.measured.mean())
        found["reprojection_px_mean"] = float(error.mean())
        found["reprojection_px_p95"] = float(np.quantile(error, 0.95))
        footage = person["footage"]
        if (
            not of_photo
            and not self.args.no_reenactment
            and footage.count / footage.fps >= SHORTEST_REENACTMENT
            and footage.speech is not None
        ):
            found["reenactment"] = self.reenact(name, footage)
        return found

    def known(self, video: Path) -> Result:
        """The whole clip, tracked and fitted, by which what one frame of it made is judged."""
        until = ("footage", "clip", "track", "fit")
        return yi2020.graph("draft").run({"video": video}, store=self.store, until=until)

    def first_frame(self, clip: Clip) -> Path:
        """A file of the first frame of a head crop."""
        file = self.scratch / "photo.png"
        Image.fromarray(clip.frames[0]).save(file)
        return file

    def talk(self, result: Result, known: Result, label: str, seconds: float) -> dict[str, Any]:
        """Measure one output of a foreign speech against the clip that is known."""
        video = self.keep(result, label)
        seen = WATCH.run({"video": video}, store=self.store)
        track: FaceTrack = seen["track"]
        speech: Speech = result["speech"]
        picture: Footage = seen["footage"]
        rendered = "backgrounds" in self.graph.steps
        motion = result["backgrounds.motion" if rendered else "motion"]
        clip_motion = known["fit"].motion
        person = DescribeIdentity().run(known["clip"], known["track"], seen["identity_network"])
        return {
            "seconds": round(seconds, 2),
            "stages": {
                step: round(record.seconds, 3)
                for step, record in result.records.items()
                if not record.cached
            },
            "face_in_frames": float(track.measured.mean()),
            "identity_distance": identity_distance(seen["identity"], person),
            "av_length_difference_frames": picture.count - speech.seconds * picture.fps,
            "head_range_in_deg": _range(clip_motion.rotation),
            "head_range_out_deg": _range(motion.rotation),
            "head_similarity": head_similarity(motion.rotation, clip_motion.rotation),
            "head_similarity_replay": replay_similarity(
                clip_motion.rotation, clip_motion.rotation, len(motion.rotation)
            ),
            "head_jitter_deg_in": float(np.rad2deg(jitter(clip_motion.rotation))),
            "head_jitter_deg_out": float(np.rad2deg(jitter(motion.rotation))),
        }

    def reenact(self, name: str, footage: Footage) -> dict[str, Any]:
        """Learn from the first seconds, drive with the rest's own sound, compare with the rest."""
        video = self.args.data / "video" / f"{name}.mp4"
        kinds = {"draft": self.graph}
        if "refiner" in self.graph.steps:
            draft = yi2020.graph("draft", seed=self.args.seed)
            kinds = {"refined": self.graph, "unrefined": draft}
        scores: dict[str, Any] = {"seconds_driven": footage.count / footage.fps - LEARNED_SECONDS}
        for kind, talk in kinds.items():
            graph = self_reenactment(talk, seconds=LEARNED_SECONDS)
            wanted = [step for step in graph.steps if step.endswith(SCORES)]
            result = graph.run({"video": video}, store=self.store, until=[*wanted, talk.output])
            columns = columns_of({step: result[step] for step in wanted})
            scores[kind] = columns.pop("made")
            scores |= columns  # the baselines, and `seen` of the last kind
            if self.args.output:
                self.args.output.mkdir(parents=True, exist_ok=True)
                save(result[talk.output], self.args.output / f"{name}-{kind}.mp4")
        return scores

    def keep(self, result: Result, label: str) -> Path:
        """The output file, under a name of its own if the videos are to be kept."""
        made: Path = result.output.path
        if self.args.output:
            self.args.output.mkdir(parents=True, exist_ok=True)
            save(result.output, self.args.output / f"{label}.mp4")
        return made


def _range(rotation: NDArray[np.floating]) -> list[float]:
    """5th to 95th percentile of pitch, yaw and roll, in degrees."""
    low, high = np.quantile(np.rad2deg(rotation), (0.05, 0.95), axis=0)
    return [round(float(v), 2) for v in high - low]


if __name__ == "__main__":
    raise SystemExit(main())
