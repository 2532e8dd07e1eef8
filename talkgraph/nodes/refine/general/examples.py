"""What the general refiner learns from: a few moments of every clip, packed."""

from __future__ import annotations

from pathlib import Path

import attrs
import numpy as np
from numpy.typing import NDArray

from talkgraph.cache.frames import Frames
from talkgraph.nodes.face_model.face_mesh import EYE_RIMS, OUTER_LIPS
from talkgraph.nodes.refine.face_parts import detail_weights, face_masks
from talkgraph.nodes.refine.region import face_region, resized
from talkgraph.nodes.refine.temporal_window import WINDOW
from talkgraph.nodes.signals import evenly_spread
from talkgraph.nodes.values import FaceTrack, Floats, IdentityFeature

Bytes = NDArray[np.uint8]

FOLLOWING = 2  # targets of a moment: a pair, whose change in time is learned, too
SEEN = WINDOW + FOLLOWING - 1  # rendered frames of a moment
DETAIL_MARGIN = 1.8  # as in train_refiner


@attrs.frozen(kw_only=True, eq=False)
class Example:
    """Moments of one clip at the work size S.

    rendered: `[shape=(N, 4, S, S, 3), uint8]`, consecutive composites of each moment.
    real: `[shape=(N, 2, S, S, 3), uint8]`, the real frames of the last two.
    face, mouth, eyes: `[shape=(N, S, S), uint8]`, masks, 255 for 1, in the last of them.
    identity: `[shape=(n,), float32]`.
    """

    name: str
    person: str
    rendered: Bytes
    real: Bytes
    face: Bytes
    mouth: Bytes
    eyes: Bytes
    identity: Floats

    def save(self, path: Path) -> None:
        """Write it as .npz."""
        np.savez(path, **attrs.asdict(self))

    @classmethod
    def load(cls, path: Path) -> Example:
        """Read what `save` wrote; plain arrays, nothing is executed."""
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files if name not in ("name", "person")}
            return cls(name=str(file["name"]), person=str(file["person"]), **arrays)


def example_of(
    rendered: Frames,
    real: Frames,
    track: FaceTrack,
    identity: IdentityFeature,
    *,
    name: str,
    person: str,
    size: int,
    margin: float,
    moments: int,
) -> Example | None:
    """Moments of one clip, evenly spread, whose face was measured; None where there are none.

    Args:
        rendered: composites of the clip that re-enacts itself over displaced backgrounds.
        real: its frames.
        track: of the clip.
        size: work size, px.
        margin: of the face's region, see `region.face_region`.
        moments: the most that are taken.
    """
    measured = np.asarray(track.measured, bool)
    last = np.arange(SEEN - 1, len(measured))
    last = last[measured[last] & measured[last - 1]]
    if not len(last):
        return None
    last = last[evenly_spread(len(last), moments)]
    region = face_region(track, margin)

    def read(frames: Frames, count: int) -> Bytes:
        # Composites are drawn when they are read: no frame more than is needed.
        parts = [resized(frames[k + 1 - count : k + 1], size, region) for k in last.tolist()]
        return np.stack(parts)

    def part(outline: tuple[int, ...]) -> Floats:
        return detail_weights(track, outline, last, size, region, DETAIL_MARGIN)

    def levels(mask: Floats) -> Bytes:
        return np.rint(255 * mask).astype(np.uint8)

    return Example(
        name=name,
        person=person,
        rendered=read(rendered, SEEN),
        real=read(real, FOLLOWING),
        face=levels(face_masks(track, last, size, region)),
        mouth=levels(part(OUTER_LIPS)),
        eyes=levels(np.maximum(*(part(rim) for rim in EYE_RIMS))),
        identity=identity.vector.astype(np.float32),
    )


def kept_back(examples: list[Example], every: int) -> tuple[list[Example], list[Example]]:
    """Examples to learn from, and those of every `every`-th person, who is learned from nowhere.

    0 keeps nobody back.
    """
    people = sorted({example.person for example in examples})
    back = set(people[every - 1 :: every]) if every else set()
    learned = [example for example in examples if example.person not in back]
    return learned, [example for example in examples if example.person in back]
