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
from talkgraph.nodes.face_fit.tracking.people import Describer, people
from talkgraph.nodes.face_fit.tracking.shots import Shot, hidden_by_others, same_scene, shots_of
from talkgraph.nodes.face_fit.tracking.upright import turn_of
from talkgraph.nodes.face_fit.tracking.view import reduced, view_of
from talkgraph.nodes.values import Bools, Floats, Footage, OnnxModel, View

_SPLITS = (1, 2, 4, 8)  # how finely a picture is tiled, tried in turn where no face was found
_FINE, _FINE_TILE = 4, 200  # splits and px; finer ones are for a photo with tiles that large
_SEARCHED = 2048  # px; larger pictures are searched at this size, in up to eight tiles a side
_TURNED = 1024  # px; at this size pictures are turned, to see which way is up
_SEEN = 0.15  # of a tile's side; smaller faces in it are mostly overlooked
_SOFT_FACE = 40  # px; what little a smaller face in a video could give
_SMALL_FACE = 96  # px; below this a video is used, with a word of warning


@value("face_boxes")
class FaceBoxes:
    """Box and six points of one face in every frame of a view of a footage, in px of the view.

    boxes: `[shape=(T, 4), float32]`: left, top, right, bottom.
    keypoints: `[shape=(T, 6, 2), float32]`: eye on the image's left, eye on its right, nose tip,
        mouth, ear on the left, ear on the right.
    scores: `[shape=(T,), float32]`, 0 to 1; 0 in frames that were not looked at or show no face.
    measured: `[shape=(T,), bool]`, False where box and points are interpolated.
    hidden: `[shape=(T,), bool]`, True where somebody else's face stands before it.
    found: how many faces the footage shows.
    view: the part of the footage that is worked on: `TakeView` takes it.
    """

    boxes: Floats
    keypoints: Floats
    scores: Floats
    measured: Bools
    hidden: Bools
    found: int
    view: View


