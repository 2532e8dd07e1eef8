"""Make the learned models anew from your own clips; tracking and fitting come out of the store."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from talkgraph.cli import options
from talkgraph.cli.progress import watcher
from talkgraph.cli.train import (
    face_model,
    general_refiner,
    head_motion,
    head_pattern,
    head_pose,
    keypoint_field,
    keypoint_motion,
    mapping,
    refiner,
)

NAME = "train"
HELP = "make the learned models anew from your own clips"

_MODELS: tuple[Any, ...] = (
    face_model,
    head_motion,
    head_pattern,
    head_pose,
    keypoint_field,
    keypoint_motion,
    mapping,
    general_refiner,
    refiner,
)
"""A module per model: NAME, HELP, OUTPUT, `add_arguments(parser)`, `check(args)`, which refuses
what is missing before any work, and `train(args, store, watch, scratch) -> Made`."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare `talkgraph train MODEL`."""
    models = parser.add_subparsers(dest="model", metavar="MODEL", required=True)
    for module in _MODELS:
        made = models.add_parser(module.NAME, help=module.HELP, description=module.HELP)
        made.add_argument(
            "-o", "--output", type=Path, metavar="FILE", default=Path(module.OUTPUT),
            help="default: %(default)s",
        )  # fmt: skip
        made.add_argument("--seed", type=int, default=0, metavar="N", help="default: %(default)s")
        options.add_device(made)
        options.add_store(made)
        options.add_quiet(made)
        options.add_json(made)
        options.add_debug(made)
        module.add_arguments(made)
        made.set_defaults(module=module)


def run(args: argparse.Namespace) -> int:
    """Train one of the models."""
    from talkgraph import models
    from talkgraph.cache import File
    from talkgraph.nodes import media

    media.check_target(args.output)
    args.module.check(args)
    store = options.open_store(args)
    with store.scratch() as scratch:
        with models.use_device(args.device), watcher(quiet=args.quiet) as watch:
            made, facts = args.module.train(args, store, watch, scratch)
        media.save(File(made), args.output)
    if args.json:
        print(json.dumps({"output": str(args.output), **facts}, ensure_ascii=False))
    elif not args.quiet:
        print(f"{args.output} is ready", file=sys.stderr)
    return 0
