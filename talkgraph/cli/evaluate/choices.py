"""What the ways of evaluation have in common: clips, the system that is scored, its mapping."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from talkgraph.cli import options
from talkgraph.cli.output import check_input
from talkgraph.errors import InputError

if TYPE_CHECKING:
    from talkgraph.engine import Graph


@attrs.frozen
class OneClip:
    """A clip to be measured: how it is called, who is in it, and the graph's inputs."""

    name: str
    person: str
    inputs: dict[str, Any]


def add_videos(parser: argparse.ArgumentParser) -> None:
    """`--video FILE ...` and `--clips DIR`."""
    parser.add_argument(
        "-v", "--video", type=Path, nargs="+", default=[], metavar="FILE",
        help="clips of speaking people; each counts as another person",
    )  # fmt: skip
    parser.add_argument(
        "--clips", type=Path, metavar="DIR",
        help="clips as DIR/PERSON/CLIP.mp4, or DIR/CLIP.mp4 with another person in each",
    )  # fmt: skip


def check_videos(args: argparse.Namespace) -> None:
    """Raise InputError where no clip is given, or one cannot be read."""
    if not args.video and args.clips is None:
        raise InputError("no clip; give --video FILE, or --clips DIR")
    for path in args.video:
        check_input(path, "video")
    if args.clips is not None:
        from talkgraph.cli.train.clips import clips

        next(clips(args.clips))


def videos(args: argparse.Namespace) -> list[OneClip]:
    """The clips of `add_videos`, with the graph's input `video`."""
    found = [OneClip(path.name, path.stem, {"video": path}) for path in args.video]
    if args.clips is not None:
        from talkgraph.cli.train.clips import clips

        found += [OneClip(path.name, who, {"video": path}) for who, path in clips(args.clips)]
    return found


def add_system(parser: argparse.ArgumentParser, default: str) -> None:
    """`--graph NAME`, `--mapping FILE` and `--seed N`."""
    parser.add_argument(
        "--graph", default=default, metavar="GRAPH",
        help="the system that is scored, a name or a YAML file; default: %(default)s",
    )  # fmt: skip
    parser.add_argument(
        "--mapping", type=Path, metavar="FILE",
        help="an ONNX mapping from speech to motion, in the place of the system's own",
    )  # fmt: skip
    parser.add_argument("--seed", type=int, metavar="N", help="seed of all that is random")


def check_system(args: argparse.Namespace) -> None:
    """Raise InputError where `--mapping` is no readable file."""
    if args.mapping is not None:
        check_input(args.mapping, "mapping")


def system(args: argparse.Namespace, **more: Any) -> Graph:
    """The graph of `add_system`, with `--mapping` and `--set`, and options of the graph."""
    from talkgraph.cli.lookup import load_graph, with_settings

    graph = load_graph(args.graph, **{"seed": args.seed, **more})
    if args.mapping is not None:
        graph = with_mapping(graph, args.mapping)
    return with_settings(graph, options.pairs(args.settings, "--set"))


def with_mapping(graph: Graph, file: Path) -> Graph:
    """The graph with the network that reaches its ports `mapping` loaded from a file.

    Raises:
        InputError: it has no such network.
    """
    from talkgraph.cache.files import File
    from talkgraph.engine.declare.sources import parse_source
    from talkgraph.nodes.networks import LoadNetwork

    loaders = {
        parse_source(step.sources["mapping"])[0]
        for step in graph.steps.values()
        if "mapping" in step.sources
    }
    loaders = {name for name in loaders if isinstance(graph.steps[name].node, LoadNetwork)}
    if not loaders:
        raise InputError(
            f"--mapping: graph '{graph.name}' loads no mapping; leave it away, or give --graph"
        )
    return graph.replace(**{name: LoadNetwork(file=File(file)) for name in loaders})
