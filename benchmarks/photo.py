"""The photo graph (a 3D face) and the keypoint field side by side, from one photo.

    python benchmarks/photo.py --data CLIPS --state FOLDER [--clips NAME …] [--photos NAME …]
    python benchmarks/photo.py --data CLIPS --state FOLDER --json > results/photo.json
    python benchmarks/photo.py --data CLIPS --state FOLDER --page sheets.html

*Given motion* (`--clips`): the first frame of a clip is the photo, the tracked motion of the frames
after it drives both pictures (no background limits the pose), and the real frames judge: PSNR and
SSIM of the face's box in every third frame, lips tracked again (LMD), identity against the photo,
what moves behind the head and below it, shake. Beside them stand the *real* frames, the photo
itself (*still*) and, where the clip goes on, the draft of `yi2020` that has *learned* the person
from up to `--learn` seconds that follow, a ceiling for what renders from one photo.

*Speech* (`--photos`, each with every one of `--speeches`): the whole graphs, on the first
`--seconds`: identity, how far the head turns, shake, and whether the lips that are seen follow the
mapping that moves them.

*Cost* (`--cost`): processor time of each stage of a picture, per frame of 512 px or what the first
clip has, one thread; of the generator of the published size too, with made weights.

What is measured is kept in `--state`, with a contact sheet, so that a run that stops goes on;
`--json` prints all, `--page` writes the sheets: they show the people of the clips.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

import attrs
import numpy as np
from numpy.typing import NDArray
from photo_cost import cost
from photo_field import field_graph
from photo_page import page, sheet
from photo_scores import Networks, compared, elsewhere, followed, placed, same_person, turned
from picture import FOLLOW, part_of_motion, part_of_track, with_frames

from talkgraph.cache.store import Store
from talkgraph.engine import Result
from talkgraph.graphs import photo, watch, yi2020
from talkgraph.nodes.evaluate.head.spread import jitter
from talkgraph.nodes.face_fit import FitFace
from talkgraph.nodes.face_model.readout import mouth_readout
from talkgraph.nodes.media import CutFootage
from talkgraph.nodes.media.cut_footage import cut_speech
from talkgraph.nodes.signals import correlation
from talkgraph.nodes.values import FaceFit

Pictures = NDArray[np.uint8]
CLIPS = (
    # People whom `talkgraph train keypoint-field` holds out of all development clips.
    "talk_female_blonde_01",
    "talk_female_outdoor_03",
    "talk_female_asian_bob_208",
    "talk_female_southasian_01",
    "talk_female_brunette_lamp_215",
    "talk_male_elderly_01",
    "talk_male_asian_suit_03",
    "talk_male_black_cap_202",
    "talk_male_dark_stubble_211",
    "talk_male_old_beard_116",
)
PHOTOS = (
    "photo_female_asian_01",
    "photo_female_pale_02",
    "photo_male_darkskin_04",
    "photo_male_elderly_07",
    "photo_male_curly_beard_06",
)
SPEECHES = ("speech_lj_female_en_01", "speech_de_01")
FEWEST_LEARNED = 1.0  # s; with less there is no row `learned`
FOLLOW_PHOTO = FOLLOW | {"max_residual_angle_photo": FOLLOW["max_residual_angle"]}


def main() -> int:
    """Measure what is not measured yet, or print all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="video/, photos/ and speech/")
    parser.add_argument("--state", type=Path, required=True, help="where what is made is kept")
    parser.add_argument("--clips", nargs="*", metavar="NAME", help="with no name: ten people")
    parser.add_argument("--photos", nargs="*", metavar="NAME", help="with no name: five")
    parser.add_argument("--speeches", nargs="+", default=SPEECHES, metavar="NAME")
    parser.add_argument("--cost", action="store_true", help="also measure processor time")
    parser.add_argument("--seconds", type=float, default=3.0, help="what follows a clip's photo")
    parser.add_argument("--spoken", type=float, default=3.0, help="seconds of each speech")
    parser.add_argument("--learn", type=float, default=10.0, help="at most, seconds")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true", help="print one JSON object of all")
    parser.add_argument("--page", type=Path, help="write the contact sheets to this HTML file")
    args = parser.parse_args()
    if not args.data.is_dir():
        parser.error(f"--data {args.data} is no folder; give one with video/, photos/ and speech/")
    args.state.mkdir(parents=True, exist_ok=True)
    bench = Bench(args)
    for name in CLIPS if args.clips == [] else args.clips or ():
        bench.kept(f"given-{name}", bench.given, name)
    for name in PHOTOS if args.photos == [] else args.photos or ():
        for speech in args.speeches:
            bench.kept(f"speech-{name}--{speech}", bench.spoken, name, speech)
    if args.cost:
        bench.kept("cost", bench.cost, (args.clips or CLIPS)[0])
    if args.json:
        print(json.dumps(summed_up(args.state), indent=1))
    if args.page:
        args.page.write_text(page(sorted(args.state.glob("*.png"))), encoding="utf-8")
    return 0


