"""What the trainings of the keypoint field that hear speech read of the user's clips."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import TYPE_CHECKING

from talkgraph.cli.progress import Watcher
from talkgraph.cli.train.clips import tracked_clips

if TYPE_CHECKING:
    from talkgraph.cache.store import Store
    from talkgraph.nodes.keypoint_field.train.spoken import SpokenClip

PHOTOS = 12  # of every clip


def spoken_clips(
    args: argparse.Namespace, store: Store, watch: Watcher, photos: int = PHOTOS
) -> Iterator[SpokenClip]:
    """Every clip of `--clips` with sound that is long enough, at 25 fps."""
    import numpy as np

    from talkgraph.nodes.audio_features import F0Features
    from talkgraph.nodes.face_model.face_mesh import POINTS
    from talkgraph.nodes.keypoint_field.networks import SIZE
    from talkgraph.nodes.keypoint_field.pictures import resized
    from talkgraph.nodes.keypoint_field.pose_box import pose_there
    from talkgraph.nodes.keypoint_field.train.spoken import SpokenClip, photos_at

    for one in tracked_clips(args.clips, ("view", "clip", "track", "fit"), store, watch):
        frames, track, fit = one.result["clip"].frames, one.result["track"], one.result["fit"]
        speech = one.result["view.speech"]
        if speech is None or abs(track.fps - 25) > 1e-3:
            why = "it has no sound" if speech is None else f"it has {track.fps:g} fps, not 25"
            watch.note("clips", f"{one.path} is left out: {why}")
            continue
        heard = F0Features().run(speech).windows
        count = min(len(heard), len(track.landmarks))
        at = photos_at(track.measured[:count], photos)
        if not len(at):
            watch.note("clips", f"{one.path} is left out: less than 64 frames, or no face in them")
            continue
        yield SpokenClip(
            name=one.path.stem,
            person=one.person,
            photos=resized(np.stack([frames[int(k)] for k in at])),
            photo_at=at,
            heard=heard[:count],
            pose=pose_there(fit.motion.rotation[:count], fit.motion.translation[:count]),
            points=track.landmarks[:count, :POINTS, :2] * np.float32(SIZE / track.size),
            seen=track.measured[:count],
        )
