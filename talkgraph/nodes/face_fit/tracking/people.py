"""Follow people through a clip: by their place from moment to moment, by who they are otherwise.

Across a cut, behind one another or out of the picture and back, place tells nothing: there the
identity feature does (a network trained so that the distance of two features tells people apart).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from talkgraph.cache.frames import Frames
from talkgraph.models.sessions import open_network
from talkgraph.nodes.face_fit.identity.chip import DLIB, NETWORK
from talkgraph.nodes.face_fit.tracking.detector import Detections
from talkgraph.nodes.face_fit.tracking.faces import Face, face_of, moved, ranked
from talkgraph.nodes.face_fit.tracking.landmarks import (
    LandmarkNetwork,
    region_of_boxes,
    region_of_landmarks,
)
from talkgraph.nodes.signals import evenly_spread
from talkgraph.nodes.values import OnnxModel

SAME = 0.6  # distance of two features below which they are one person's (dlib)
SAME_PLACE = 0.75  # likewise, where place and time suggest it too
MISSED = 2  # samples; a face that is gone for longer has to be recognised
CLEAR, SLACK = 2.0, 0.15  # the next best match is this many times as far, and this much more
_PADDING = 0.25  # chip sides of room around a face, for which the distances above hold
DESCRIBED = 6  # sightings of each piece that are looked at

Floats = NDArray[np.float32]
Sighting = tuple[int, int]  # number of the sample, row in its detections
Describe = Callable[[Sighting], Floats]


class Describer:
    """The identity feature of sightings, each made when it is first asked for."""

    def __init__(
        self,
        identity: OnnxModel,
        node: str,
        landmarks: LandmarkNetwork,
        frames: Frames,
        numbers: NDArray[np.int64],
        samples: Sequence[Detections],
    ) -> None:
        self._session = open_network(identity, NETWORK, node=node, port="identity", threads=1)
        self._landmarks, self._frames = landmarks, frames
        self._numbers, self._samples = numbers, samples
        self._known: dict[Sighting, Floats] = {}

    def __call__(self, sighting: Sighting) -> Floats:
        """The feature `[shape=(128,), float32]`."""
        if sighting not in self._known:
            at, row = sighting
            found = self._samples[at]
            pictures = self._frames[int(self._numbers[at])][None]
            region = region_of_boxes(found.boxes[row : row + 1], found.keypoints[row : row + 1])
            for _ in range(2):
                points, _ = self._landmarks(pictures, region)
                region = region_of_landmarks(points)
            chip = DLIB.cut(pictures[0], points[0], _PADDING)
            self._known[sighting] = self._session.run(["vector"], {"faces": chip[None]})[0][0]
        return self._known[sighting]


def people(
    samples: Sequence[Detections], breaks: Collection[int], describe: Describe
) -> list[Face]:
    """Everybody in the samples, in the order of `ranked`.

    Args:
        breaks: samples before which the clip may cut.
        describe: the identity feature of a sighting.
    """
    pieces = [
        part
        for piece in followed_by_place(samples, breaks)
        for part in split_where_it_changes(piece, describe)
    ]
    groups = same_people(samples, breaks, pieces, describe)
    return ranked([face_of(samples, sorted(group)) for group in groups], len(samples))


def followed_by_place(
    samples: Sequence[Detections], breaks: Collection[int]
) -> list[list[Sighting]]:
    """Stretches in which a face can be followed by its place without any doubt."""
    done: list[list[Sighting]] = []
    going: list[list[Sighting]] = []
    for at, found in enumerate(samples):
        ended = [p for p in going if at in breaks or at - p[-1][0] > MISSED + 1]
        done += ended
        going = [p for p in going if p not in ended]
        near = [
            (far, number, row)
            for number, piece in enumerate(going)
            for row in range(len(found))
            if (far := moved(samples, piece[-1], (at, row))) is not None
        ]
        joined: dict[int, int] = {}
        for far, number, row in near:
            rivals = [f for f, n, r in near if (n == number) != (r == row)]
            if all(rival > CLEAR * far + SLACK for rival in rivals):
                joined[number] = row
        doubtful = {number for _, number, _ in near} - set(joined)
        for number, row in joined.items():
            going[number].append((at, row))
        done += [going[number] for number in doubtful]
        going = [piece for number, piece in enumerate(going) if number not in doubtful]
        going += [[(at, row)] for row in range(len(found)) if row not in joined.values()]
    return done + going


def split_where_it_changes(piece: list[Sighting], describe: Describe) -> list[list[Sighting]]:
    """Cut a piece in which one face takes the place of another, as at a cut that nobody saw."""
    if len(piece) < 4:
        return [piece]
    at = evenly_spread(len(piece), DESCRIBED)
    features = np.stack([describe(piece[int(k)]) for k in at])
    apart = [np.linalg.norm(features[:k].mean(0) - features[k:].mean(0)) for k in range(1, len(at))]
    k = int(np.argmax(apart)) + 1
    if apart[k - 1] < SAME_PLACE:
        return [piece]
    low, high = int(at[k - 1]), int(at[k])  # between these two the face changes
    before, after = features[:k].mean(0), features[k:].mean(0)
    while high - low > 1:
        middle = (low + high) // 2
        feature = describe(piece[middle])
        is_first = np.linalg.norm(feature - before) < np.linalg.norm(feature - after)
        low, high = (middle, high) if is_first else (low, middle)
    parts = piece[:high], piece[high:]
    return [one for part in parts for one in split_where_it_changes(part, describe)]


def same_people(
    samples: Sequence[Detections],
    breaks: Collection[int],
    pieces: list[list[Sighting]],
    describe: Describe,
) -> list[list[Sighting]]:
    """Join pieces of one person, the most alike first; two seen at one moment are two people."""
    groups = [list(piece) for piece in pieces]
    sums = [_sum_of_features(piece, describe) for piece in pieces]
    while len(groups) > 1:
        best, pair = 1.0, None
        means = np.stack([total / count for total, count in sums])
        for a in range(len(groups)):
            apart = np.linalg.norm(means[a + 1 :] - means[a], axis=1)
            for b in (np.flatnonzero(apart < SAME_PLACE) + a + 1).tolist():
                limit = SAME_PLACE if _continues(samples, breaks, groups[a], groups[b]) else SAME
                likeness = float(apart[b - a - 1]) / limit
                if likeness < best and not _together(groups[a], groups[b]):
                    best, pair = likeness, (a, b)
        if pair is None:
            break
        a, b = pair
        groups[a] = sorted(groups[a] + groups.pop(b))
        (one, n), (other, m) = sums[a], sums.pop(b)
        sums[a] = (one + other, n + m)
    return groups


def _sum_of_features(piece: list[Sighting], describe: Describe) -> tuple[NDArray[np.float64], int]:
    """Sum of some features of a piece, weighted by its length, and the weight."""
    at = evenly_spread(len(piece), DESCRIBED)
    mean = np.mean([describe(piece[int(k)]) for k in at], axis=0)
    return mean.astype(np.float64) * len(piece), len(piece)


def _together(a: list[Sighting], b: list[Sighting]) -> bool:
    return bool({at for at, _ in a} & {at for at, _ in b})


def _continues(
    samples: Sequence[Detections], breaks: Collection[int], a: list[Sighting], b: list[Sighting]
) -> bool:
    """Whether one takes up where the other ends, in place and in time."""
    first, second = (a, b) if a[-1][0] < b[0][0] else (b, a)
    last, begin = first[-1], second[0]
    if not 0 < begin[0] - last[0] <= MISSED + 1:
        return False
    if any(last[0] < at <= begin[0] for at in breaks):
        return False
    return moved(samples, last, begin) is not None
