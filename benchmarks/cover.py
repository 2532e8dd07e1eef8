"""How well is told what stands before a face: painted covers over real clips, and free ones.

    python benchmarks/cover.py --data CLIPS [--clips NAME …] [--json]

Each clip is fitted as it is, then looked at free, and with each cover painted over its frames: a
`microphone` that stands still before the mouth, a `mask` on the lower face, a `card` that comes
from the side over eye and cheek and goes, a `hand` in the colour of the cheeks, with light and
shadow, that comes from below and goes, and `behind`: the same hand where the face hides it. Scores
are by area of the face's vertices that are seen: intersection over union with what was painted,
the share of it that is found, and the share of the free face that is taken for covered. Times are
those of `find_hands` and of both nodes together, per frame.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from talkgraph.cache.frames import Frames
from talkgraph.cache.store import Store
from talkgraph.graphs import yi2020
from talkgraph.nodes.albedo import FindCover
from talkgraph.nodes.albedo.observe import Observer
from talkgraph.nodes.face_fit import FindHands
from talkgraph.nodes.face_model import LoadFaceModel
from talkgraph.nodes.face_model.face_model import LIP, FaceModel
from talkgraph.nodes.geometry.camera import project
from talkgraph.nodes.geometry.mesh import vertex_areas
from talkgraph.nodes.geometry.rasterise import draw
from talkgraph.nodes.geometry.synthetic_hand import draw_hand, hand_joints
from talkgraph.nodes.networks import LoadNetwork
from talkgraph.nodes.values import Clip, FaceFit, FaceTrack

CLIPS = (
    "talk_female_elderly_02", "talk_male_asian_adult_01_b", "talk_female_southasian_earrings_202",
    "talk_male_dark_goatee_113",
)  # fmt: skip
Real = NDArray[np.floating[Any]]
Place = tuple[Real, Real, Real, float, float]  # x, y, lips, height of the face, time in [0, 1]


def _there(time: float, begins: float, ends: float) -> float:
    """How far a cover has come: in over a tenth of the clip, and out again."""
    return float(np.clip(min((time - begins) / 0.1, (ends - time) / 0.1), 0, 1))


def _microphone(x: Real, y: Real, lips: Real, height: float, time: float) -> Real:
    ball = np.hypot(x - lips[0], y - lips[1] - 0.08 * height) < 0.2 * height
    stand = (np.abs(x - lips[0]) < 0.05 * height) & (y > lips[1])
    return ball | stand


def _card(x: Real, y: Real, lips: Real, height: float, time: float) -> Real:
    come = _there(time, 0.3, 0.65)
    across = lips[0] + (1.3 * come - 1.5) * height
    inside = (np.abs(x - across) < 0.17 * height) & (
        np.abs(y - lips[1] + 0.25 * height) < 0.3 * height
    )
    return inside & (come > 0)


PAINTED: dict[str, tuple[Callable[..., Real], tuple[int, int, int]]] = {
    "microphone": (_microphone, (26, 26, 28)),
    "card": (_card, (40, 50, 75)),
}
MASK = (150, 185, 210)
LOWER = (-0.75, -0.02)  # head units, of the mask's height
FACE = 0.18  # m, of the height of the face; by it the hand's size is told
TURN = 0.35  # rad, by which the hand leans
COVERS = (*PAINTED, "mask", "hand", "behind")


class Scene:
    """A fitted clip, with the places of its vertices."""

    def __init__(self, clip: Clip, track: FaceTrack, fit: FaceFit, model: FaceModel) -> None:
        self.clip, self.track, self.fit, self.model = clip, track, fit, model
        self.palms = LoadNetwork(name="palm-detector").run()
        self.joints = LoadNetwork(name="hand-joints").run()
        self.frames = clip.frames[: len(clip.frames)]
        self.observer = Observer(clip, fit, model, FindCover())
        projected = [project(self.observer.placed(k), fit.size) for k in range(len(self.frames))]
        self.places = np.stack([one[0] for one in projected])
        self.depths = np.stack([one[1] for one in projected])
        outer = model.region <= LIP
        self.seen = np.stack(
            [(self.observer.look(k).weight > 0) & outer for k in range(len(self.frames))]
        )
        self.area = vertex_areas(model.mean_shape, model.triangles)

    def painted(self, name: str) -> tuple[Clip, NDArray[np.bool_]]:
        """The clip with a cover, and where it is, `[shape=(T, S, S)]`."""
        count, size = self.frames.shape[:2]
        y, x = np.mgrid[:size, :size] + 0.5
        lips = self.places[:, self.model.region == LIP].mean(axis=1)[0]
        height = float(np.median(np.ptp(self.places[:, self.model.region <= LIP, 1], axis=1)))
        noise = 4 * np.random.default_rng(0).normal(size=(size, size, 1))
        masks = np.zeros((count, size, size), bool)
        made = self.frames.astype(np.float32)
        skin = tuple(np.median(self._skin(0), axis=0))
        for frame in range(count):
            time = frame / max(count - 1, 1)
            if name == "mask":
                masks[frame], colour = self._part(frame, *LOWER), np.asarray(MASK)
            elif name in PAINTED:
                shape, told = PAINTED[name]
                masks[frame], colour = shape(x, y, lips, height, time), np.asarray(told)
            elif come := _there(time, 0.25, 0.7):
                wrist = lips + height * np.array([-0.25, 0.55 + 1.2 * (1 - come)])
                scale = height / FACE
                joints = hand_joints(tuple(wrist), scale, TURN)
                colour, masks[frame] = draw_hand(size, joints, scale, skin)
            if name == "behind":
                masks[frame] &= ~self._part(frame, -np.inf, np.inf)
            if masks[frame].any():
                made[frame] = np.where(masks[frame][..., None], colour + noise, made[frame])
        pictures = np.clip(made + 0.5, 0, 255).astype(np.uint8)
        return self._with(pictures), masks

    def scores(self, clip: Clip, masks: NDArray[np.bool_]) -> dict[str, float]:
        """What `find_cover` says beside the truth."""
        begin = perf_counter()
        hands = FindHands().run(clip, self.track, self.palms, self.joints)
        middle = perf_counter()
        told = FindCover().run(clip, self.fit, self.model, hands).share > 127
        end = perf_counter()
        at = np.clip(self.places.astype(int), 0, masks.shape[1] - 1)
        rows = np.arange(len(masks))[:, None]
        there = masks[rows, at[..., 1], at[..., 0]] & self.seen
        told &= self.seen

        def area(which: NDArray[np.bool_]) -> float:
            return float((which * self.area).sum())

        free = self.seen & ~there
        return {
            "iou": area(told & there) / max(area(told | there), 1e-9),
            "found": area(told & there) / max(area(there), 1e-9),
            "false": area(told & free) / area(free),
            "hands_ms": 1000 * (middle - begin) / len(masks),
            "all_ms": 1000 * (end - begin) / len(masks),
        }

    def _part(self, frame: int, low: float, high: float) -> NDArray[np.bool_]:
        """Where a frame shows the face between two heights of the model, head units."""
        height = self.model.mean_shape[:, 1]
        grey = np.repeat(((height > low) & (height < high))[:, None].astype(np.float32), 3, axis=1)
        place = (self.places[frame], self.depths[frame], self.model.triangles, grey)
        return draw(*place, self.fit.size, samples=1)[..., 0] > 127

    def _skin(self, frame: int) -> NDArray[np.uint8]:
        at = np.clip(self.places[frame].astype(int), 0, self.fit.size - 1)[self.seen[frame]]
        return self.frames[frame][at[:, 1], at[:, 0]]

    def _with(self, pictures: NDArray[np.uint8]) -> Clip:
        clip = self.clip
        return Clip(
            frames=Frames.from_array(pictures), fps=clip.fps, crop=clip.crop, speech=clip.speech
        )


def main() -> int:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder with video/")
    parser.add_argument("--clips", nargs="+", default=CLIPS, metavar="NAME")
    parser.add_argument("--seconds", type=float, default=5.0, help="of each clip")
    parser.add_argument("--covers", nargs="+", default=COVERS, choices=COVERS, metavar="COVER")
    parser.add_argument("--free", action="store_true", help="the clips as they are alone")
    parser.add_argument("--store", type=Path, help="default: a temporary, empty one")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    model = LoadFaceModel().run()
    graph = yi2020.graph().with_params(footage={"max_seconds": args.seconds})
    graph = graph.subgraph("clip", "track", "fit")
    report: dict[str, dict[str, dict[str, float]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        store = Store(args.store or folder)
        for name in args.clips:
            video = args.data / "video" / f"{name}.mp4"
            run = graph.run({"video": video}, store=store, until=["clip", "track", "fit"])
            scene = Scene(run["clip"], run["track"], run["fit"], model)
            nothing = np.zeros(scene.frames.shape[:3], bool)
            found = {"free": scene.scores(scene.clip, nothing)}
            for cover in () if args.free else args.covers:
                found[cover] = scene.scores(*scene.painted(cover))
            report[name] = found
            for cover, scores in found.items():
                told = ", ".join(f"{figure} {value:.4f}" for figure, value in scores.items())
                print(f"{name}  {cover:10}  {told}", file=sys.stderr, flush=True)
    if args.json:
        print(json.dumps(report, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
