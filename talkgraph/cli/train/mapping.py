"""`talkgraph train mapping`: the general mapping from speech to motion."""

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
    check_clips,
    check_several,
    clips,
    tracked_clips,
)

if TYPE_CHECKING:
    from talkgraph.cache.store import Store

NAME = "mapping"
HELP = "the general mapping from speech to motion"
OUTPUT = "general_mapping.onnx"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the clips, what is heard, and for how long to train."""
    add_clips(parser)
    parser.add_argument(
        "--feature", choices=("mfcc", "log_mel"), default="mfcc",
        help="node whose features it hears; default: %(default)s",
    )  # fmt: skip
    for option, default, text in (
        ("--synthetic", 0, "utterances of Debian's flite to train on first"),
        ("--steps", 400, "optimiser steps on the clips"),
        ("--pretraining-steps", 500, "optimiser steps on the utterances"),
        ("--folds", 4, "groups of people in the cross-validation"),
    ):
        parser.add_argument(
            option, type=int, default=default, metavar="N", help=f"{text}; default: %(default)s"
        )


def check(args: argparse.Namespace) -> None:
    """Raise InputError where there are no clips."""
    check_clips(args)


def train(args: argparse.Namespace, store: Store, watch: Watcher, scratch: Path) -> Made:
    """Train on all clips; the model card goes beside the output."""
    check_several(args.clips, {person for person, _ in clips(args.clips)})
    import torch

    from talkgraph.nodes.audio_features import LogMel, Mfcc
    from talkgraph.nodes.face_model.readout import mouth_readout
    from talkgraph.nodes.pose_mapping.train.corpus import example_of, loudness_of
    from talkgraph.nodes.pose_mapping.train.fold_training import (
        GeneralTraining,
        find_lags,
        raw_facts,
        train_general,
    )
    from talkgraph.nodes.pose_mapping.train.general_card import general_card
    from talkgraph.nodes.pose_mapping.train.optimiser import Schedule
    from talkgraph.nodes.pose_mapping.train.synthetic import synthetic_examples

    torch.set_num_threads(1)  # the sums of several threads are not the same every time
    hear = {"mfcc": Mfcc().run, "log_mel": LogMel().run}
    examples, mel_examples, model = [], [], None
    for one in tracked_clips(args.clips, ("footage", "fit", "face_model"), store, watch):
        speech, fit, model = (one.result[name] for name in ("footage.speech", "fit", "face_model"))
        if speech is None:
            watch.note("clips", f"{one.path} is left out: it has no sound")
            continue
        who = {"name": one.path.stem, "person": one.person}
        loudness = loudness_of(speech, fit.motion.fps)
        examples.append(example_of(hear[args.feature](speech), fit, **who, loudness=loudness))
        mel_examples.append(example_of(hear["log_mel"](speech), fit, **who, loudness=loudness))
    people = {one.person for one in examples}
    check_several(args.clips, people)  # some clips may have been left out
    assert model is not None  # there are examples
    readout = mouth_readout(model)
    settings = GeneralTraining(
        schedule=Schedule(steps=args.steps),
        pretraining=Schedule(steps=args.pretraining_steps),
        folds=min(args.folds, len(people)),
        seed=args.seed,
    )
    rows, bins = examples[0].features.shape[1:]
    settings = attrs.evolve(settings, size=attrs.evolve(settings.size, rows=rows, bins=bins))
    lags = find_lags(mel_examples, readout, "log_mel", settings.feature_prior)
    synthetic = []
    if args.synthetic:
        facts = raw_facts(examples, readout, args.feature, settings.feature_prior)
        synthetic = synthetic_examples(
            args.synthetic, hear[args.feature], readout, facts.mouth_std,
            folder=scratch, seed=args.seed + 1,
        )  # fmt: skip
    watch.started("mapping")
    path = scratch / "general_mapping.onnx"
    made, _ = train_general(
        examples, path, feature=args.feature, readout=readout, settings=settings,
        licence=LICENCE, synthetic=synthetic, lags=lags,
        card=lambda scores: general_card(
            scores, examples, lags, size=settings.size, feature=args.feature, model=model.name,
            synthetic=len(synthetic), folds=settings.folds, command=_command(args),
            licence=LICENCE,
        ),
        report=lambda step, loss: watch.progress("mapping", step, settings.schedule.steps),
    )  # fmt: skip
    args.output.with_suffix(".md").write_text(made.facts["card"], encoding="utf-8")
    return path, {"clips": len(examples), "people": len(people)}


def _command(args: argparse.Namespace) -> str:
    """What makes the same mapping again, without names of folders."""
    return (
        f"talkgraph train mapping --clips DIR --feature {args.feature} "
        f"--synthetic {args.synthetic} --steps {args.steps} "
        f"--pretraining-steps {args.pretraining_steps} --folds {args.folds} --seed {args.seed} "
        f"-o {args.output.name}"
    )
