"""How near pictures come to the real ones when the motion is given: one row per way and clip.

    python benchmarks/picture.py --data CLIPS [--clips NAME …] [--quality standard] [--json]

The protocol of person-specific systems: a person is learned from the first seconds of a clip and
shown with the tracked motion of the rest, which is followed exactly (no background limits the
pose); made and real frames are compared at 256 px. Ways: `still` (the last learned frame),
`nearest` (the learned frame of most similar pose and expression, copied), `draft` (rendered,
composited) and, with another quality, `refined`. Face box: the upright box of the landmarks. Each
clip's last line says which parts of that box cost how much of the draft's squared error. The face
is fitted to the whole clip at once, so that identity and motion are those of a given track.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from talkgraph.cache.frames import Frames
from talkgraph.cache.store import Store
from talkgraph.graphs import yi2020
from talkgraph.nodes.evaluate import CompareMouths, ComparePictures
from talkgraph.nodes.evaluate.picture.error_map import PARTS, error_shares
from talkgraph.nodes.face_fit import TrackFace
from talkgraph.nodes.media import CutFootage
from talkgraph.nodes.values import Clip, FaceFit, FaceTrack, Motion

CLIPS = (
    "talk_male_asian_grey_02",
    "talk_male_asian_adult_01_b",
    "talk_male_elderly_01",
    "talk_female_asian_01_b",
    "talk_female_young_music_04",
    "talk_female_black_01",
    "talk_male_bald_06",
    "talk_male_darkskin_suit_01_d",
)
FIGURES = (
    "psnr_box", "ssim_box", "psnr_face", "psnr", "ssim", "sharpness_mouth", "sharpness_eyes", "lmd",
)  # fmt: skip
# The tracked pose is followed wherever it goes.
FOLLOW = {
    "max_residual_angle": 30.0,
    "max_residual_shift": 0.6,
    "max_residual_depth": 2.0,
    "offset_share": 1.0,
    "knee": 0.9,
}
TURN_WEIGHT = 5.0  # of a radian against a standard deviation of expression, for `nearest`


def main() -> int:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder with video/")
    parser.add_argument("--clips", nargs="+", default=CLIPS, metavar="NAME")
    parser.add_argument("--quality", choices=("draft", "standard", "best"), default="draft")
    parser.add_argument("--learn", type=float, default=10.0, help="seconds that are learned from")
    parser.add_argument("--test", type=float, default=8.0, help="seconds that follow")
    parser.add_argument("--step", type=int, default=2, help="every which frame of them counts")
    parser.add_argument("--lmd", action="store_true", help="also track the lips of what was made")
    parser.add_argument("--store", type=Path, help="default: a temporary, empty one")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        store = Store(args.store or Path(scratch) / "store")
        results = {}
        for name in args.clips:
            results[name] = measured(args.data / "video" / f"{name}.mp4", args, store)
            if not args.json:
                print_rows(name, results[name])
    if args.json:
        print(json.dumps({"command": " ".join(sys.argv), "clips": results}, indent=1))
    else:
        print_means(results)
    return 0


def measured(video: Path, args: argparse.Namespace, store: Store) -> dict[str, Any]:
    """Figures of every way, and the shares of the draft's error."""
    talk = yi2020.graph(args.quality, seed=args.seed).with_params(backgrounds=FOLLOW)
    inputs = {"video": video}
    footage = talk.run(inputs, store=store, until=("footage",))["footage"]
    footage = CutFootage(seconds=args.learn + args.test).run(footage)
    found = talk.run(
        inputs, store=store, given={"footage": footage}, until=("fit", "clip", "track")
    )
    clip, track, fit = found["clip"], found["track"], found["fit"]
    first = round(args.learn * clip.fps)
    motion = part_of_motion(fit.motion, first, None)
    given = {
        "clip": with_frames(clip, clip.frames[:first]),
        "track": part_of_track(track, slice(0, first)),
        "fit": part_of_fit(fit, first),
        "motion": motion,
    }
    ways = {"draft": "composite"} | ({} if args.quality == "draft" else {"refined": "refined"})
    made = talk.run(inputs, store=store, given=given, until=tuple(ways.values()))
    frames = np.arange(0, len(motion.rotation), args.step)
    real = Frames.from_array(np.stack([clip.frames[first + int(k)] for k in frames]))
    seen = part_of_track(track, first + frames)
    shown = {
        "still": np.repeat(clip.frames[first - 1 : first], len(frames), axis=0),
        "nearest": copied(clip, fit, first, frames),
        **{way: np.stack([made[step][int(k)] for k in frames]) for way, step in ways.items()},
    }
    figures: dict[str, Any] = {"frames": len(frames), "size": clip.frames.shape[0]}
    for way, pictures in shown.items():
        scores = dict(ComparePictures().run(Frames.from_array(pictures), real, seen).values)
        if args.lmd:
            scores |= lips(pictures, seen, clip, made)
        figures[way] = {name: scores[name] for name in FIGURES if name in scores}
    shares = error_shares(shown["draft"], real[0 : len(real)], seen)
    return {**figures, "shares": shares}