@node("detect_faces", version=1, gpu=True)
class DetectFaces(Node):
    """Find the faces of a footage and choose one, and the shot in which it is followed.

    Every n-th frame is searched. With an identity network people are followed across cuts and
    behind one another, and of several shots that one is used which shows the wanted person
    longest; without, detections are linked by their place. Where a picture shows no face
    at the first look it is searched again in tiles, for faces that are small in a large picture.

    Example:
        >>> import talkgraph as tg
        >>> from talkgraph.nodes.face_fit import DetectFaces
        >>> from talkgraph.nodes.networks import LoadNetwork
        >>> from talkgraph.nodes.values import Footage
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

    face: int = param(1, "which face: 1 is the largest of those that are seen longest", ge=1)
    shot: int = param(0, "which shot; 0: the one that shows the face longest", ge=0)
    every: int = param(5, "search every n-th frame", unit="frames", ge=1)
    threshold: float = param(0.5, "least score of a face", gt=0, lt=1)
    max_overlap: float = param(0.3, "boxes that overlap more are one face", gt=0, lt=1)
    min_share: float = param(0.5, "least share of searched frames that show the face", gt=0, le=1)
    min_seconds: float = param(1.0, "shortest of several shots that is used", unit="s", gt=0)
    min_face_px: int = param(60, "least height of the face in a photo", unit="px", ge=1)
    max_side: int = param(2048, "a larger photo is cut or scaled to it", unit="px", ge=256)

    def run(
        self,
        footage: Footage,
        detector: OnnxModel,
        landmarks: OnnxModel,
        identity: OnnxModel | None = None,
    ) -> FaceBoxes:
        """Look through `footage`.

        Args:
            detector: finds faces in a picture; network `face-detector`.
            landmarks: says whether it is one; network `face-landmarks-attention`.
            identity: tells people apart; network `face-identity`.

        Raises:
            InputError: no face, no such face or shot, too rarely visible, too small in a photo,
                or upside down.
            ModelError: one of the networks is another.
        """
        from talkgraph.nodes.footage import open_footage

        frames = open_footage(footage)
        return self.look(frames, detector, landmarks, identity, footage.cuts, footage.fps)

    def look(
        self,
        frames: Frames,
        detector: OnnxModel,
        landmarks: OnnxModel,
        identity: OnnxModel | None = None,
        cuts: tuple[int, ...] = (),
        fps: float = 25.0,
    ) -> FaceBoxes:
        """The same on `frames [shape=(T, H, W, 3)]` that may cut at `cuts`."""
        detect = FaceDetector(detector, self.node_id, self.threshold, self.max_overlap)
        network = LandmarkNetwork(landmarks, self.node_id)
        what = "photo" if len(frames) == 1 else "video"
        numbers = np.arange(0, len(frames), self.every)
        samples = self._search(frames, numbers, detect, network)
        looked_at = numbers[:: max(1, len(numbers) // 3)]
        turn = turn_of([reduced(frames[int(n)], _TURNED)[0] for n in looked_at], detect)
        if turn:
            lies = "is upside down" if turn == 180 else "lies on its side"
            raise InputError(f"the face in the {what} {lies}: turn it upright with `turn={turn}`")
        if identity is None or len(frames) == 1:
            faces = link(samples)
        else:
            describe = Describer(identity, self.node_id, network, frames, numbers, samples)
            breaks = np.searchsorted(numbers, cuts)  # the first sample of each shot
            faces = people(samples, set(breaks.tolist()), describe)
        if not faces:
            height, width = frames.shape[:2]
            raise InputError(
                f"no face was found in the {what}: use one that shows a face from the front, at "
                f"least {self._least(width, height, what)} px tall in {width} x {height} px; or "
                "cut the picture to head and shoulders"
            )
        chosen = self._choose(faces, what)
        shots = [Shot(0, len(frames), len(chosen.at))]
        if identity is not None and len(frames) > 1:
            shots = shots_of(chosen, numbers, cuts, len(frames), lambda at: same_scene(frames, at))
        shot = self._shot(shots, fps)
        inside = (numbers >= shot.first) & (numbers < shot.stop)
        chosen = chosen.within(inside)
        numbers = numbers[inside] - shot.first
        samples = [found for found, kept in zip(samples, inside, strict=True) if kept]
        share = len(chosen.at) / len(numbers)
        if share < self.min_share:
            raise InputError(
                f"the face in the video is visible in {share:.0%} of the frames only (at least "
                f"{self.min_share:.0%} are needed): cut it to where the face is visible"
            )
        self._check_size(chosen, len(frames))
        height, width = frames.shape[:2]
        if len(frames) == 1:
            view = view_of(chosen, width, height, self.max_side)
        else:
            view = View(
                first=shot.first,
                stop=shot.stop,
                left=0,
                top=0,
                width=width,
                height=height,
                scale=1.0,
            )
        count = shot.stop - shot.first
        hidden = hidden_by_others(chosen, samples, numbers, count)
        return _in_every_frame(chosen, numbers, hidden, len(faces), view)

    def _search(
        self,
        frames: Frames,
        numbers: NDArray[np.int64],
        detect: FaceDetector,
        network: LandmarkNetwork,
    ) -> list[Detections]:
        """Detections in the frames of these numbers."""

        def look(picture: NDArray[np.uint8], splits: int) -> Detections:
            small, scale = reduced(picture, _SEARCHED)
            return confirmed(network, picture, detect(small, splits).scaled(scale), self.threshold)

        samples: list[Detections] = []
        for done, number in enumerate(numbers):
            picture = frames[int(number)]
            samples.append(look(picture, 1))
            engine.progress(done + 1, len(numbers))
        for splits in _SPLITS[1:]:
            missing = [i for i, found in enumerate(samples) if not len(found)]
            enough = len(missing) <= (1 - self.min_share) * len(numbers)
            fine = min(max(frames.shape[:2]), _SEARCHED) >= splits * _FINE_TILE
            if enough or (splits > _FINE and not (fine and len(frames) == 1)):
                break
            for i in missing:
                samples[i] = look(frames[int(numbers[i])], splits)
        return samples

    def _least(self, width: int, height: int, what: str) -> int:
        """How tall a face must be to be found, and used, in a picture of this size, px."""
        searched = min(max(width, height), _SEARCHED)
        fine = what == "photo" and searched >= _SPLITS[-1] * _FINE_TILE
        splits = _SPLITS[-1] if fine else _FINE
        useful = self.min_face_px if what == "photo" else _SOFT_FACE
        return max(useful, round(_SEEN * max(width, height) / splits))

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
            seen = "" if what == "photo" else " of those seen longest"
            engine.note(
                f"the {what} shows {len(faces)} faces; {size}{seen}, near ({x:.0f}, {y:.0f}), is "
                f"used. Choose another with `face=1..{len(faces)}`"
            )
        return chosen

    def _shot(self, shots: list[Shot], fps: float) -> Shot:
        """The shot that is worked on."""
        if self.shot > len(shots):
            count = "one shot" if len(shots) == 1 else f"{len(shots)} shots"
            raise InputError(
                f"the video has {count}, so there is no shot {self.shot}: use `shot=1`"
            )
        if len(shots) == 1:
            return shots[0]
        number = self.shot or 1 + max(range(len(shots)), key=lambda k: (shots[k].seen, -k))
        shot = shots[number - 1]
        start, end = shot.first / fps, shot.stop / fps
        if not shot.seen:
            raise InputError(
                f"shot {number} of the video, from {start:.1f} to {end:.1f} s, does not show the "
                f"wanted face: choose another with `shot=1..{len(shots)}`"
            )
        if end - start < self.min_seconds:
            short = f"{end - start:.1f} s, at least {self.min_seconds:g} s are needed"
            if self.shot:
                raise InputError(
                    f"shot {number} of the video lasts only {short}: choose another with "
                    f"`shot=1..{len(shots)}`, or 0 for the longest"
                )
            raise InputError(
                f"the video cuts or shakes often: its longest shot of the face lasts {short}; give "
                "a steady clip without cuts"
            )
        why = "" if self.shot else ", which shows the wanted face longest"
        engine.note(
            f"the video has {len(shots)} shots; number {number}, from {start:.1f} to {end:.1f} s"
            f"{why}, is used, and nothing else of it. Choose another with `shot=1..{len(shots)}`"
        )
        return shot

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


def _in_every_frame(
    face: Face, numbers: NDArray[np.int64], hidden: Bools, found: int, view: View
) -> FaceBoxes:
    count = len(hidden)
    at = numbers[face.at]
    scores = np.zeros(count, np.float32)
    scores[at] = face.scores
    corner = np.array([view.left, view.top], np.float32)
    boxes = (face.boxes - np.tile(corner, 2)) * np.float32(view.scale)
    keypoints = (face.keypoints - corner) * np.float32(view.scale)
    return FaceBoxes(
        boxes=at_every_frame(boxes, at, count),
        keypoints=at_every_frame(keypoints, at, count),
        scores=scores,
        measured=(scores > 0) & ~hidden,
        hidden=hidden,
        found=found,
        view=view,
    )
