"""What pose, identity and memory do for refined frames (Yi et al. 2020, figure 4, in numbers).

    python benchmarks/refiner_ablation.py --videos A.mp4 B.mp4 > RESULT.json

A person is learned from the first ten seconds of a clip; the next seconds, with the motion that was
tracked in them, are rendered, refined and compared with the real frames. Each refiner is trained
alike, in fewer steps and pixels than `standard` has: what they have in common is not the subject
here. The table: `python benchmarks/table.py` on the result.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as the command line does

import attrs
import numpy as np
from numpy.typing import NDArray

from talkgraph.cache.frames import Frames
from talkgraph.cache.store import Store
from talkgraph.engine import Graph, Node, Result, Step, node
from talkgraph.graphs import yi2020
from talkgraph.graphs.parts import joined, part_of
from talkgraph.nodes.backgrounds import Composite, MatchBackgrounds, WarpBackground
from talkgraph.nodes.evaluate import CompareMouths, ComparePictures
from talkgraph.nodes.face_fit import CropLike, DescribeIdentities, FitFace, TrackFace
from talkgraph.nodes.media import CutFootage, ReadVideo
from talkgraph.nodes.networks import LoadNetwork
from talkgraph.nodes.refine import BuildRefinerMemory, Refine, TrainRefiner
from talkgraph.nodes.refine.memory.bank import unit
from talkgraph.nodes.refine.memory.recall import Recall
from talkgraph.nodes.refine.memory.smoothing import ANCHORS
from talkgraph.nodes.refine.refine import Network, within_face
from talkgraph.nodes.render import Render
from talkgraph.nodes.values import (
    FaceTrack,
    IdentityFeature,
    IdentityTrack,
    Motion,
    OnnxModel,
)

LEARNED_S, DRIVEN_S = 10.0, 2.0
MEMORY_STEPS = 1500  # six epochs of ten seconds
FINE = 0.995  # our identity features of one clip agree by more than the published threshold, 0.98
ROWS = {
    "composite": "unrefined",
    "memory": "refined, with pose, identity of frames and memory (the paper's full model)",
    "fine": "the same, identities told apart above a cosine of 0.995",
    "identified": "refined, one identity for the clip, no memory (default)",
    "nobody": "refined, no identity, no memory",
    "held": "full model, no pose: the head is held",
    "true": "full model, given the true features of the real frames (no memory could do better)",
}
COLUMNS = {
    "psnr_face": "PSNR face", "ssim_face": "SSIM face", "psnr_mouth": "PSNR mouth",
    "ssim_mouth": "SSIM mouth", "sharpness": "sharpness", "lmd": "LMD, px", "flicker": "flicker",
}  # fmt: skip


@node("keep_frames", version=1)
class KeepFrames(Node):
    """Frames that are made once and stored, as several rows read them."""

    def run(self, frames: Frames) -> Frames:
        """Return the frames."""
        return Frames.from_function(
            len(frames), frames.shape, lambda start, stop: frames[start:stop]
        )


@node("hold_head", version=1)
class HoldHead(Node):
    """A motion whose head stays where it was at first: no pose comes from stage 1."""

    def run(self, motion: Motion) -> Motion:
        """Hold rotation and translation."""
        held = {name: np.repeat(getattr(motion, name)[:1], len(motion.rotation), axis=0)
                for name in ("rotation", "translation")}  # fmt: skip
        return attrs.evolve(motion, **held)


@node("nobody", version=1)
class Nobody(Node):
    """An identity feature that says nothing."""

    def run(self, identity: IdentityFeature) -> IdentityFeature:
        """Return zeros of the same length."""
        return IdentityFeature(vector=np.zeros_like(identity.vector))


@node("refine_knowing", version=1, gpu=True)
class RefineKnowing(Node):
    """`refine`, told for every frame who is seen in the real one."""

    def run(
        self,
        frames: Frames,
        identity: IdentityFeature,
        refiner: OnnxModel,
        face: Frames,
        identities: IdentityTrack,
    ) -> Frames:
        """Refine `frames` as if the memory retrieved the truth."""
        network = Network(refiner, identity)
        seen = frames.array()
        made = network.refined(seen, 0, 4, identities.vectors)
        return Frames.from_array(within_face(made, seen, face, 0))


def graph(steps: int, size: int, seed: int) -> Graph:
    """All rows for the input `video`."""
    talk = yi2020.graph("standard", seed=seed)
    targets = ("albedo", "appearance", "rehearsal_composite", "identity")
    training = TrainRefiner(steps=steps, size=size, seed=seed)
    learned = {
        "rendered": "rehearsed", "real": "clip.frames", "track": "track",
    }  # fmt: skip
    networks = {"detector": "face_detector", "landmarks": "landmark_network"}
    return Graph(
        "refiner_ablation",
        inputs={"video": Path},
        steps=joined(
            {
                "whole": ReadVideo().on(video="video"),
                "learned": CutFootage(seconds=LEARNED_S).on(footage="whole"),
                "rest": CutFootage(start=LEARNED_S, seconds=DRIVEN_S).on(footage="whole"),
            },
            part_of(talk, *targets, instead={"footage": "learned"}),
            # The truth, and its motion.
            {
                "real_clip": CropLike().on(footage="rest", like="clip"),
                "real_track": TrackFace().on(clip="real_clip", **networks),
                "real_fit": FitFace().on(track="real_track", model="face_model"),
                "held_motion": HoldHead().on(motion="real_fit.motion"),
            },
            {"rehearsed": KeepFrames().on(frames="rehearsal_composite")},
            _composite("", "real_fit.motion"),
            _composite("held_", "held_motion"),
            # Who is seen, and the memory.
            {
                "identities": DescribeIdentities().on(
                    clip="clip", track="track", network="identity_network"
                ),
                "real_identities": DescribeIdentities().on(
                    clip="real_clip", track="real_track", network="identity_network"
                ),
                "spatial_network": LoadNetwork(name="spatial-feature").on(),
                "refiner_memory": BuildRefinerMemory(steps=MEMORY_STEPS, seed=seed).on(
                    rendered="rehearsed",
                    identities="identities",
                    network="spatial_network",
                ),
                "fine_memory": BuildRefinerMemory(steps=MEMORY_STEPS, seed=seed, same=FINE).on(
                    rendered="rehearsed",
                    identities="identities",
                    network="spatial_network",
                ),
                "no_identity": Nobody().on(identity="identity"),
            },
            # The refiners, alike but for what they are told.
            {
                "refiner_of_frames": training.on(
                    **learned, identity="identity", identities="identities"
                ),
                "refiner": training.on(**learned, identity="identity"),
                "refiner_of_nobody": training.on(**learned, identity="no_identity"),
            },
            {
                "memory": Refine().on(
                    frames="composite", identity="identity", refiner="refiner_of_frames",
                    face="face", memory="refiner_memory",
                ),
                "fine": Refine().on(
                    frames="composite", identity="identity", refiner="refiner_of_frames",
                    face="face", memory="fine_memory",
                ),
                "held": Refine().on(
                    frames="held_composite", identity="identity", refiner="refiner_of_frames",
                    face="held_face", memory="refiner_memory",
                ),
                "true": RefineKnowing().on(
                    frames="composite", identity="identity", refiner="refiner_of_frames",
                    face="face", identities="real_identities",
                ),
                "identified": Refine().on(
                    frames="composite", identity="identity", refiner="refiner", face="face"
                ),
                "nobody": Refine().on(
                    frames="composite", identity="no_identity", refiner="refiner_of_nobody",
                    face="face",
                ),
            },
        ),
        output="memory",
    )  # fmt: skip


def _composite(prefix: str, motion: str) -> dict[str, Step]:
    steps = {
        "backgrounds": MatchBackgrounds().on(motion=motion, fit="fit"),
        "background": WarpBackground().on(
            clip="clip", fit="fit", backgrounds=f"{prefix}backgrounds", model="face_model"
        ),
        "face": Render().on(
            motion=f"{prefix}backgrounds.motion",
            fit="fit",
            albedo="albedo",
            model="face_model",
            appearance="appearance",
        ),
        "composed": Composite().on(background=f"{prefix}background", face=f"{prefix}face"),
        "composite": KeepFrames().on(frames=f"{prefix}composed"),
    }
    return {prefix + name: step for name, step in steps.items()}


def measured(video: Path, args: argparse.Namespace, store: Store) -> Any:
    """All rows of one clip."""
    began = time.perf_counter()
    rows_of = graph(args.steps, args.size, args.seed)
    result = rows_of.run({"video": video}, store=store, until=[*ROWS, "real_track"])
    real, track = result["real_clip"], result["real_track"]
    rows = {}
    for name in ROWS:
        made = result[name]
        rows[name] = ComparePictures().run(made, real.frames, track).values
        seen = TrackFace().run(
            attrs.evolve(real, frames=made), result["face_detector"], result["landmark_network"]
        )
        rows[name] |= CompareMouths().run(seen, track).values
        rows[name]["flicker"] = flicker(made, real.frames, track)
    memory, fine = result["refiner_memory"], result["fine_memory"]
    identities = result["identities"].vectors
    if args.sheets:
        shown = {name: result[name] for name in ROWS if name != "held"} | {"real": real.frames}
        save_sheet(shown, track, args.sheets / f"{video.stem}.png")
    return {
        "clip": video.stem,
        "seconds": round(time.perf_counter() - began),
        "frames": len(real.frames),
        "pairs": {"0.98": len(memory.keys), str(FINE): len(fine.keys)},
        "identity_cosines": np.quantile(identities @ identities.T, (0.05, 0.5, 0.95)).tolist(),
        "told": told(result),
        "rows": {name: {key: row[key] for key in COLUMNS} for name, row in rows.items()},
    }


def told(result: Result) -> dict[str, float]:
    """How near what a refiner is told comes to the true feature of each frame: median cosine."""
    true, learned = result["real_identities"].vectors, result["identities"].vectors
    frames = result["composite"]
    said = {
        "mean of the clip": np.repeat(learned.mean(0)[None], len(true), axis=0),
        "memory": Recall(result["refiner_memory"], ANCHORS, "refine").of(frames, 0, len(frames)),
        f"memory at {FINE}": Recall(result["fine_memory"], ANCHORS, "refine").of(
            frames, 0, len(frames)
        ),
        "nearest frame of the clip": learned[(true @ learned.T).argmax(1)],
    }
    return {name: float(np.median((unit(vectors) * true).sum(1))) for name, vectors in said.items()}


def flicker(made: Frames, real: Frames, track: FaceTrack) -> float:
    """How much more the face changes from frame to frame than the real one, in levels of 8 bits:
    mean absolute difference of the two changes."""
    low, high = _box(track)
    face = (slice(None), slice(low[1], high[1]), slice(low[0], high[0]))
    changes = [np.diff(frames.array()[face].astype(np.float32), axis=0) for frames in (made, real)]
    return float(np.abs(changes[0] - changes[1]).mean())


def save_sheet(shown: dict[str, Frames], track: FaceTrack, path: Path, count: int = 6) -> None:
    """Faces of a few frames, a row for each kind of picture, in the order given."""
    from PIL import Image

    low, high = _box(track)
    at = np.linspace(0, len(track.landmarks) - 1, count).round().astype(int)
    rows = [
        np.concatenate([frames[int(k)][low[1] : high[1], low[0] : high[0]] for k in at], axis=1)
        for frames in shown.values()
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.concatenate(rows)).save(path)


def _box(track: FaceTrack) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    points = track.landmarks[..., :2]
    low, high = points.min((0, 1)), points.max((0, 1))
    return np.maximum(low, 0).astype(int), np.minimum(high, track.size).astype(int)


def main() -> int:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--videos", nargs="+", type=Path, required=True, help="12 s and more each")
    parser.add_argument("--steps", type=int, default=1000, help="of each refiner")
    parser.add_argument("--size", type=int, default=128, help="px that the refiners work at")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--store", type=Path, help="default: a temporary, empty one")
    parser.add_argument("--sheets", type=Path, help="save pictures of the faces in this folder")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        store = Store(args.store or Path(scratch) / "store")
        clips = [measured(video, args, store) for video in args.videos]
    named = " ".join(video.stem for video in args.videos)
    report = {
        "command": f"refiner_ablation.py --videos {named} --steps {args.steps} --size {args.size}",
        "ablation": {"rows": ROWS, "columns": COLUMNS, "clips": clips},
    }
    print(json.dumps(report, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
