"""Make the learned models anew from your own clips; tracking and fitting come out of the store."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from talkgraph.cli import options
from talkgraph.cli.output import check_input
from talkgraph.cli.progress import Watcher, watcher
from talkgraph.errors import InputError, NodeError
from talkgraph.graphs.quality import QUALITIES

if TYPE_CHECKING:
    from talkgraph.cache.store import Store
    from talkgraph.engine import Graph, Result

NAME = "train"
HELP = "make the learned models anew from your own clips"
_CLIPS = (".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi")
_PHOTOS = (".jpg", ".jpeg", ".png", ".webp")
_GREY = 0.6  # albedo of all faces while only their shape is known
_LICENCE = "as the clips it was made from allow; say so before passing it on"

_Made = tuple[Path, dict[str, Any]]
"""The trained model, and what `--json` says besides its path."""


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

    faces = model(
        "face-model", "the 3D face model, from tracked faces of many people", "face_model.npz"
    )
    mapping = model("mapping", "the general mapping from speech to motion", "general_mapping.onnx")
    for made in (faces, mapping):
        made.add_argument(
            "--clips", type=Path, metavar="DIR",
            help="videos (for face-model also photos) as DIR/PERSON/CLIP.mp4, or DIR/CLIP.mp4 with "
            "another person in each",
        )  # fmt: skip
    mapping.add_argument(
        "--feature", choices=("mfcc", "log_mel"), default="mfcc",
        help="node whose features it hears; default: %(default)s",
    )  # fmt: skip
    for option, default, text in (
        ("--synthetic", 0, "utterances of Debian's flite to train on first"),
        ("--steps", 400, "optimiser steps on the clips"),
        ("--pretraining-steps", 500, "optimiser steps on the utterances"),
        ("--folds", 4, "groups of people in the cross-validation"),
    ):
        mapping.add_argument(
            option, type=int, default=default, metavar="N", help=f"{text}; default: %(default)s"
        )
    refiner = model("refiner", "the refiner of one person, from a video", "refiner.onnx")
    refiner.add_argument("-v", "--video", type=Path, metavar="FILE", help="the person's video")
    refiner.add_argument(
        "--quality", choices=QUALITIES[1:], default="standard", help="default: %(default)s"
    )
    options.add_settings(refiner)


def run(args: argparse.Namespace) -> int:
    """Train one of the models."""
    from talkgraph import models
    from talkgraph.cache import File
    from talkgraph.nodes import media

    media.check_target(args.output)
    if args.model == "refiner":
        if args.video is None:
            raise InputError("no video of the person; give --video FILE")
        check_input(args.video, "video")
    elif args.clips is None:
        raise InputError("no clips; give --clips DIR")
    else:
        next(clips(args.clips, photos=args.model == "face-model"))
    trainers = {"face-model": _face_model, "mapping": _mapping, "refiner": _refiner}
    store = options.open_store(args)
    with store.scratch() as scratch:
        with models.use_device(args.device), watcher(quiet=args.quiet) as watch:
            made, facts = trainers[args.model](args, store, watch, scratch)
        media.save(File(made), args.output)
    if args.json:
        print(json.dumps({"output": str(args.output), **facts}, ensure_ascii=False))
    elif not args.quiet:
        print(f"{args.output} is ready", file=sys.stderr)
    return 0


def _refiner(args: argparse.Namespace, store: Store, watch: Watcher, scratch: Path) -> _Made:
    from talkgraph.cli.lookup import load_graph, with_settings

    graph = load_graph("yi2020", quality=args.quality, seed=args.seed)
    graph = with_settings(graph, options.pairs(args.settings, "--set")).subgraph("refiner")
    inputs = {"video": args.video}
    result = graph.run(inputs, store=store, on_event=watch)
    return result.output.file.path, {}


def _check_several(folder: Path, people: set[str]) -> None:
    if len(people) < 2:
        raise InputError(
            f"{folder}: clips of one person only; a general mapping needs several, "
            "each in a subfolder"
        )


def _mapping(args: argparse.Namespace, store: Store, watch: Watcher, scratch: Path) -> _Made:
    _check_several(args.clips, {person for person, _ in clips(args.clips)})
    import torch

    from talkgraph.nodes.audio_features import LogMel, Mfcc
    from talkgraph.nodes.pose_mapping.readout import mouth_readout
    from talkgraph.nodes.pose_mapping.train.corpus import example_of, loudness_of
    from talkgraph.nodes.pose_mapping.train.fold_training import (
        GeneralTraining,
        find_lags,
        raw_facts,
        train_general,
    )
    from talkgraph.nodes.pose_mapping.train.general_card import general_card
    from talkgraph.nodes.pose_mapping.train.optimiser import Schedule
    from talkgraph.nodes.pose_mapping.train.synthetic import synthetic_examples

    torch.set_num_threads(1)  # the sums of several threads are not the same every time
    hear = {"mfcc": Mfcc().run, "log_mel": LogMel().run}
    examples, mel_examples, model = [], [], None
    for one in _tracked(args.clips, ("footage", "fit", "face_model"), store, watch):
        speech, fit, model = (one.result[name] for name in ("footage.speech", "fit", "face_model"))
        if speech is None:
            watch.note("clips", f"{one.path} is left out: it has no sound")
            continue
        who = {"name": one.path.stem, "person": one.person}
        loudness = loudness_of(speech, fit.motion.fps)
        examples.append(example_of(hear[args.feature](speech), fit, **who, loudness=loudness))
        mel_examples.append(example_of(hear["log_mel"](speech), fit, **who, loudness=loudness))
    people = {one.person for one in examples}
    _check_several(args.clips, people)  # some clips may have been left out
    assert model is not None  # there are examples
    readout = mouth_readout(model)
    settings = GeneralTraining(
        schedule=Schedule(steps=args.steps),
        pretraining=Schedule(steps=args.pretraining_steps),
        folds=min(args.folds, len(people)),
        seed=args.seed,
    )
    rows, bins = examples[0].features.shape[1:]
    settings = attrs.evolve(settings, size=attrs.evolve(settings.size, rows=rows, bins=bins))
    lags = find_lags(mel_examples, readout, "log_mel", settings.feature_prior)
    synthetic = []
    if args.synthetic:
        facts = raw_facts(examples, readout, args.feature, settings.feature_prior)
        synthetic = synthetic_examples(
            args.synthetic, hear[args.feature], readout, facts.mouth_std,
            folder=scratch, seed=args.seed + 1,
        )  # fmt: skip
    watch.started("mapping")
    path = scratch / "general_mapping.onnx"
    made, _ = train_general(
        examples, path, feature=args.feature, readout=readout, settings=settings,
        licence=_LICENCE, synthetic=synthetic, lags=lags,
        card=lambda scores: general_card(
            scores, examples, lags, size=settings.size, feature=args.feature, model=model.name,
            synthetic=len(synthetic), folds=settings.folds, command=_command(args),
            licence=_LICENCE,
        ),
        report=lambda step, loss: watch.progress("mapping", step, settings.schedule.steps),
    )  # fmt: skip
    args.output.with_suffix(".md").write_text(made.facts["card"], encoding="utf-8")
    return path, {"clips": len(examples), "people": len(people)}


def _command(args: argparse.Namespace) -> str:
    """What makes the same mapping again, without names of folders."""
    return (
        f"talkgraph train mapping --clips DIR --feature {args.feature} "
        f"--synthetic {args.synthetic} --steps {args.steps} "
        f"--pretraining-steps {args.pretraining_steps} --folds {args.folds} --seed {args.seed} "
        f"-o {args.output.name}"
    )


def _face_model(args: argparse.Namespace, store: Store, watch: Watcher, scratch: Path) -> _Made:
    """Shape from all tracks; then, with that shape fitted to every file, the albedo."""
    import numpy as np

    from talkgraph.cache import File
    from talkgraph.nodes.albedo.train.learn_albedo import FRAMES, learn_albedo
    from talkgraph.nodes.face_model.model_file import save_face_model
    from talkgraph.nodes.face_model.train.learn_shape import Subject, learn_face_model

    tracked = _tracked(args.clips, ("track",), store, watch, photos=True)
    shape = learn_face_model(
        [
            Subject(person=one.person, track=one.result["track"], moving=one.moving)
            for one in tracked
        ]
    )
    points = len(shape.mean)
    bases = {
        "mean_shape": shape.mean,
        "identity_basis": shape.identity,
        "expression_basis": shape.expression,
        "name": args.output.stem,
        "licence": _LICENCE,
    }
    grey = scratch / "grey.npz"
    save_face_model(
        grey,
        mean_albedo=np.full((points, 3), _GREY),
        albedo_basis=np.zeros((points, 3, 1)),
        **bases,
    )
    colours, people, model = [], [], None
    parameters: dict[str, dict[str, Any]] = {
        "face_model": {"file": File(grey)},
        "albedo": {"frames": FRAMES},
    }
    for one in _tracked(
        args.clips, ("albedo", "face_model"), store, watch, photos=True, parameters=parameters
    ):
        colours.append(one.result["albedo"].colour)
        people.append(one.person)
        model = one.result["face_model"]
    assert model is not None  # _tracked yields at least one
    path = scratch / "face_model.npz"
    albedo = learn_albedo(colours, people, model)
    save_face_model(
        path,
        mean_albedo=albedo.mean_albedo,
        albedo_basis=albedo.albedo_basis,
        inner_albedo=albedo.inner_albedo,
        **bases,
    )
    return path, {"files": len(people), "people": len(set(people))}


@attrs.frozen
class _Tracked:
    """A clip or photo of a person, and the run of the graph that looked at it."""

    person: str
    path: Path
    moving: bool
    graph: Graph
    result: Result


def _tracked(
    folder: Path,
    steps: tuple[str, ...],
    store: Store,
    watch: Watcher,
    *,
    photos: bool = False,
    parameters: Mapping[str, Mapping[str, Any]] | None = None,
) -> Iterator[_Tracked]:
    """Run `steps` over every clip, one at a time; what cannot be used is named and left out.

    Raises:
        InputError: no folder, no clips in it, or none that can be used.
    """
    from talkgraph.cli.lookup import load_graph

    found = list(clips(folder, photos=photos))
    used = 0
    for number, (person, path) in enumerate(found):
        watch.progress("clips", number, len(found))
        moving = path.suffix.lower() in _CLIPS
        graph = load_graph("yi2020" if moving else "photo")
        graph = graph.with_params(**(parameters or {})).subgraph(*steps)
        inputs = {"video" if moving else "photo": path}
        try:
            result = graph.run(inputs, store=store, until=steps)
        except (InputError, NodeError) as error:
            words = str(error).removeprefix(f"{path}: ")
            watch.note("clips", f"{path} is left out: {words}")
            continue
        used += 1
        yield _Tracked(person, path, moving, graph, result)
    if not used:
        raise InputError(f"{folder}: none of its {len(found)} files can be used; see the notes")


def clips(folder: Path, *, photos: bool = False) -> Iterator[tuple[str, Path]]:
    """Person and path of every video (and photo) below a folder, in order of their names.

    Raises:
        InputError: no such folder, or nothing in it.
    """
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder of clips; check the path")
    wanted = (*_CLIPS, *_PHOTOS) if photos else _CLIPS
    paths = [*folder.glob("*"), *folder.glob("*/*")]
    found = sorted(path for path in paths if path.suffix.lower() in wanted and path.is_file())
    if not found:
        raise InputError(f"{folder}: no clips in it ({', '.join(wanted)})")
    for path in found:
        yield (path.stem if path.parent == folder else path.parent.name), path
