"""`talkgraph train mapping`: the general mapping from speech to expression, or to motion."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from talkgraph.cli.progress import Watcher
from talkgraph.cli.train.clips import (
    LICENCE,
    Made,
    add_clips,
    add_counts,
    add_fits,
    check_heard,
    check_several,
    heard_clips,
)
from talkgraph.errors import InputError

if TYPE_CHECKING:
    from talkgraph.cache.store import Store
    from talkgraph.nodes.face_model.readout import Readout
    from talkgraph.nodes.pose_mapping.train.corpus import Example
    from talkgraph.nodes.pose_mapping.train.general_training import Training
    from talkgraph.nodes.values import Speech, SpeechFeatures

NAME = "mapping"
HELP = "the general mapping from speech to expression"
OUTPUT = "general_mapping.onnx"
ENCODER = "speech_encoder"
SHARES = (0.25, 0.5)  # of the other people, for the learning curve beside all of them


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the clips, what is heard, and for how long to train."""
    add_clips(parser)
    add_fits(parser)
    parser.add_argument(
        "--feature", choices=(ENCODER, "mfcc", "log_mel"), default=ENCODER,
        help="node whose features it hears; with mfcc and log_mel it moves the head too, as in the "
        "paper; default: %(default)s",
    )  # fmt: skip
    add_counts(
        parser,
        ("--steps", 400, "optimiser steps on the clips"),
        ("--folds", 5, "groups of people in the cross-validation"),
        ("--synthetic", 0, "utterances of Debian's flite to train on first; mfcc and log_mel only"),
        ("--pretraining-steps", 500, "optimiser steps on the utterances"),
    )


def check(args: argparse.Namespace) -> None:
    """Raise InputError where there are no clips of two people, or utterances nobody learns from."""
    check_heard(args)
    if args.synthetic and args.feature == ENCODER:
        raise InputError(f"--synthetic goes with --feature mfcc or log_mel, not {ENCODER}")


def train(args: argparse.Namespace, store: Store, watch: Watcher, scratch: Path) -> Made:
    """Train on all clips; the model card goes beside the output."""
    import attrs
    import torch

    from talkgraph.nodes.face_model import LoadFaceModel
    from talkgraph.nodes.face_model.readout import mouth_readout
    from talkgraph.nodes.pose_mapping.train.general_card import general_card
    from talkgraph.nodes.pose_mapping.train.general_training import report_of, train_general
    from talkgraph.nodes.pose_mapping.train.lag import MIN_CORRELATION, clips_in_time

    torch.set_num_threads(1)  # the sums of several threads are not the same every time
    examples, encoded = _read(args, store, watch)
    people = {example.person for example in examples}
    check_several(args.clips or args.fits, people)  # some clips may have been left out
    model = LoadFaceModel().run()
    readout = mouth_readout(model)
    in_time = clips_in_time(encoded, ENCODER, readout)
    examples = [
        attrs.evolve(example, reliable=one.agreement >= MIN_CORRELATION)
        for example, one in zip(examples, in_time, strict=True)
    ]
    if len({example.person for example in examples if example.reliable}) < 2:
        raise InputError(
            f"{args.clips or args.fits}: lips and sound agree in the clips of fewer than two "
            "people; see that each clip has the sound of the face that is seen"
        )
    lags, folds = [one.lag for one in in_time], min(args.folds, len(people))
    training = _training(args, examples, readout, scratch)
    watch.started("mapping")
    made, figures = train_general(
        examples, scratch / "general_mapping.onnx", training, lags=lags, folds=folds,
        shares=SHARES, seed=args.seed, licence=LICENCE,
        card=lambda figures: general_card(
            figures, examples, lags, feature=args.feature, file=args.output.name, model=model.name,
            synthetic=args.synthetic, folds=folds, command=_command(args), licence=LICENCE,
        ),
        report=lambda step, loss: watch.progress("mapping", step, args.steps),
    )  # fmt: skip
    args.output.with_suffix(".md").write_text(made.facts["card"], encoding="utf-8")
    for share, mean in figures.curve.items():
        watch.note(
            "mapping",
            f"learned from {share:.0%} of the other people: r {mean['opening']:.3f} (lip opening), "
            f"{mean['width']:.3f} (width)",
        )
    report = report_of(figures, {one.name for one in examples if one.reliable})
    worst = report["worst"]
    watch.note("mapping", f"least of all follows {worst['person']}: r {worst['opening']:.3f}")
    protocol = {"command": _command(args), "feature": args.feature, "folds": folds}
    protocol |= {"steps": args.steps, "seed": args.seed, "shares": [*SHARES, 1.0]}
    facts = {"clips": len(examples), "people": len(people), "protocol": protocol}
    return made.file.path, {**facts, **figures.curve[1.0], **report}