def summed_up(state: Path) -> dict[str, Any]:
    """All that was measured, by kind."""
    found: dict[str, Any] = {"command": " ".join(sys.argv)}
    for kind in ("given", "speech"):
        found[f"photo_{kind}"] = [read(file) for file in sorted(state.glob(f"{kind}-*.json"))]
    cost_file = state / "cost.json"
    return found | ({"cost": read(cost_file)} if cost_file.exists() else {})


def read(file: Path) -> Any:
    """What was measured, to four digits."""
    return json.loads(file.read_text(), parse_float=lambda text: round(float(text), 4))


class Bench:
    """The runs of one invocation over one store, which lies in the state."""

    def __init__(self, args: argparse.Namespace) -> None:
        self.args = args
        self.store = Store(args.state / "store")
        self._networks: Networks | None = None

    def kept(self, name: str, measure: Any, *of: str) -> None:
        """Measure what has no file yet."""
        file = self.args.state / f"{name}.json"
        if file.exists():
            return
        print(f"{name} …", file=sys.stderr, flush=True)
        found, rows = measure(*of)
        if rows:
            sheet(rows).save(file.with_suffix(".png"))
        file.write_text(json.dumps(found))

    @property
    def networks(self) -> Networks:
        """Those that look at frames."""
        if self._networks is None:
            names = ("face_detector", "landmark_network", "identity_network")
            found = watch.graph().run({}, store=self.store, until=names)
            self._networks = Networks(*(found[name] for name in names))
        return self._networks

    def given(self, name: str) -> tuple[dict[str, Any], dict[str, Pictures]]:
        """Figures and frames of every way to follow the motion of one clip."""
        moving = self._moving(name)
        clip, track, fit, count = (moving[key] for key in ("clip", "track", "fit", "count"))
        rest = slice(1, count + 1)
        real, seen = clip.frames[rest], part_of_track(track, rest)
        start = self._start(moving)
        shown = {
            "real": real,
            "still": np.repeat(clip.frames[:1], count, axis=0),
            "photo": self._rendered(start),
            "field": self._moved(start),
        }
        learned = self._learned(moving, start)
        if learned is not None:
            shown["learned"] = learned
        rows = {}
        for way, pictures in shown.items():
            mine = seen if way == "real" else self.networks.tracked(pictures, clip)
            behind = elsewhere(pictures, clip.frames[0], seen)
            distances = self.networks.distances(pictures, mine, start["clip"], start["track"])
            rows[way] = same_person(distances) | behind | followed(mine, seen)
            if way != "real":
                rows[way] |= compared(pictures, real, seen)
        facts = {
            "clip": name, "frames": count, "size": clip.frames.shape[0],
            "turned": turned(fit.motion.rotation[rest]), "rows": rows,
        }  # fmt: skip
        return facts, shown

    def cost(self, name: str) -> tuple[dict[str, Any], dict[str, Pictures]]:
        """Processor time of the stages."""
        start = self._start(self._moving(name))
        rendered = photo.graph().with_params(backgrounds=FOLLOW_PHOTO)
        return cost(rendered, field_graph(), start, self.store), {}

    def _moving(self, name: str) -> dict[str, Any]:
        """A clip as it is tracked: the photo, the frames that are made, and those that follow."""
        graph = yi2020.graph("draft")
        inputs = {"video": self.args.data / "video" / f"{name}.mp4"}
        footage = graph.run(inputs, store=self.store, until=("footage",))["footage"]
        seconds = 1 / footage.fps + self.args.seconds + self.args.learn  # the photo is a frame
        whole = CutFootage(seconds=seconds).run(footage)
        found = graph.run(
            inputs, store=self.store, given={"footage": whole}, until=("clip", "track", "fit")
        )
        count = min(round(self.args.seconds * footage.fps), whole.count - 1)
        return {**{one: found[one] for one in ("clip", "track", "fit")}, "count": count}

    def _start(self, moving: dict[str, Any]) -> dict[str, Any]:
        """The photo with its face, and the motion that is to be followed."""
        first = slice(0, 1)
        clip, fit, count = moving["clip"], moving["fit"], moving["count"]
        return {
            "clip": with_frames(clip, clip.frames[first]),
            "track": part_of_track(moving["track"], first),
            "fit": part_of_fit(fit, first),
            "motion": part_of_motion(fit.motion, 1, count + 1),
        }

    def _rendered(self, start: dict[str, Any]) -> Pictures:
        graph = photo.graph().with_params(backgrounds=FOLLOW_PHOTO)
        made = graph.run({}, store=self.store, given=start, until=("composite",))
        return np.asarray(made["composite"].array())

    def _moved(self, start: dict[str, Any]) -> Pictures:
        made = field_graph().run({}, store=self.store, given=start, until=("frames",))
        return np.asarray(made["frames"].array())

    def _learned(self, moving: dict[str, Any], start: dict[str, Any]) -> Pictures | None:
        """Draft frames of who was learned from what follows, if enough does."""
        clip, after = moving["clip"], slice(moving["count"] + 1, None)
        frames = clip.frames[after]
        if len(frames) < FEWEST_LEARNED * clip.fps:
            return None
        given = {
            "clip": with_frames(clip, frames),
            "track": part_of_track(moving["track"], after),
            "fit": part_of_fit(moving["fit"], after),
            "motion": start["motion"],
        }
        graph = yi2020.graph("draft").with_params(backgrounds=FOLLOW)
        made = graph.run({}, store=self.store, given=given, until=("composite",))
        return np.asarray(made["composite"].array())

    def spoken(self, name: str, speech: str) -> tuple[dict[str, Any], dict[str, Pictures]]:
        """Both graphs for one photo and the beginning of one speech."""
        inputs = {
            "audio": self.args.data / "speech" / f"{speech}.wav",
            "photo": self.args.data / "photos" / f"{name}.png",
        }
        seed = self.args.seed
        rows, shown = {}, {}
        for way, graph, frames, motion in (
            ("photo", photo.graph(seed=seed), "composite", "backgrounds.motion"),
            ("field", field_graph(seed), "frames", "motion"),
        ):
            whole = graph.run(inputs, store=self.store, until=("speech",))["speech"]
            given = {"speech": cut_speech(whole, 0, min(self.args.spoken, whole.seconds))}
            until = ("clip", "track", "face_model", motion.partition(".")[0], frames)
            made = graph.run(inputs, store=self.store, given=given, until=until)
            pictures = np.asarray(made[frames].array())
            rows[way] = self._watched(pictures, made, made[motion])
            shown[way] = pictures
        return {"photo": name, "speech": speech, "frames": len(pictures), "rows": rows}, shown

    def _watched(self, pictures: Pictures, made: Result, asked: Any) -> dict[str, Any]:
        """What is seen of a talk against what was asked for."""
        clip, track, model = made["clip"], made["track"], made["face_model"]
        mine = self.networks.tracked(pictures, clip)
        fit = FitFace().run(mine, model)
        opening = mouth_readout(model).only("opening")
        told, seen = (opening.of(one.expression)[:, 0] for one in (asked, fit.motion))
        distances = self.networks.distances(pictures, mine, clip, track)
        return {
            "faces": float(mine.measured.mean()),
            **same_person(distances),
            **elsewhere(pictures, clip.frames[0], mine),
            "asked": turned(asked.rotation),
            "turned": turned(fit.motion.rotation),
            "jitter": jitter(placed(mine)),
            "opening_r": correlation(told, seen),
            "opening_spread": float(seen.std() / max(told.std(), 1e-9)),
        }


def part_of_fit(fit: FaceFit, wanted: slice) -> FaceFit:
    """The wanted frames."""
    return attrs.evolve(
        fit,
        motion=part_of_motion(fit.motion, wanted.start, wanted.stop),
        error=fit.error[wanted],
        measured=fit.measured[wanted],
    )


if __name__ == "__main__":
    raise SystemExit(main())
