"""What the refiner learns from: pairs of rendered and real frames, and where they matter."""

from __future__ import annotations

import attrs
import numpy as np
from numpy.typing import NDArray

from talkgraph.cache.frames import CHUNK, Frames
from talkgraph.errors import InputError
from talkgraph.nodes.face_model.face_mesh import EYE_RIMS, OUTER_LIPS
from talkgraph.nodes.refine.face_parts import detail_weights, face_masks
from talkgraph.nodes.refine.region import Region, gather
from talkgraph.nodes.refine.temporal_window import window_of
from talkgraph.nodes.signals import evenly_spread
from talkgraph.nodes.values import FaceTrack, Floats, IdentityFeature, IdentityTrack, Ints

Bytes = NDArray[np.uint8]


@attrs.frozen(kw_only=True)
class Pairs:
    """Training data at the work size.

    rendered: `[shape=(N, S, S, 3), uint8]`.   real: `[shape=(M, S, S, 3), uint8]`, the targets.
    windows: `[shape=(M, 3), int64]`, rows of `rendered` for each target.
    weights: `[shape=(M, S, S), float32]`, of the colour difference of each pixel; None for 1.
    identity: `[shape=(M, identity_size), float32]`, who is seen in each target.
    """

    rendered: Bytes
    real: Bytes
    windows: Ints
    weights: Floats | None
    identity: Floats


def training_pairs(
    rendered: Frames,
    real: Frames,
    identity: IdentityFeature,
    track: FaceTrack | None,
    identities: IdentityTrack | None,
    *,
    size: int,
    region: Region,
    most_frames: int,
    goal: str,
    detail_margin: float,
    mouth_weight: float,
    eye_weight: float,
) -> Pairs:
    """Read the frames of at most `most_frames` windows; arguments as in `train_refiner`."""
    targets = evenly_spread(len(real), most_frames)
    wanted = window_of(targets)
    needed = np.unique(wanted)
    inputs = gather(rendered, needed, size, region)
    goals = gather(real, targets, size, region)
    rows = np.searchsorted(needed, wanted)
    weights: Floats | None = None
    if track is not None and goal != "frame":
        for start in range(0, len(targets), CHUNK):  # in parts: floats are four times as large
            part = slice(start, start + CHUNK)
            if goal == "face":
                mask = face_masks(track, targets[part], size, region)
            else:
                mask = detail_weights(track, OUTER_LIPS, targets[part], size, region, detail_margin)
            inside, around = mask[..., None], inputs[rows[part, -1]]
            goals[part] = np.rint(inside * goals[part] + (1 - inside) * around)
    if track is not None and (mouth_weight or eye_weight):
        weights = np.ones((len(targets), size, size), np.float32)
        for outline, extra in ((OUTER_LIPS, mouth_weight), *((e, eye_weight) for e in EYE_RIMS)):
            near = detail_weights(track, outline, targets, size, region, detail_margin)
            weights += np.float32(extra) * near
    if identities is None:
        who = np.repeat(identity.vector[None], len(targets), axis=0)
    else:
        who = identities.vectors[targets]
    return Pairs(
        rendered=inputs,
        real=goals,
        windows=rows,
        weights=weights,
        identity=who.astype(np.float32),
    )


def check_pairs(
    rendered: Frames, real: Frames, track: FaceTrack | None, identities: IdentityTrack | None
) -> None:
    """InputError unless rendered and real frames pair up, are square, and the tracks are theirs."""
    if len(rendered) != len(real) or not len(real):
        raise InputError(
            f"train_refiner got {len(rendered)} rendered and {len(real)} real frames;"
            " render every frame of the clip that is trained on"
        )
    for name, frames in (("rendered", rendered), ("real", real)):
        if frames.shape[2] != 3 or frames.shape[0] != frames.shape[1]:
            raise InputError(
                f"train_refiner needs square RGB frames, {name} has {frames.shape}; crop the"
                " frames to the head and composite the render over its background first"
            )
    if track is not None and len(track.landmarks) != len(real):
        raise InputError(
            f"train_refiner got {len(real)} frames and {len(track.landmarks)} tracked ones;"
            " give the track of the same clip"
        )
    if identities is not None and len(identities.vectors) != len(real):
        raise InputError(
            f"train_refiner got {len(real)} frames and {len(identities.vectors)} identity features;"
            " give those of the same clip"
        )