def copied(clip: Clip, fit: FaceFit, first: int, frames: NDArray[np.int64]) -> NDArray[np.uint8]:
    """For each frame the learned one whose pose and expression are nearest."""
    place = np.concatenate([fit.motion.rotation, fit.motion.translation], axis=1) * TURN_WEIGHT
    manner = np.concatenate([fit.motion.expression / 8, place], axis=1)  # 64 numbers against 6
    distance = ((manner[first + frames][:, None] - manner[None, :first]) ** 2).sum(axis=2)
    return np.stack([clip.frames[int(k)] for k in distance.argmin(axis=1)])


def lips(pictures: NDArray[np.uint8], real: FaceTrack, clip: Clip, made: Any) -> dict[str, float]:
    """The lips of what was made, tracked again, against the real ones."""
    track = TrackFace().run(
        with_frames(clip, pictures), made["face_detector"], made["landmark_network"]
    )
    return dict(CompareMouths().run(track, real).values)


def with_frames(clip: Clip, pictures: NDArray[np.uint8]) -> Clip:
    """The same place at other times."""
    frames = Frames.from_array(pictures)
    return Clip(frames=frames, fps=clip.fps, crop=clip.crop, speech=None)


def part_of_motion(motion: Motion, start: int, stop: int | None) -> Motion:
    """Frames start to stop."""
    wanted = slice(start, stop)
    return Motion(
        expression=motion.expression[wanted],
        rotation=motion.rotation[wanted],
        translation=motion.translation[wanted],
        fps=motion.fps,
    )


def part_of_fit(fit: FaceFit, stop: int) -> FaceFit:
    """Frames up to stop."""
    return FaceFit(
        identity=fit.identity,
        motion=part_of_motion(fit.motion, 0, stop),
        error=fit.error[:stop],
        measured=fit.measured[:stop],
        size=fit.size,
    )


def part_of_track(track: FaceTrack, wanted: slice | NDArray[np.int64]) -> FaceTrack:
    """The wanted frames."""
    return FaceTrack(
        landmarks=track.landmarks[wanted],
        confidence=track.confidence[wanted],
        measured=track.measured[wanted],
        size=track.size,
        fps=track.fps,
    )


def print_rows(name: str, result: dict[str, Any]) -> None:
    """One clip as text."""
    for way in ("still", "nearest", "draft", "refined"):
        if way in result:
            figures = "  ".join(f"{k} {v:.3f}" for k, v in result[way].items())
            print(f"{name:30s} {way:8s} {figures}", flush=True)
    shares = "  ".join(f"{part} {100 * result['shares'][part]:.0f} %" for part in PARTS)
    print(f"{name:30s} error in the face box: {shares}", flush=True)


def print_means(results: dict[str, dict[str, Any]]) -> None:
    """Means over the clips, and the worst clip of each way."""
    for way in ("still", "nearest", "draft", "refined"):
        rows = {name: one[way] for name, one in results.items() if way in one}
        if not rows:
            continue
        means = {k: np.mean([row[k] for row in rows.values()]) for k in next(iter(rows.values()))}
        worst = min(rows, key=lambda name: rows[name]["psnr_box"])
        text = "  ".join(f"{k} {v:.3f}" for k, v in means.items())
        print(f"{'mean of ' + str(len(rows)):30s} {way:8s} {text}  worst {worst}")


if __name__ == "__main__":
    raise SystemExit(main())
