"""Hands followed through a clip: looked for in few frames, in all where one is near the face."""

from __future__ import annotations

import attrs
import numpy as np

from talkgraph import engine
from talkgraph.cache.frames import Frames, Pictures
from talkgraph.nodes.face_fit.hands.joints import (
    Found,
    HandNetwork,
    regions_of_joints,
    together,
)
from talkgraph.nodes.face_fit.hands.palms import PalmDetector, regions_of_palms
from talkgraph.nodes.face_fit.tracking.detector import overlap
from talkgraph.nodes.values import Floats

LOOKS = 3  # in a region that was made from the joints themselves they are told better
FACE = 0.18  # m; the longer side of the box about an adult's face


@attrs.frozen(eq=False)
class HandFinder:
    """Both networks, and what counts.

    sure: least score of a palm where no hand is expected; the detector's own counts elsewhere.
    alone: score from which on a palm is believed whatever the hand network says.
    threshold: least probability of a hand.
    size: least size beside the face: ears and folds of skin look like hands, but like small ones.
    max_overlap: boxes that overlap more are one hand.
    most: hands that are kept of one frame.
    """

    palms: PalmDetector
    joints: HandNetwork
    sure: float
    alone: float
    threshold: float
    size: float
    max_overlap: float
    most: int

    def follow(self, frames: Frames, faces: Floats, every: int, about: int) -> list[Found]:
        """The hands of `frames [shape=(T, S, S, 3)]` whose boxes touch that of the face.

        Args:
            faces: `[shape=(T, 4)]`, boxes of the face.
            every: every n-th frame is searched first.
            about: so many frames before and after one with a hand at the face are searched too.
        """
        count = len(frames)
        found = [Found.nothing() for _ in range(count)]
        expected = np.zeros(count, bool)
        searched = range(0, count, every)
        for done, number in enumerate(searched):
            found[number] = self._search(frames[number], faces[number], self.sure)
            if len(found[number]):
                expected[max(0, number - about) : number + about + 1] = True
            engine.progress(done + 1, len(searched))
        for number in np.flatnonzero(expected).tolist():
            picture, face = frames[number], faces[number]
            seen = self._search(picture, face, self.palms.threshold)
            found[number] = self._distinct(together(found[number], seen), face)
        for number in range(1, count):
            found[number] = self._handed_on(frames, faces, found, number - 1, number)
        # A hand that comes is often told late; seen from later, it is followed to where it began.
        for number in range(count - 2, -1, -1):
            found[number] = self._handed_on(frames, faces, found, number + 1, number)
        return found

    def _search(self, picture: Pictures, face: Floats, least: float) -> Found:
        """The hands whose palms are seen in a frame."""
        palms = self.palms(picture)
        scores = palms.scores[palms.scores >= least]
        seen = self.joints(picture, regions_of_palms(palms)[palms.scores >= least])
        for _ in range(LOOKS - 1):
            seen = self.joints(picture, regions_of_joints(seen.joints))
        sure = np.where(scores >= self.alone, scores, 0)
        seen = attrs.evolve(seen, presence=np.maximum(seen.presence, sure))
        return self._distinct(seen, face)

    def _handed_on(
        self, frames: Frames, faces: Floats, found: list[Found], beside: int, number: int
    ) -> Found:
        """The hands of a frame, with those that are lost of the frame beside it."""
        known = found[number]
        apart = [
            k for k, box in enumerate(found[beside].boxes)
            if (overlap(box, known.boxes) <= self.max_overlap).all()
        ]  # fmt: skip
        if not apart:
            return known
        lost = found[beside].at(np.array(apart, np.int64))
        seen = self.joints(frames[number], regions_of_joints(lost.joints))
        return self._distinct(together(known, seen), faces[number])

    def _distinct(self, seen: Found, face: Floats) -> Found:
        """Each hand once, the most certain first, and none that is small or away from the face."""
        kept: list[int] = []
        boxes = seen.boxes
        touches = ((boxes[:, :2] < face[2:]) & (boxes[:, 2:] > face[:2])).all(axis=1)
        large = seen.scale >= self.size * (face[2:] - face[:2]).max() / FACE
        likely = touches & large & (seen.presence >= self.threshold)
        for one in np.argsort(-seen.presence, kind="stable").tolist():
            if likely[one] and (overlap(boxes[one], boxes[kept]) <= self.max_overlap).all():
                kept.append(one)
        return seen.at(np.array(kept[: self.most], np.int64))