def _read(
    args: argparse.Namespace, store: Store, watch: Watcher
) -> tuple[list[Example], list[Example]]:
    """The clips as the mapping hears them, and as the encoder does."""
    from talkgraph.nodes.audio_features import LogMel, Mfcc, SpeechEncoder
    from talkgraph.nodes.networks import LoadNetwork
    from talkgraph.nodes.pose_mapping.train.corpus import example_of, loudness_of

    encoder = LoadNetwork(name="speech-encoder-tiny").run()

    def encode(speech: Speech) -> SpeechFeatures:
        return SpeechEncoder().run(speech, encoder)

    hear = {ENCODER: encode, "mfcc": Mfcc().run, "log_mel": LogMel().run}
    heard: dict[str, list[Example]] = {feature: [] for feature in (ENCODER, args.feature)}
    for one in heard_clips(args, store, watch):
        loudness = loudness_of(one.speech, one.fit.motion.fps)
        for feature, examples in heard.items():
            features = hear[feature](one.speech)
            examples.append(
                example_of(features, one.fit, name=one.name, person=one.person, loudness=loudness)
            )
    return heard[args.feature], heard[ENCODER]


def _training(
    args: argparse.Namespace, examples: list[Example], readout: Readout, scratch: Path
) -> Training:
    from talkgraph.nodes.audio_features import LogMel, Mfcc
    from talkgraph.nodes.pose_mapping.expression_size import ExpressionSize
    from talkgraph.nodes.pose_mapping.network import MappingSize
    from talkgraph.nodes.pose_mapping.train.corpus import mouth_spread
    from talkgraph.nodes.pose_mapping.train.expression_training import ExpressionTraining
    from talkgraph.nodes.pose_mapping.train.motion_training import MotionTraining
    from talkgraph.nodes.pose_mapping.train.optimiser import Schedule
    from talkgraph.nodes.pose_mapping.train.synthetic import synthetic_examples

    rows, bins = examples[0].features.shape[1:]
    schedule = Schedule(steps=args.steps)
    if args.feature == ENCODER:
        return ExpressionTraining(
            feature=args.feature, readout=readout, size=ExpressionSize(rows=rows, bins=bins),
            schedule=schedule, seed=args.seed,
        )  # fmt: skip
    hear = {"mfcc": Mfcc().run, "log_mel": LogMel().run}[args.feature]
    synthetic = []
    if args.synthetic:
        synthetic = synthetic_examples(
            args.synthetic, hear, readout, mouth_spread(examples, readout),
            folder=scratch, seed=args.seed + 1,
        )  # fmt: skip
    return MotionTraining(
        feature=args.feature, readout=readout, size=MappingSize(rows=rows, bins=bins),
        schedule=schedule, pretraining=Schedule(steps=args.pretraining_steps),
        synthetic=synthetic, seed=args.seed,
    )  # fmt: skip


def _command(args: argparse.Namespace) -> str:
    """What makes the same mapping again, without names of folders."""
    pretraining = (
        f" --synthetic {args.synthetic} --pretraining-steps {args.pretraining_steps}"
        if args.synthetic
        else ""
    )
    return (
        f"talkgraph train mapping --clips DIR --feature {args.feature} --steps {args.steps} "
        f"--folds {args.folds} --seed {args.seed}{pretraining} -o {args.output.name}"
    )
