"""What photo.py says of made frames: like the real ones? the same person? what else moves?"""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray
from picture import part_of_track

from talkgraph.cache.frames import Frames
from talkgraph.nodes.evaluate import CompareMouths, ComparePictures
from talkgraph.nodes.evaluate.head.spread import jitter
from talkgraph.nodes.evaluate.picture.size import SIDE, to_atvg_size
from talkgraph.nodes.face_fit import TrackFace
from talkgraph.nodes.face_fit.describe_identity import described
from talkgraph.nodes.face_fit.identity.chip import Recogniser
from talkgraph.nodes.face_model.face_mesh import POINTS
from talkgraph.nodes.values import Clip, FaceTrack, OnnxModel

Pictures = NDArray[np.uint8]
Mask = NDArray[np.bool_]

SAME = 0.45  # distance of identity features below which two pictures show one person
PADDING = 0.25  # room around a face for which that holds
STEP = 3  # every which frame is described, and compared as a picture
# The head and its hair about the box of the landmarks, in widths and heights of that box.
BESIDE, ABOVE, BELOW = 0.3, 0.4, 0.05
PICTURE = ("psnr_box", "ssim_box", "psnr_face", "psnr_mouth", "psnr_eyes", "sharpness_face")


@attrs.frozen(eq=False)
class Networks:
    """What looks at frames."""

    detector: OnnxModel
    landmarks: OnnxModel
    identity: OnnxModel

    def tracked(self, pictures: Pictures, clip: Clip) -> FaceTrack:
        """The face in frames of the place of a clip."""
        shown = attrs.evolve(clip, frames=Frames.from_array(pictures), speech=None)
        return TrackFace().run(shown, self.detector, self.landmarks)

    def distances(self, pictures: Pictures, track: FaceTrack, photo: Clip, seen: FaceTrack) -> Any:
        """Identity distance of every third frame in which there is a face to the photo's."""
        recognise = Recogniser(self.identity, "describe_identity")
        person = described(recognise, photo, seen, np.array([0]), PADDING)[0]
        shown = attrs.evolve(photo, frames=Frames.from_array(pictures))
        at = np.flatnonzero(track.measured)[::STEP]
        return np.linalg.norm(described(recognise, shown, track, at, PADDING) - person, axis=1)


def compared(pictures: Pictures, real: Pictures, seen: FaceTrack) -> dict[str, float]:
    """PSNR, SSIM and sharpness of parts of the face against every third real frame."""
    made, goal = (Frames.from_array(frames[::STEP]) for frames in (pictures, real))
    values = ComparePictures().run(made, goal, part_of_track(seen, slice(None, None, STEP))).values
    return {name: values[name] for name in PICTURE if name in values}


def followed(mine: FaceTrack, real: FaceTrack) -> dict[str, float]:
    """Lips, place and shake of the tracked face against the real one, px of 256."""
    values = CompareMouths().run(mine, real).values
    both = mine.measured & real.measured
    away = np.linalg.norm(placed(mine)[both] - placed(real)[both], axis=-1)
    return {
        "lmd": values["lmd"],
        "opening_r": values["opening_correlation"],
        "opening_spread": values["opening_ratio"],
        "points": float(away.mean()),
        "jitter": jitter(placed(mine)) / max(jitter(placed(real)), 1e-9),
    }


def same_person(distances: NDArray[np.floating]) -> dict[str, float]:
    """Mean distance, and the share of frames at the level of one person."""
    return {"identity": float(distances.mean()), "same": float((distances < SAME).mean())}


def elsewhere(pictures: Pictures, photo: Pictures, seen: FaceTrack) -> dict[str, float | None]:
    """Mean absolute change against the photo, levels of 255: behind the head, and of the body.

    Behind: beside and above all places of the head in `seen`; body: all that is lower than the
    chin ever comes. None where there is nothing of it.
    """
    behind, body = around(seen)
    still = to_atvg_size(photo, SIDE).astype(np.float32)
    change = np.mean([np.abs(to_atvg_size(one, SIDE) - still).mean(2) for one in pictures], axis=0)
    return {
        name: float(change[part].mean()) if part.any() else None
        for name, part in (("behind", behind), ("body", body))
    }


def around(track: FaceTrack) -> tuple[Mask, Mask]:
    """What is behind the head in every frame, and what is below it, `[shape=(256, 256)]` each."""
    points = placed(track)
    low, high = points.min(1), points.max(1)
    width, height = (high - low).T
    left, right = (low[:, 0] - BESIDE * width).min(), (high[:, 0] + BESIDE * width).max()
    top, bottom = (low[:, 1] - ABOVE * height).min(), (high[:, 1] + BELOW * height).max()
    rows, columns = np.mgrid[:SIDE, :SIDE] + 0.5
    below = rows > bottom
    head = (columns > left) & (columns < right) & (rows > top)
    return ~head & ~below, below


def placed(track: FaceTrack) -> NDArray[np.float64]:
    """Landmarks of the mesh, `[shape=(T, 468, 2)]`, px of 256."""
    points = track.landmarks[:, :POINTS, :2].astype(np.float64)
    return np.asarray(points * (SIDE / track.size))


def turned(rotation: NDArray[np.floating]) -> list[float]:
    """5th to 95th percentile of pitch, yaw and roll, in degrees."""
    low, high = np.quantile(np.rad2deg(rotation), (0.05, 0.95), axis=0)
    return [round(float(v), 2) for v in high - low]
