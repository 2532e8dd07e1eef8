"""`talkgraph train face-model`: the 3D face model, from tracked faces of many people."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from talkgraph.cli.progress import Watcher
from talkgraph.cli.train.clips import LICENCE, Made, add_clips, check_clips, tracked_clips

if TYPE_CHECKING:
    from talkgraph.cache.store import Store

NAME = "face-model"
HELP = "the 3D face model, from tracked faces of many people"
OUTPUT = "face_model.npz"
_GREY = 0.6  # albedo of all faces while only their shape is known


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the clips."""
    add_clips(parser)


def check(args: argparse.Namespace) -> None:
    """Raise InputError where there are neither clips nor photos."""
    check_clips(args, photos=True)


def train(args: argparse.Namespace, store: Store, watch: Watcher, scratch: Path) -> Made:
    """Shape from all tracks; then, with that shape fitted to every file, the albedo."""
    import numpy as np

    from talkgraph.cache import File
    from talkgraph.nodes.albedo.train.learn_albedo import FRAMES, learn_albedo
    from talkgraph.nodes.face_model.model_file import save_face_model
    from talkgraph.nodes.face_model.train.learn_shape import Subject, learn_face_model

    tracked = tracked_clips(args.clips, ("track",), store, watch, photos=True)
    shape = learn_face_model(
        [
            Subject(person=one.person, track=one.result["track"], moving=one.moving)
            for one in tracked
        ]
    )
    points = len(shape.mean)
    bases = {
        "mean_shape": shape.mean,
        "identity_basis": shape.identity,
        "expression_basis": shape.expression,
        "name": args.output.stem,
        "licence": LICENCE,
    }
    grey = scratch / "grey.npz"
    save_face_model(
        grey,
        mean_albedo=np.full((points, 3), _GREY),
        albedo_basis=np.zeros((points, 3, 1)),
        **bases,
    )
    colours, people, model = [], [], None
    parameters: dict[str, dict[str, Any]] = {
        "face_model": {"file": File(grey)},
        "albedo": {"frames": FRAMES},
    }
    for one in tracked_clips(
        args.clips, ("albedo", "face_model"), store, watch, photos=True, parameters=parameters
    ):
        colours.append(one.result["albedo"].colour)
        people.append(one.person)
        model = one.result["face_model"]
    assert model is not None  # _tracked yields at least one
    path = scratch / "face_model.npz"
    albedo = learn_albedo(colours, people, model)
    save_face_model(
        path,
        mean_albedo=albedo.mean_albedo,
        albedo_basis=albedo.albedo_basis,
        inner_albedo=albedo.inner_albedo,
        **bases,
    )
    return path, {"files": len(people), "people": len(set(people))}
