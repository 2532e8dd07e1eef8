"""Node `DetectFaces`: where the wanted face is in every frame of a footage."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from talkgraph import engine
from talkgraph.cache.frames import Frames
from talkgraph.cache.values import value
from talkgraph.engine.declare.node import Node, node, param
from talkgraph.errors import InputError
from talkgraph.nodes.face_fit.tracking.detector import Detections, FaceDetector
from talkgraph.nodes.face_fit.tracking.faces import Face, at_every_frame, link
from talkgraph.nodes.face_fit.tracking.landmarks import LandmarkNetwork, confirmed
from talkgraph.nodes.values import Bools, Floats, Footage, OnnxModel

_SPLITS = (1, 2, 4)  # how finely a picture is tiled, tried in turn where no face was found
_SMALL_FACE = 96  # px; below this a video is used, with a word of warning


@value("face_boxes")
class FaceBoxes:
    """Box and six points of one face in every frame of a footage, in px of the source frame.

    boxes: `[shape=(T, 4), float32]`: left, top, right, bottom.
    keypoints: `[shape=(T, 6, 2), float32]`: eye on the image's left, eye on its right, nose tip,
        mouth, ear on the left, ear on the right.
    scores: `[shape=(T,), float32]`, 0 to 1; 0 in frames that were not looked at or show no face.
    measured: `[shape=(T,), bool]`, False where box and points are interpolated.
    found: how many faces the footage shows.
    """

    boxes: Floats
    keypoints: Floats
    scores: Floats
    measured: Bools
    found: int


@node("detect_faces", version=1, gpu=True)
class DetectFaces(Node):
    """Find the faces of a footage and choose one.

    Every n-th frame is searched; detections are linked over time. Where a picture shows no face
    at the first look it is searched again in tiles, for faces that are small in a large picture.

    Example:
        >>> import talkgraph as tg
        >>> from talkgraph.nodes.networks import LoadNetwork
        >>> steps = {
        ...     "finds": LoadNetwork(name="face-detector").on(),
        ...     "checks": LoadNetwork(name="face-landmarks-attention").on(),
        ...     "faces": DetectFaces(face=2).on(  # the second largest
        ...         footage="footage", detector="finds", landmarks="checks"
        ...     ),
        ... }
        >>> tg.Graph("second", inputs={"footage": Footage}, steps=steps).output
        'faces'
    """

    face: int = param(1, "which face, by size: 1 is the largest", ge=1)
    every: int = param(5, "search every n-th frame", unit="frames", ge=1)
    threshold: float = param(0.5, "least score of a face", gt=0, lt=1)
    max_overlap: float = param(0.3, "boxes that overlap more are one face", gt=0, lt=1)
    min_share: float = param(0.5, "least share of searched frames that show the face", gt=0, le=1)
    min_face_px: int = param(60, "least height of the face in a photo", unit="px", ge=1)

    def run(self, footage: Footage, detector: OnnxModel, landmarks: OnnxModel) -> FaceBoxes:
        """Look through `footage`.

        Args:
            detector: finds faces in a picture; network `face-detector`.
            landmarks: says whether it is one; network `face-landmarks-attention`.

        Raises:
            InputError: no face, no such face, too rarely visible, or too small in a photo.
            ModelError: one of the networks is another.
        """
        from talkgraph.nodes.footage import open_footage

        return self.look(open_footage(footage), detector, landmarks)

    def look(self, frames: Frames, detector: OnnxModel, landmarks: OnnxModel) -> FaceBoxes:
        """The same on `frames [shape=(T, H, W, 3)]`."""
        detect = FaceDetector(detector, self.node_id, self.threshold, self.max_overlap)
        network = LandmarkNetwork(landmarks, self.node_id)
        what = "photo" if len(frames) == 1 else "video"
        numbers = np.arange(0, len(frames), self.every)
        samples = self._search(frames, numbers, detect, network)
        faces = link(samples)
        if not faces:
            raise InputError(
                f"no face was found in the {what}: use one that shows one face from the front, "
                "at least a tenth of the picture's height"
            )
        chosen = self._choose(faces, what)
        share = len(chosen.at) / len(numbers)
        if share < self.min_share:
            raise InputError(
                f"the face in the video is visible in {share:.0%} of the frames only (at least "
                f"{self.min_share:.0%} are needed): cut it to where the face is visible"
            )
        self._check_size(chosen, len(frames))
        return _in_every_frame(chosen, numbers, len(frames), len(faces))

    def _search(
        self,
        frames: Frames,
        numbers: NDArray[np.int64],
        detect: FaceDetector,
        network: LandmarkNetwork,
    ) -> list[Detections]:
        """Detections in the frames of these numbers."""

        def look(picture: NDArray[np.uint8], splits: int) -> Detections:
            return confirmed(network, picture, detect(picture, splits), self.threshold)

        samples: list[Detections] = []
        for done, number in enumerate(numbers):
            picture = frames[int(number)]
            samples.append(look(picture, 1))
            engine.progress(done + 1, len(numbers))
        for splits in _SPLITS[1:]:
            missing = [i for i, found in enumerate(samples) if not len(found)]
            if len(missing) <= (1 - self.min_share) * len(numbers):
                break
            for i in missing:
                samples[i] = look(frames[int(numbers[i])], splits)
        return samples

    def _choose(self, faces: list[Face], what: str) -> Face:
        if self.face > len(faces):
            count = "one face" if len(faces) == 1 else f"{len(faces)} faces"
            raise InputError(
                f"the {what} shows {count}, so there is no face {self.face}: use `face=1`"
            )
        chosen = faces[self.face - 1]
        if len(faces) > 1:
            x, y = (chosen.boxes[0, :2] + chosen.boxes[0, 2:]) / 2
            size = "the largest" if self.face == 1 else f"number {self.face} by size"
            engine.note(
                f"the {what} shows {len(faces)} faces; {size}, near ({x:.0f}, {y:.0f}), is used. "
                f"Choose another with `face=1..{len(faces)}`"
            )
        return chosen

    def _check_size(self, face: Face, count: int) -> None:
        if count == 1 and face.side < self.min_face_px:
            raise InputError(
                f"the face in the photo is only {face.side:.0f} px tall (at least "
                f"{self.min_face_px} px are needed): use a larger or closer photo"
            )
        if count > 1 and face.side < _SMALL_FACE:
            engine.note(
                f"the face in the video is only {face.side:.0f} px tall: expect a soft result"
            )


def _in_every_frame(face: Face, numbers: NDArray[np.int64], count: int, found: int) -> FaceBoxes:
    at = numbers[face.at]
    scores = np.zeros(count, np.float32)
    scores[at] = face.scores
    return FaceBoxes(
        boxes=at_every_frame(face.boxes, at, count),
        keypoints=at_every_frame(face.keypoints, at, count),
        scores=scores,
        measured=scores > 0,
        found=found,
    )
