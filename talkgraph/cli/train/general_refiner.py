"""`talkgraph train general-refiner`: the refiner of people in general, from which that of a person
starts (Yi et al. 2020, section 4.1).
"""

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
    check_clips,
    check_several,
    clips,
    tracked_clips,
)
from talkgraph.errors import InputError

if TYPE_CHECKING:
    from talkgraph.cache.store import Store
    from talkgraph.nodes.refine.general.examples import Example
    from talkgraph.nodes.refine.general.training import GeneralTraining

NAME = "general-refiner"
HELP = "the refiner of people in general, from clips of many people"
OUTPUT = "general_refiner.onnx"
STEPS = ("rehearsal_composite", "clip", "track", "identity")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the clips and for how long to train."""
    add_clips(parser)
    add_counts(
        parser,
        ("--steps", 6000, "optimiser steps"),
        ("--batch", 4, "moments per step"),
        ("--held-out", 8, "every which person is kept back and scored; 0 for none"),
    )


def check(args: argparse.Namespace) -> None:
    """Raise InputError where there are no clips, or nothing is to be done with them."""
    check_clips(args)
    for option in ("steps", "batch"):
        if getattr(args, option) < 1:
            raise InputError(f"--{option} {getattr(args, option)}: give 1 or more")
    if args.held_out < 0 or args.held_out == 1:
        raise InputError(f"--held-out {args.held_out}: give 0, or 2 or more")


def examples(
    folder: Path, settings: GeneralTraining, store: Store, watch: Watcher
) -> Iterator[Example]:
    """Moments of every clip, re-enacted over its other frames as for a personal refiner."""
    from talkgraph.nodes.refine.general.examples import example_of

    for one in tracked_clips(folder, STEPS, store, watch, quality="standard"):
        example = example_of(
            one.result["rehearsal_composite"],
            one.result["clip"].frames,
            one.result["track"],
            one.result["identity"],
            name=one.path.stem,
            person=one.person,
            size=settings.size,
            margin=settings.margin,
            moments=settings.moments,
        )
        if example is None:
            watch.note("clips", f"{one.path} is left out: too short, or no face in it")
        else:
            yield example


def train(args: argparse.Namespace, store: Store, watch: Watcher, scratch: Path) -> Made:
    """Train, score on people kept back, and write network and model card.

    A training that is cut off goes on from the checkpoint beside the output.
    """
    check_several(args.clips, {person for person, _ in clips(args.clips)})
    import torch

    from talkgraph.nodes.refine.general.card import refiner_card
    from talkgraph.nodes.refine.general.examples import kept_back
    from talkgraph.nodes.refine.general.score import scores_of
    from talkgraph.nodes.refine.general.training import GeneralTraining
    from talkgraph.nodes.refine.general.training import train as train_general
    from talkgraph.nodes.refine.general.write import write_general

    torch.set_num_threads(1)  # the sums of several threads are not the same every time
    settings = GeneralTraining(seed=args.seed)
    settings = attrs.evolve(settings, steps=args.steps, batch=args.batch)
    learned, unseen = kept_back(list(examples(args.clips, settings, store, watch)), args.held_out)
    check_several(args.clips, {one.person for one in learned})
    watch.started(NAME)
    checkpoint = args.output.with_suffix(".checkpoint")
    generator = train_general(
        learned,
        settings,
        checkpoint=checkpoint,
        report=lambda step, _: watch.progress(NAME, step, settings.steps),
    )
    scores = scores_of(generator, unseen)
    command = (
        f"talkgraph train general-refiner --clips DIR --steps {args.steps} --batch {args.batch} "
        f"--held-out {args.held_out} --seed {args.seed} -o {args.output.name}"
    )
    card = refiner_card(learned, scores, settings, generator, licence=LICENCE, command=command)
    path = scratch / OUTPUT
    write_general(generator, path, settings, learned, licence=LICENCE)
    args.output.with_suffix(".md").write_text(card, encoding="utf-8")
    checkpoint.unlink(missing_ok=True)
    return path, {"clips": len(learned), "people": len({one.person for one in learned})}
