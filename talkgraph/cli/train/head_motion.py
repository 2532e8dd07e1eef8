"""`talkgraph train head-motion`: the flow from which head motion is drawn."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from talkgraph.cli.progress import Watcher
from talkgraph.cli.train.clips import (
    LICENCE,
    Made,
    add_clips,
    add_counts,
    add_fits,
    check_heard,
    heard_clips,
    note_short,
)

if TYPE_CHECKING:
    from talkgraph.cache.store import Store
    from talkgraph.cli.train.fits import HeardClip
    from talkgraph.nodes.values import SpeechFeatures

NAME = "head-motion"
HELP = "the flow from which head motion is drawn, from clips of many people"
OUTPUT = "head_motion.onnx"
SHARES = (0.5,)  # of the other people, for the learning curve beside all of them


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the clips and for how long to train."""
    add_clips(parser)
    add_fits(parser)
    add_counts(
        parser,
        ("--steps", 1000, "optimiser steps"),
        ("--folds", 3, "groups of people in the cross-validation; 0 for none"),
    )


def check(args: argparse.Namespace) -> None:
    """Raise InputError where there are no clips, or of one person only."""
    check_heard(args)


def encoded_clips(
    args: argparse.Namespace, store: Store, watch: Watcher
) -> Iterator[tuple[HeardClip, SpeechFeatures]]:
    """Every clip with sound, and what the speech encoder hears in it."""
    from talkgraph.nodes.audio_features import SpeechEncoder
    from talkgraph.nodes.networks import LoadNetwork

    network = LoadNetwork(name="speech-encoder-tiny").run()
    for clip in heard_clips(args, store, watch):
        yield clip, SpeechEncoder().run(clip.speech, network)


def train(args: argparse.Namespace, store: Store, watch: Watcher, scratch: Path) -> Made:
    """Train on all clips; the model card goes beside the output."""
    import torch

    from talkgraph.nodes.head_motion.train.card import flow_card
    from talkgraph.nodes.head_motion.train.corpus import example_of
    from talkgraph.nodes.head_motion.train.train_flow import (
        FlowTraining,
        cross_validate,
        mean_loss,
        report_of,
        train_flow,
        usable,
    )

    torch.set_num_threads(1)  # the sums of several threads are not the same every time
    settings = FlowTraining(folds=args.folds, seed=args.seed)
    settings = attrs.evolve(settings, schedule=attrs.evolve(settings.schedule, steps=args.steps))
    heard = [
        example_of(one.speech, features, one.fit, name=one.name, person=one.person)
        for one, features in encoded_clips(args, store, watch)
    ]
    examples = usable(heard, settings)
    note_short(heard, examples, settings.min_seconds, args.clips or args.fits, watch)
    people = {one.person for one in examples}
    settings = attrs.evolve(settings, folds=min(settings.folds, len(people)))
    watch.started("head-motion")

    def report(step: int, loss: float) -> None:
        watch.progress("head-motion", step, settings.schedule.steps)

    by_share = {
        share: cross_validate(examples, settings, scratch, report, share=share)
        for share in ((*SHARES, 1.0) if settings.folds > 1 else ())
    }
    scores = by_share.get(1.0, [])
    curve = {
        share: mean_loss([one for score in found for one in score.of_clips])
        for share, found in by_share.items()
    }
    for share, loss in curve.items():
        watch.note("head-motion", f"learned from {share:.0%} of the other people: loss {loss:.4f}")
    found = report_of(scores)
    if found["worst"]:
        watch.note("head-motion", f"least foreseen: {found['worst']['person']}")
    card = flow_card(
        examples, scores, settings, licence=LICENCE,
        command=f"talkgraph train head-motion --clips DIR --steps {args.steps} "
        f"--folds {args.folds} --seed {args.seed} -o {args.output.name}",
    )  # fmt: skip
    path = scratch / "head_motion.onnx"
    train_flow(examples, path, settings=settings, licence=LICENCE, card=card, report=report)
    args.output.with_suffix(".md").write_text(card, encoding="utf-8")
    protocol = {"steps": args.steps, "folds": settings.folds, "seed": args.seed}
    return path, {
        "clips": len(examples), "people": len(people), "protocol": protocol,
        "curve": {f"{share:g}": loss for share, loss in curve.items()}, **found,
    }  # fmt: skip
