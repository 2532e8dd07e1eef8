"""`talkgraph train keypoint-field`: dense motion and generator of a light keypoint field."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from talkgraph.cli.progress import Watcher
from talkgraph.cli.train.clips import (
    LICENCE,
    Made,
    add_clips,
    add_counts,
    add_minutes,
    check_clips,
    check_several,
    clips,
    tracked_clips,
)

if TYPE_CHECKING:
    from talkgraph.cache.store import Store

NAME = "keypoint-field"
HELP = "a photo moved by keypoints: the frame generator, and its dense motion beside it"
OUTPUT = "keypoint_field_generator.onnx"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the clips and for how long to train."""
    add_clips(parser)
    add_minutes(parser, 60)
    add_counts(parser, ("--frames", 12, "frames taken of each clip"))


def check(args: argparse.Namespace) -> None:
    """Raise InputError where there are no clips."""
    check_clips(args)


def motion_beside(generator: Path) -> Path:
    """Where the dense motion of a generator's file is written."""
    named = generator.stem.replace("generator", "motion")
    stem = named if named != generator.stem else f"{generator.stem}_motion"
    return generator.with_name(stem + generator.suffix)


def train(args: argparse.Namespace, store: Store, watch: Watcher, scratch: Path) -> Made:
    """Train on clips of most people, judge by the rest; motion and card go beside the output."""
    import numpy as np

    check_several(args.clips, {person for person, _ in clips(args.clips)})
    import torch

    from talkgraph.cache import File
    from talkgraph.nodes import media
    from talkgraph.nodes.face_model.face_mesh import POINTS
    from talkgraph.nodes.keypoint_field.networks import SIZE
    from talkgraph.nodes.keypoint_field.pictures import resized
    from talkgraph.nodes.keypoint_field.train.card import field_card, field_networks
    from talkgraph.nodes.keypoint_field.train.pairs import Example
    from talkgraph.nodes.keypoint_field.train.train_field import (
        FieldTraining,
        score_field,
        train_field,
    )
    from talkgraph.nodes.signals import evenly_spread
    from talkgraph.nodes.training.folds import without_first_fold

    torch.set_num_threads(1)  # the sums of several threads are not the same every time
    examples = []
    for one in tracked_clips(args.clips, ("clip", "track"), store, watch):
        frames, track = one.result["clip"].frames, one.result["track"]
        seen = np.flatnonzero(track.measured)
        at = seen[evenly_spread(len(seen), args.frames)]
        examples.append(
            Example(
                name=one.path.stem, person=one.person,
                frames=resized(np.stack([frames[int(k)] for k in at])),
                points=track.landmarks[at, :POINTS, :2] * np.float32(SIZE / track.size),
            )
        )  # fmt: skip
    people = {one.person for one in examples}
    check_several(args.clips, people)  # some clips may have been left out
    settings = FieldTraining(minutes=args.minutes, seed=args.seed)
    mine, held = without_first_fold(examples, settings.held_out, settings.seed)
    watch.started("keypoint-field")

    def report(share: float, step: int, loss: float) -> None:
        watch.progress("keypoint-field", round(1000 * share), 1000)

    field, steps = train_field(mine, settings, args.state, report)
    score = score_field(field, held)
    card = field_card(
        field, mine, score, steps=steps, per_step=settings.clips * (settings.frames - 1),
        licence=LICENCE,
        command=f"talkgraph train keypoint-field --clips DIR --minutes {args.minutes} "
        f"--frames {args.frames} --seed {args.seed} -o {args.output.name}",
    )  # fmt: skip
    motion, generator = field_networks(field, {"licence": LICENCE, "card": card})
    (scratch / "motion.onnx").write_bytes(motion)
    (scratch / "generator.onnx").write_bytes(generator)
    beside = motion_beside(args.output)
    media.save(File(scratch / "motion.onnx"), beside)
    args.output.with_suffix(".md").write_text(card, encoding="utf-8")
    return scratch / "generator.onnx", {
        "motion": str(beside),
        "clips": len(examples),
        "people": len(people),
        "score": attrs.asdict(score),
    }
