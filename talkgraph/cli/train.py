"""Make the learned models anew from your own clips; tracking and fitting come out of the store."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from talkgraph.cli import options
from talkgraph.cli.output import check_input
from talkgraph.cli.progress import Watcher, watcher
from talkgraph.errors import InputError, NodeError

if TYPE_CHECKING:
    from talkgraph.cache.store import Store
    from talkgraph.engine import Graph

NAME = "train"
HELP = "make the learned models anew from your own clips"
_CLIPS = (".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi")
_LICENCE = "as the clips it was made from allow; say so before passing it on"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare `talkgraph train face-model|mapping|refiner`."""
    models = parser.add_subparsers(dest="model", metavar="MODEL", required=True)

    def model(name: str, text: str, output: str) -> argparse.ArgumentParser:
        made = models.add_parser(name, help=text, description=text)
        made.add_argument(
            "-o", "--output", type=Path, metavar="FILE", default=Path(output),
            help="default: %(default)s",
        )  # fmt: skip
        made.add_argument("--seed", type=int, default=0, metavar="N", help="default: %(default)s")
        options.add_device(made)
        options.add_store(made)
        options.add_quiet(made)
        options.add_json(made)
        options.add_debug(made)
        return made

    for name, text, output in (
        ("face-model", "the 3D face model, from tracked faces of many people", "face_model.npz"),
        ("mapping", "the general mapping from speech to motion", "general_mapping.onnx"),
    ):
        model(name, text, output).add_argument(
            "--clips", type=Path, metavar="DIR",
            help="videos as DIR/PERSON/CLIP.mp4, or DIR/CLIP.mp4 with another person in each",
        )  # fmt: skip
    refiner = model("refiner", "the refiner of one person, from a video", "refiner.onnx")
    refiner.add_argument("-v", "--video", type=Path, metavar="FILE", help="the person's video")
    refiner.add_argument(
        "--quality", choices=options.QUALITIES[1:], default="standard", help="default: %(default)s"
    )
    options.add_settings(refiner)


def run(args: argparse.Namespace) -> int:
    """Train one of the models."""
    from talkgraph import models
    from talkgraph.nodes import media

    media.check_target(args.output)
    trainers = {"face-model": _face_model, "mapping": _mapping, "refiner": _refiner}
    store = options.open_store(args)
    with models.use_device(args.device), watcher(quiet=args.quiet) as watch:
        facts = trainers[args.model](args, store, watch)
    if args.json:
        print(json.dumps({"output": str(args.output), **facts}, ensure_ascii=False))
    elif not args.quiet:
        print(f"{args.output} is ready", file=sys.stderr)
    return 0


def _refiner(args: argparse.Namespace, store: Store, watch: Watcher) -> dict[str, Any]:
    from talkgraph.cli.lookup import named_graph, with_settings
    from talkgraph.nodes import media

    if args.video is None:
        raise InputError("no video of the person; give --video FILE")
    check_input(args.video, "video")
    graph = named_graph("yi2020", quality=args.quality, seed=args.seed)
    graph = with_settings(graph, options.pairs(args.settings, "--set")).subgraph("refiner")
    result = graph.run({"video": args.video}, store=store, on_event=watch)
    media.save(result.output.file, args.output)
    return {}


def _mapping(args: argparse.Namespace, store: Store, watch: Watcher) -> dict[str, Any]:
    from talkgraph.cli.lookup import named_graph
    from talkgraph.nodes.pose_mapping.corpus import example_of
    from talkgraph.nodes.pose_mapping.readout import mouth_readout
    from talkgraph.nodes.pose_mapping.train import GeneralTraining, train_general

    steps = named_graph("yi2020").subgraph("fit", "clip_features", "face_model")
    examples, readout = [], None
    for person, clip, result in _over_clips(args.clips, steps, store, watch):
        features, fit = result["clip_features"], result["fit"]
        readout = readout or mouth_readout(result["face_model"])
        examples.append(example_of(features, fit, name=clip.stem, person=person))
    assert readout is not None
    feature = steps.steps["clip_features"].node.node_id
    settings = GeneralTraining(seed=args.seed)
    total = settings.schedule.steps
    watch.started("mapping")
    train_general(
        examples, args.output, feature=feature, readout=readout, settings=settings,
        licence=_LICENCE, report=lambda step, loss: watch.progress("mapping", step, total),
    )  # fmt: skip
    return {"clips": len(examples), "people": len({one.person for one in examples})}


def _face_model(args: argparse.Namespace, store: Store, watch: Watcher) -> dict[str, Any]:
    from talkgraph.cli.lookup import named_graph
    from talkgraph.nodes.face_fit.learn_model import Subject

    steps = named_graph("yi2020").subgraph("track")
    subjects = [
        Subject(person=person, track=result["track"], moving=True)
        for person, _, result in _over_clips(args.clips, steps, store, watch)
    ]
    return {"clips": len(subjects), "people": len({one.person for one in subjects})}


def _over_clips(
    folder: Path | None, graph: Graph, store: Store, watch: Watcher
) -> Iterator[tuple[str, Path, Any]]:
    """Run a graph of input `video` over all clips; those that cannot be used are named and left."""
    if folder is None:
        raise InputError("no clips; give --clips DIR")
    found = list(clips(folder))
    used = 0
    for number, (person, clip) in enumerate(found):
        watch.progress("clips", number, len(found))
        try:
            targets = [name for name in graph.steps if name in ("fit", "clip_features", "track")]
            yield person, clip, graph.run({"video": clip}, store=store, until=targets)
        except (InputError, NodeError) as error:
            watch.note("clips", f"{clip} is left out: {error}")
        else:
            used += 1
    if not used:
        raise InputError(f"{folder}: none of its {len(found)} clips can be used")


def clips(folder: Path) -> Iterator[tuple[str, Path]]:
    """Person and path of every video below a folder, in order of their names.

    Raises:
        InputError: no such folder, or no video in it.
    """
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder of clips; check the path")
    paths = [*folder.glob("*"), *folder.glob("*/*")]
    videos = sorted(path for path in paths if path.suffix.lower() in _CLIPS and path.is_file())
    if not videos:
        raise InputError(f"{folder}: no videos in it ({', '.join(_CLIPS)})")
    for path in videos:
        yield (path.stem if path.parent == folder else path.parent.name), path
