"""Write a part of a finished run as a file for other programs: the fitted head as a mesh."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from talkgraph.cli.options import add_debug, add_quiet, add_run_or_video, add_store, known_store
from talkgraph.cli.report import run_of
from talkgraph.errors import InputError

if TYPE_CHECKING:
    from talkgraph.report import RunValues

NAME = "export"
HELP = "write the fitted head of a video as a mesh"
_FORMATS = (".glb", ".ply", ".obj")

T = TypeVar("T")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `talkgraph export`."""
    kinds = parser.add_subparsers(dest="kind", metavar="KIND", required=True)
    mesh = kinds.add_parser(
        "mesh", help="the fitted head, coloured by its albedo; as GLB it moves as in the video"
    )
    add_run_or_video(mesh)
    mesh.add_argument(
        "-o", "--output", type=Path, default=Path("head.glb"), metavar="FILE",
        help="where it goes, as .glb, .ply or .obj; default: %(default)s",
    )  # fmt: skip
    mesh.add_argument("--still", action="store_true", help="leave the motion out of a GLB")
    add_store(mesh)
    add_quiet(mesh)
    add_debug(mesh)


def run(args: argparse.Namespace) -> int:
    """Take the fit, its model and its albedo out of the store and write the mesh."""
    suffix = args.output.suffix.lower()
    if suffix not in _FORMATS:
        raise InputError(f"{args.output}: a mesh ends in {', '.join(_FORMATS)}; name it so")
    from talkgraph.nodes.face_model.face_model import FaceModel
    from talkgraph.nodes.media import check_target, save
    from talkgraph.nodes.render import ExportMesh
    from talkgraph.nodes.values import Albedo, Backgrounds, FaceFit, Motion
    from talkgraph.report import RunValues

    check_target(args.output)
    store = known_store(args)
    found, _ = run_of(store, args.run_or_video)
    with RunValues(found, store) as values:
        adjusted = values.nearest(Backgrounds)
        motion = values.nearest(Motion) if adjusted is None else adjusted.motion
        file = ExportMesh(format=suffix[1:]).run(
            _needed(values, FaceFit),
            _needed(values, FaceModel),
            _needed(values, Albedo),
            None if args.still else motion,
        )
        save(file, args.output)
    if not args.quiet:
        print(f"{args.output} has the head of run {found.run_id}", file=sys.stderr)
    return 0


def _needed(values: RunValues, kind: type[T]) -> T:
    found = values.nearest(kind)
    if found is None:
        raise InputError(
            f"run {values.run.run_id}: the store has no {kind.__name__} of it; make the video "
            "again with a graph that fits a face model, then export"
        )
    return found
