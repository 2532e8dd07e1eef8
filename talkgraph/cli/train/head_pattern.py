"""`talkgraph train head-pattern`: encoder and decoder of motion behaviour patterns."""

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
    add_fits,
    check_heard,
    heard_clips,
    note_short,
)

if TYPE_CHECKING:
    from talkgraph.cache.store import Store

NAME = "head-pattern"
HELP = "how people move the head, for the graph yi2022: the decoder, and its encoder beside it"
OUTPUT = "head_pattern_decoder.onnx"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the clips and for how long to train."""
    add_clips(parser)
    add_fits(parser)
    add_counts(
        parser,
        ("--encoder-steps", 1000, "optimiser steps of the encoder"),
        ("--decoder-steps", 500, "optimiser steps of the decoder"),
        ("--folds", 3, "groups of people in the cross-validation"),
    )


def check(args: argparse.Namespace) -> None:
    """Raise InputError where there are no clips, or of one person only."""
    check_heard(args)


def encoder_beside(decoder: Path) -> Path:
    """Where the encoder of a decoder's file is written."""
    named = decoder.stem.replace("decoder", "encoder")
    stem = named if named != decoder.stem else f"{decoder.stem}_encoder"
    return decoder.with_name(stem + decoder.suffix)


def train(args: argparse.Namespace, store: Store, watch: Watcher, scratch: Path) -> Made:
    """Train on all clips; encoder and model cards go beside the output."""
    import torch

    from talkgraph.cache import File
    from talkgraph.nodes import media
    from talkgraph.nodes.audio_features import Mfcc
    from talkgraph.nodes.head_motion.pattern.train.card import pattern_cards, scores_text
    from talkgraph.nodes.head_motion.pattern.train.corpus import example_of
    from talkgraph.nodes.head_motion.pattern.train.train_patterns import (
        PatternTraining,
        cross_validate,
        train_patterns,
        usable,
    )

    torch.set_num_threads(1)  # the sums of several threads are not the same every time
    settings = PatternTraining(seed=args.seed)
    settings = attrs.evolve(
        settings,
        encoder=attrs.evolve(settings.encoder, steps=args.encoder_steps),
        decoder=attrs.evolve(settings.decoder, steps=args.decoder_steps),
    )
    hear = Mfcc(keep_zeroth=True)
    heard = [
        example_of(one.speech, hear.run(one.speech), one.fit, name=one.name, person=one.person)
        for one in heard_clips(args, store, watch)
    ]
    examples = usable(heard, settings)
    note_short(heard, examples, settings.min_seconds, args.clips or args.fits, watch)
    people = {one.person for one in examples}
    settings = attrs.evolve(settings, folds=min(args.folds, len(people)))

    def report(what: str, step: int, steps: int) -> None:
        watch.progress(what, step, steps)

    scores = cross_validate(examples, settings, report)
    watch.note("head-pattern", scores_text(scores))
    trained = train_patterns(examples, settings, report)
    cards = pattern_cards(
        examples, scores, settings, licence=LICENCE,
        command=f"talkgraph train head-pattern --clips DIR --encoder-steps {args.encoder_steps} "
        f"--decoder-steps {args.decoder_steps} --folds {args.folds} --seed {args.seed} "
        f"-o {args.output.name}",
    )  # fmt: skip
    paths = {name: scratch / f"{name}.onnx" for name in ("encoder", "decoder")}
    texts = {name: {"licence": LICENCE, "card": card} for name, card in cards.items()}
    trained.write(paths["encoder"], paths["decoder"], texts)
    beside = {"encoder": encoder_beside(args.output), "decoder": args.output}
    media.save(File(paths["encoder"]), beside["encoder"])
    for name, card in cards.items():
        beside[name].with_suffix(".md").write_text(card, encoding="utf-8")
    return paths["decoder"], {
        "encoder": str(beside["encoder"]),
        "clips": len(examples),
        "people": len(people),
        "scores": attrs.asdict(scores),
    }
