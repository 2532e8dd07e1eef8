"""Node `TrackFace`: 478 landmarks of the face in every frame of a clip."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from talkgraph import engine
from talkgraph.cache.frames import Frames
from talkgraph.engine.declare.node import Node, node, param
from talkgraph.errors import InputError
from talkgraph.nodes.face_fit.detect_faces import FaceBoxes
from talkgraph.nodes.face_fit.tracking.cover import mouth_is_covered
from talkgraph.nodes.face_fit.tracking.detector import Detections, FaceDetector
from talkgraph.nodes.face_fit.tracking.expected import boxes_in_clip, near, nearest
from talkgraph.nodes.face_fit.tracking.faces import Face, at_every_frame, link
from talkgraph.nodes.face_fit.tracking.landmarks import (
    LandmarkNetwork,
    confirmed,
    region_of_boxes,
    region_of_landmarks,
)
from talkgraph.nodes.face_fit.tracking.plausible import plausible
from talkgraph.nodes.face_fit.tracking.smooth_landmarks import smooth_landmarks
from talkgraph.nodes.signals import smooth_in_time
from talkgraph.nodes.values import Bools, Clip, FaceTrack, Floats, OnnxModel

_BATCH = 8  # pictures per call of the network and worker


@node("track_face", version=1, gpu=True)
class TrackFace(Node):
    """Track the landmarks of the face that a clip was cropped around.

    The network's answer depends a little on its region of interest, so every frame is looked at
    several times: first in regions interpolated between detections, then in regions made from
    the landmarks before, smoothed in time. Frames without a trustworthy face are interpolated
    and marked. At last the landmarks are smoothed without lag.

    Example:
        >>> import talkgraph as tg
        >>> from talkgraph.nodes.face_fit import TrackFace
        >>> from talkgraph.nodes.networks import LoadNetwork
        >>> from talkgraph.nodes.values import Clip
        >>> steps = {
        ...     "detector": LoadNetwork(name="face-detector").on(),
        ...     "landmarks": LoadNetwork(name="face-landmarks-attention").on(),
        ...     "track": TrackFace(quick_cutoff=12).on(  # follows quick lips more closely
        ...         clip="clip", detector="detector", landmarks="landmarks"
        ...     ),
        ... }
        >>> tg.Graph("track", inputs={"clip": Clip}, steps=steps).output
        'track'
    """

    passes: int = param(3, "looks at every frame, each in a better region", ge=2, le=6)
    every: int = param(5, "search for the face in every n-th frame", unit="frames", ge=1)
    threshold: float = param(0.5, "least probability of a face", gt=0, lt=1)
    min_share: float = param(0.5, "least share of frames with a face", gt=0, le=1)
    region_cutoff: float = param(3.0, "smoothing of the region of interest", unit="Hz", gt=0)
    pose_cutoff: float = param(7.0, "smoothing of the head's place and turn", unit="Hz", gt=0)
    shape_cutoff: float = param(6.0, "smoothing of the face without lips and eyes", unit="Hz", gt=0)
    quick_cutoff: float = param(9.0, "smoothing of lips and eyes", unit="Hz", gt=0)
    workers: int = param(2, "threads", ge=1, keyed=False)

    def run(
        self,
        clip: Clip,
        detector: OnnxModel,
        landmarks: OnnxModel,
        faces: FaceBoxes | None = None,
    ) -> FaceTrack:
        """Track `clip`; a photo is a clip of one frame.

        Args:
            detector: says where to look first; network `face-detector`.
            landmarks: finds the points; network `face-landmarks-attention`.
            faces: where the wanted face is, for clips that others get into; without, the face
                nearest to the middle is followed by its place.

        Raises:
            InputError: no face in the clip, or in too few of its frames.
            ModelError: one of the networks is another.
        """
        frames, fps = clip.frames, clip.fps
        detect = FaceDetector(detector, self.node_id, self.threshold)
        network = LandmarkNetwork(landmarks, self.node_id)
        expected = None if faces is None else boxes_in_clip(faces.boxes, clip)
        regions = self._first_regions(detect, network, frames, expected)
        points = np.empty(0, np.float32)
        probability = np.empty(0, np.float32)
        measured = np.ones(len(frames), bool)
        for turn in range(self.passes):
            if turn:
                regions = self._regions(points, measured, fps)
            points, probability = self._look(network, frames, regions, turn)
            measured = (probability >= self.threshold) & plausible(points, regions, fps)
            if faces is not None and expected is not None:
                measured &= ~faces.hidden & near(points, expected)
            self._check(measured)
        measured &= ~self._covered(frames, points, measured)
        points = smooth_landmarks(
            points,
            measured,
            fps,
            pose_cutoff=self.pose_cutoff,
            shape_cutoff=self.shape_cutoff,
            quick_cutoff=self.quick_cutoff,
        )
        if not measured.all():
            engine.note(
                f"no face in {int((~measured).sum())} of {len(measured)} frames: "
                "their landmarks are interpolated"
            )
        return FaceTrack(
            landmarks=points,
            confidence=np.where(measured, probability, 0).astype(np.float32),
            measured=measured,
            size=frames.shape[0],
            fps=fps,
        )

    def _first_regions(
        self,
        detect: FaceDetector,
        network: LandmarkNetwork,
        frames: Frames,
        expected: Floats | None,
    ) -> Floats:
        """Regions from detections in every n-th frame, `[shape=(T, 4)]`.

        Args:
            expected: boxes of the wanted face `[shape=(T, 4)]`, px of the clip.
        """
        numbers = np.arange(0, len(frames), self.every)
        samples: list[Detections] = []
        for splits in (1, 2):
            if any(len(found) for found in samples):
                break
            samples = []
            for number in numbers:
                picture = frames[int(number)]
                found = detect(picture, splits)
                samples.append(confirmed(network, picture, found, self.threshold))
        faces = link(samples)
        if expected is not None and (wanted := nearest(samples, expected[numbers])) is not None:
            faces = [wanted]
        if not faces:
            raise InputError(
                "no face was found in the clip: use one that shows a face from the front"
            )
        face = min(faces, key=lambda face: _distance_from_centre(face, frames.shape[0]))
        at = numbers[face.at]
        return at_every_frame(region_of_boxes(face.boxes, face.keypoints), at, len(frames))

    def _regions(self, landmarks: Floats, measured: Bools, fps: float) -> Floats:
        regions = region_of_landmarks(landmarks).astype(np.float64)
        known = np.flatnonzero(measured)
        regions[known, 3] = np.unwrap(regions[known, 3])
        regions[:, 2] = np.log(np.maximum(regions[:, 2], 1.0))
        for column in regions.T:
            column[:] = np.interp(np.arange(len(column)), known, column[known])
        smooth = smooth_in_time(regions, measured.astype(np.float64), self.region_cutoff, fps)
        smooth[:, 2] = np.exp(smooth[:, 2])
        return smooth.astype(np.float32)

    def _look(
        self, network: LandmarkNetwork, frames: Frames, regions: Floats, turn: int
    ) -> tuple[Floats, Floats]:
        """One pass over all frames: landmarks `[shape=(T, 478, 3)]` and probabilities."""
        found, flags = [], []
        with ThreadPoolExecutor(self.workers) as pool:
            start = 0
            for chunk in frames.chunks():
                parts = list(_parts(chunk, regions[start : start + len(chunk)]))
                for points, flag in pool.map(lambda part: network(*part), parts):
                    found.append(points)
                    flags.append(flag)
                start += len(chunk)
                engine.progress(turn * len(frames) + start, self.passes * len(frames))
        return np.concatenate(found), np.concatenate(flags)

    def _covered(self, frames: Frames, points: Floats, measured: Bools) -> Bools:
        """Frames `[shape=(T,), bool]` that are left out: something stands before the mouth, which
        hides how it moves.

        Every n-th is looked at; where it is so in most of them, none is left out.
        """
        numbers = np.arange(0, len(frames), self.every)
        seen = numbers[measured[numbers]]
        found = np.array([mouth_is_covered(frames[int(at)], points[at]) for at in seen], bool)
        if not found.any():
            return np.zeros(len(frames), bool)
        covered = np.zeros(len(frames), bool)
        for at in seen[found]:
            covered[max(0, at - self.every + 1) : at + self.every] = True
        share, usable = float(found.mean()), measured & ~covered
        text = f"something stands before the mouth in {share:.0%} of the frames"
        if usable.mean() < self.min_share:
            engine.note(f"{text}: a clip in which it is free tells more of how they talk")
            return np.zeros(len(frames), bool)
        engine.note(f"{text}, which are left out")
        return covered

    def _check(self, measured: Bools) -> None:
        share = float(measured.mean())
        if share < self.min_share:
            raise InputError(
                f"the face is visible in {share:.0%} of the clip's frames only (at least "
                f"{self.min_share:.0%} are needed): cut the clip to where the face is visible"
            )


def _parts(chunk: NDArray[np.uint8], regions: Floats) -> Iterator[tuple[NDArray[np.uint8], Floats]]:
    for start in range(0, len(chunk), _BATCH):
        yield chunk[start : start + _BATCH], regions[start : start + _BATCH]


def _distance_from_centre(face: Face, size: int) -> float:
    """How far a face is from the clip's middle, in its own sides: small and far counts as far."""
    centre = (face.boxes[:, :2] + face.boxes[:, 2:]).mean(0) / 2
    return float(np.linalg.norm(centre - size / 2)) / face.side
