"""How near a person comes to themselves: learned from the first seconds of each clip, driven by the
sound of the rest, compared with the real rest.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from talkgraph.cli.evaluate.choices import (
    OneClip,
    add_system,
    add_videos,
    check_system,
    check_videos,
    system,
    videos,
)
from talkgraph.errors import InputError
from talkgraph.graphs.quality import QUALITIES

if TYPE_CHECKING:
    from talkgraph.engine import Graph

NAME = "self"
HELP = "does a person, learned from a clip's start, move and look as in its rest?"
SECONDS = 10.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `talkgraph evaluate self`."""
    add_videos(parser)
    add_system(parser, default="yi2020")
    parser.add_argument(
        "--seconds", type=float, default=SECONDS, metavar="N",
        help="learned from; the rest of the clip is the truth; default: %(default)g",
    )  # fmt: skip
    parser.add_argument("--quality", choices=QUALITIES, help="of the video; default: draft")
    parser.add_argument(
        "--diversity", action="store_true",
        help="also how much two seeds differ; the person is learned a second time",
    )  # fmt: skip
    parser.add_argument(
        "--no-pictures", action="store_false", dest="pictures",
        help="leave the video out: motion alone, in a fraction of the time",
    )  # fmt: skip


def check(args: argparse.Namespace) -> None:
    """Refuse what is missing."""
    check_videos(args)
    check_system(args)
    if not 0 < args.seconds < float("inf"):
        raise InputError(f"--seconds {args.seconds:g}: give a number above 0")


def graph(args: argparse.Namespace) -> Graph:
    """The graph that is run over each clip."""
    from talkgraph.graphs.evaluate import self_reenactment

    talk, other = system(args, quality=args.quality), None
    if args.diversity:
        other = system(args, quality=args.quality, seed=(args.seed or 0) + 1)
    return self_reenactment(talk, seconds=args.seconds, pictures=args.pictures, other=other)


def clips(args: argparse.Namespace) -> list[OneClip]:
    """The inputs of each."""
    return videos(args)
