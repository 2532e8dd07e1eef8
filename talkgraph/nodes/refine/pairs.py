"""What the refiner learns from: pairs of rendered and real frames, and where they matter."""

from __future__ import annotations

import attrs
import numpy as np
from numpy.typing import NDArray

from talkgraph.cache.frames import Frames
from talkgraph.errors import InputError
from talkgraph.nodes.face_model.face_mesh import EYE_RIMS, OUTER_LIPS
from talkgraph.nodes.refine.face_parts import detail_weights, face_masks, outlines
from talkgraph.nodes.refine.region import Region, gather
from talkgraph.nodes.refine.temporal_window import window_of
from talkgraph.nodes.signals import evenly_spread
from talkgraph.nodes.values import FaceTrack, Floats, IdentityFeature, IdentityTrack, Ints

Bytes = NDArray[np.uint8]

# Of the weight of colour differences outside of the face, where goal is "face": the real frame, not
# the rendered one, is the goal there, too. To keep the rendered frame exactly would be learned at
# once and be all that is learned: any change that helps within the face shows outside at first.
ELSEWHERE = 0.05


@attrs.frozen(kw_only=True)
class Pairs:
    """Training data at the work size.

    rendered: `[shape=(N, S, S, 3), uint8]`.   real: `[shape=(M, S, S, 3), uint8]`, the targets.
    windows: `[shape=(M, 3), int64]`, rows of `rendered` for each target.
    weights: `[shape=(M, S, S), float32]`, of the colour difference of each pixel; None for 1.
    identity: `[shape=(M, identity_size), float32]`, who is seen in each target.
    details: `[shape=(M, K, 2), float32]`, x and y in px of the mouth's middle (twice, as there are
        two eyes) and the eyes' in each target; None where nobody tracked them.
    """

    rendered: Bytes
    real: Bytes
    windows: Ints
    weights: Floats | None
    identity: Floats
    details: Floats | None = None


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
    if track is not None and (goal != "frame" or mouth_weight or eye_weight):
        weights = np.ones((len(targets), size, size), np.float32)
        if goal == "face":
            weights *= ELSEWHERE
            weights += (1 - ELSEWHERE) * face_masks(track, targets, size, region)
        for outline, extra in ((OUTER_LIPS, mouth_weight), *((e, eye_weight) for e in EYE_RIMS)):
            if extra:
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
        details=None if track is None else _middles(track, targets, size, region),
    )


def _middles(track: FaceTrack, wanted: Ints, size: int, region: Region) -> Floats:
    parts = (OUTER_LIPS, OUTER_LIPS, *EYE_RIMS)
    return np.stack([outlines(track, p, wanted, size, region).mean(axis=1) for p in parts], axis=1)


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
