"""`talkgraph train head-pose`: a light recurrent predictor of head pose from speech and photo."""

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
    add_minutes,
    check_clips,
    check_several,
)
from talkgraph.cli.train.spoken import spoken_clips

if TYPE_CHECKING:
    from talkgraph.cache.store import Store

NAME = "head-pose"
HELP = "head pose from speech and one photo, a light network of the kind that Audio2Head has"
OUTPUT = "head_pose.onnx"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the clips and for how long to train."""
    add_clips(parser)
    add_minutes(parser, 15)


def check(args: argparse.Namespace) -> None:
    """Raise InputError where there are no clips."""
    check_clips(args)


def train(args: argparse.Namespace, store: Store, watch: Watcher, scratch: Path) -> Made:
    """Train on clips of most people, judge by the rest; the card goes beside the output."""
    import torch

    from talkgraph.models.audio2head.published import EXPORTS
    from talkgraph.nodes.keypoint_field.train.spoken_card import head_pose_card
    from talkgraph.nodes.keypoint_field.train.train_head_pose import (
        WIDTH,
        HeadPoseTraining,
        score_head_pose,
        train_head_pose,
    )
    from talkgraph.nodes.training.folds import without_first_fold

    torch.set_num_threads(1)  # the sums of several threads are not the same every time
    found = list(spoken_clips(args, store, watch))
    check_several(args.clips, {one.person for one in found})
    settings = HeadPoseTraining(minutes=args.minutes, seed=args.seed)
    mine, held = without_first_fold(found, settings.held_out, settings.seed)
    watch.started(NAME)

    def report(share: float, step: int, loss: float) -> None:
        watch.progress(NAME, round(1000 * share), 1000)

    network, steps = train_head_pose(mine, settings, args.state, report)
    score = score_head_pose(network, held)
    card = head_pose_card(
        network, mine, score, steps=steps, per_step=settings.windows, licence=LICENCE,
        command=f"talkgraph train {NAME} --clips DIR --minutes {args.minutes} --seed {args.seed} "
        f"-o {args.output.name}",
    )  # fmt: skip
    facts = {"kind": "head pose predictor", "licence": LICENCE, "card": card}
    path = scratch / OUTPUT
    path.write_bytes(EXPORTS["audio2head-head-pose"].write(network, facts, WIDTH, whole=True))
    args.output.with_suffix(".md").write_text(card, encoding="utf-8")
    return path, {"clips": len(found), "score": attrs.asdict(score)}
