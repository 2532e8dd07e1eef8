"""How well a mouth follows speech: each clip's own sound drives the motion of a person who is known
by one frame alone, and the motion is compared with the tracked one.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from talkgraph.cli.evaluate.choices import (
    OneClip,
    add_system,
    add_videos,
    check_system,
    check_videos,
    system,
    videos,
)
from talkgraph.cli.output import check_input
from talkgraph.errors import InputError

if TYPE_CHECKING:
    from talkgraph.engine import Graph

NAME = "sync"
HELP = "does the mouth follow the speech of somebody whom no training saw?"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `talkgraph evaluate sync`."""
    add_videos(parser)
    add_system(parser, default="photo")
    parser.add_argument(
        "--phones", type=Path, metavar="FILE",
        help="where the phones of the one clip lie (Praat's TextGrid, Audacity's labels, or MFA's "
        "CSV): closures are then p, b and m",
    )  # fmt: skip
    parser.add_argument(
        "--ceilings", action="store_true",
        help="also what can be reached: the tracker on a compressed copy, and on the real motion "
        "through the renderer; takes several times as long",
    )  # fmt: skip


def check(args: argparse.Namespace) -> None:
    """Refuse what is missing."""
    check_videos(args)
    check_system(args)
    if args.phones is not None:
        check_input(args.phones, "alignment")
        if len(args.video) != 1 or args.clips is not None:
            raise InputError("--phones belongs to one clip; give one --video")


def graph(args: argparse.Namespace) -> Graph:
    """The graph that is run over each clip."""
    from talkgraph.cli.lookup import load_graph
    from talkgraph.graphs.evaluate import sync

    renderer = load_graph("yi2020") if args.ceilings else None
    return sync(system(args), renderer=renderer, phones=args.phones is not None)


def clips(args: argparse.Namespace) -> list[OneClip]:
    """The inputs of each."""
    more = {} if args.phones is None else {"phones": args.phones}
    return [attrs.evolve(one, inputs={**one.inputs, **more}) for one in videos(args)]
