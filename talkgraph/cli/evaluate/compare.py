"""One video against another of the same framing: mouth, head, blinks, pictures, identity."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from talkgraph.cli import options
from talkgraph.cli.evaluate.choices import OneClip
from talkgraph.cli.output import check_input

if TYPE_CHECKING:
    from talkgraph.engine import Graph

NAME = "compare"
HELP = "one video against another of the same framing"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `talkgraph evaluate compare`."""
    parser.add_argument("made", type=Path, metavar="A.mp4", help="the video that is judged")
    parser.add_argument("real", type=Path, metavar="B.mp4", help="the one that it is held against")


def check(args: argparse.Namespace) -> None:
    """Refuse what cannot be read."""
    check_input(args.made, "video")
    check_input(args.real, "video")


def graph(args: argparse.Namespace) -> Graph:
    """The graph that is run."""
    from talkgraph.cli.lookup import load_graph, with_settings
    from talkgraph.graphs.evaluate import compare

    return compare(with_settings(load_graph("yi2020"), options.pairs(args.settings, "--set")))


def clips(args: argparse.Namespace) -> list[OneClip]:
    """The two files as the graph's inputs."""
    return [OneClip(args.made.name, args.made.stem, {"made": args.made, "real": args.real})]
