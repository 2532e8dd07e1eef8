"""`talkgraph train keypoint-motion`: where the keypoints of a photo go while speech is said."""

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

NAME = "keypoint-motion"
HELP = "keypoints of a photo from speech and head pose, and their detector beside it"
OUTPUT = "keypoint_predictor.onnx"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the clips and for how long to train."""
    add_clips(parser)
    add_minutes(parser, 30)


def check(args: argparse.Namespace) -> None:
    """Raise InputError where there are no clips."""
    check_clips(args)


def detector_beside(predictor: Path) -> Path:
    """Where the detector of a predictor's file is written."""
    named = predictor.stem.replace("predictor", "detector")
    stem = named if named != predictor.stem else f"{predictor.stem}_detector"
    return predictor.with_name(stem + predictor.suffix)


def train(args: argparse.Namespace, store: Store, watch: Watcher, scratch: Path) -> Made:
    """Train on clips of most people, judge by the rest; detector and card go beside the output."""
    import torch

    from talkgraph.cache import File
    from talkgraph.models.audio2head.published import EXPORTS
    from talkgraph.nodes import media
    from talkgraph.nodes.keypoint_field.mesh_keypoints import groups
    from talkgraph.nodes.keypoint_field.train.spoken_card import predictor_card
    from talkgraph.nodes.keypoint_field.train.train_predictor import (
        PredictorTraining,
        score_predictor,
        train_predictor,
    )
    from talkgraph.nodes.training.folds import without_first_fold

    torch.set_num_threads(1)  # the sums of several threads are not the same every time
    found = list(spoken_clips(args, store, watch))
    check_several(args.clips, {one.person for one in found})
    settings = PredictorTraining(minutes=args.minutes, seed=args.seed)
    mine, held = without_first_fold(found, settings.held_out, settings.seed)
    watch.started(NAME)

    def report(share: float, step: int, loss: float) -> None:
        watch.progress(NAME, round(1000 * share), 1000)

    predictor, steps = train_predictor(mine, settings, args.state, report)
    score = score_predictor(predictor, held)
    card = predictor_card(
        predictor, mine, score, steps=steps, per_step=settings.windows, licence=LICENCE,
        command=f"talkgraph train {NAME} --clips DIR --minutes {args.minutes} --seed {args.seed} "
        f"-o {args.output.name}",
    )  # fmt: skip
    facts = {"licence": LICENCE, "card": card}
    made = {
        "keypoint-predictor": (predictor, {"kind": "keypoint predictor", **facts}),
        "keypoint-detector": (predictor.detector, {"kind": "keypoint detector", **facts}),
    }
    for name, (network, told) in made.items():
        data = EXPORTS[f"audio2head-{name}"].write(network, told, len(groups()), whole=True)
        (scratch / f"{name}.onnx").write_bytes(data)
    beside = detector_beside(args.output)
    media.save(File(scratch / "keypoint-detector.onnx"), beside)
    args.output.with_suffix(".md").write_text(card, encoding="utf-8")
    return scratch / "keypoint-predictor.onnx", {
        "detector": str(beside),
        "clips": len(found),
        "score": attrs.asdict(score),
    }
