"""`talkgraph train refiner`: the refiner of one person, as the graph of the main job trains it."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from talkgraph.cli import options
from talkgraph.cli.output import check_input
from talkgraph.cli.progress import Watcher
from talkgraph.cli.train.clips import Made
from talkgraph.errors import InputError
from talkgraph.graphs.quality import QUALITIES

if TYPE_CHECKING:
    from talkgraph.cache.store import Store

NAME = "refiner"
HELP = "the refiner of one person, from a video"
OUTPUT = "refiner.onnx"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the video and how much is spent on it."""
    parser.add_argument("-v", "--video", type=Path, metavar="FILE", help="the person's video")
    parser.add_argument(
        "--quality", choices=QUALITIES[1:], default="standard", help="default: %(default)s"
    )
    options.add_settings(parser)


def check(args: argparse.Namespace) -> None:
    """Raise InputError where there is no video."""
    if args.video is None:
        raise InputError("no video of the person; give --video FILE")
    check_input(args.video, "video")


def train(args: argparse.Namespace, store: Store, watch: Watcher, scratch: Path) -> Made:
    """Run the graph up to the refiner."""
    from talkgraph.cli.lookup import load_graph, with_settings

    graph = load_graph("yi2020", quality=args.quality, seed=args.seed)
    graph = with_settings(graph, options.pairs(args.settings, "--set")).subgraph("refiner")
    inputs = {"video": args.video}
    result = graph.run(inputs, store=store, on_event=watch)
    return result.output.file.path, {}
