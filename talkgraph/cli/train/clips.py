"""The user's clips: whose they are, the run of a graph over each, and the fits that are kept."""

from __future__ import annotations

import argparse
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import attrs

from talkgraph.cli.progress import Watcher
from talkgraph.cli.train.fits import HeardClip, fit_path, kept_fits, read_fit, write_fit
from talkgraph.errors import InputError, NodeError
from talkgraph.graphs.quality import Quality

if TYPE_CHECKING:
    from talkgraph.cache.store import Store
    from talkgraph.engine import Graph, Result

LICENCE = "as the clips it was made from allow; say so before passing it on"
_CLIPS = (".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi")
_PHOTOS = (".jpg", ".jpeg", ".png", ".webp")

Made = tuple[Path, dict[str, Any]]
"""The trained model, and what `--json` says besides its path."""


def add_clips(parser: argparse.ArgumentParser) -> None:
    """`--clips DIR`."""
    parser.add_argument(
        "--clips", type=Path, metavar="DIR",
        help="videos (for face-model also photos) as DIR/PERSON/CLIP.mp4, or DIR/CLIP.mp4 with "
        "another person in each",
    )  # fmt: skip


def add_fits(parser: argparse.ArgumentParser) -> None:
    """`--fits DIR`."""
    parser.add_argument(
        "--fits", type=Path, metavar="DIR",
        help="keep the fit and the sound of every clip here, and read them from here where they "
        "are kept; then --clips may be left out",
    )  # fmt: skip


def add_counts(parser: argparse.ArgumentParser, *counts: tuple[str, int, str]) -> None:
    """Options that are whole numbers, by name, default and help."""
    for option, default, text in counts:
        parser.add_argument(
            option, type=int, default=default, metavar="N", help=f"{text}; default: %(default)s"
        )


def add_minutes(parser: argparse.ArgumentParser, minutes: int) -> None:
    """`--minutes` of training, and `--state FILE` to go on from."""
    add_counts(parser, ("--minutes", minutes, "how long to train"))
    parser.add_argument(
        "--state", type=Path, metavar="FILE",
        help="keeps what is learned, every two minutes; a training goes on from there",
    )  # fmt: skip


def check_clips(args: argparse.Namespace, *, photos: bool = False) -> None:
    """Raise InputError where `--clips` is missing, or names a folder without any."""
    if args.clips is None:
        raise InputError("no clips; give --clips DIR")
    next(clips(args.clips, photos=photos))


def check_heard(args: argparse.Namespace) -> None:
    """Raise InputError unless `--clips` or `--fits` have clips of two people or more."""
    if args.clips is None and args.fits is None:
        raise InputError("no clips; give --clips DIR, or --fits DIR of an earlier training")
    people = set()
    if args.clips is not None:
        people |= {person for person, _ in clips(args.clips)}
    if args.fits is not None:
        people |= {person for person, _ in kept_fits(args.fits)}
    if not people:
        raise InputError(f"{args.fits}: no fits in it; give --clips DIR to make them")
    check_several(args.clips or args.fits, people)


def check_several(folder: Path, people: set[str]) -> None:
    """Raise InputError unless there are clips of two people or more."""
    if len(people) < 2:
        raise InputError(
            f"{folder}: clips of one person only; a general model needs several, "
            "each in a subfolder"
        )


class Named(Protocol):
    """What a training learns from a clip."""

    @property
    def name(self) -> str:
        """Of the clip."""
        ...

    @property
    def person(self) -> str:
        """Whose it is."""
        ...


def note_short(
    examples: Sequence[Named], kept: Sequence[Named], seconds: float, folder: Path, watch: Watcher
) -> None:
    """Name the clips that are not `kept`, being shorter than so many seconds.

    Raises:
        InputError: clips of one person at most are kept.
    """
    names = {(one.person, one.name) for one in kept}
    for one in examples:
        if (one.person, one.name) not in names:
            watch.note("clips", f"{one.person}/{one.name} is left out: shorter than {seconds:g} s")
    if len({one.person for one in kept}) < 2:
        raise InputError(
            f"{folder}: clips of two people or more are needed, each of {seconds:g} s or more; "
            "add longer ones"
        )


@attrs.frozen
class TrackedClip:
    """A clip or photo of a person, and the run of the graph that looked at it."""

    person: str
    path: Path
    moving: bool
    graph: Graph
    result: Result


def tracked_clips(
    folder: Path,
    steps: tuple[str, ...],
    store: Store,
    watch: Watcher,
    *,
    photos: bool = False,
    parameters: Mapping[str, Mapping[str, Any]] | None = None,
    besides: Collection[Path] = (),
    quality: Quality = "draft",
) -> Iterator[TrackedClip]:
    """Run `steps` over every clip, one at a time; what cannot be used is named and left out.

    Args:
        besides: clips of the folder that are not looked at.
        quality: of the graph that has the steps.

    Raises:
        InputError: no folder, no clips in it, or none that can be used.
    """
    from talkgraph.cli.lookup import load_graph

    found = list(clips(folder, photos=photos))
    used = len(besides)
    for number, (person, path) in enumerate(found):
        watch.progress("clips", number, len(found))
        if path in besides:
            continue
        moving = path.suffix.lower() in _CLIPS
        graph = load_graph("yi2020" if moving else "photo", quality=quality)
        graph = graph.with_params(**(parameters or {})).subgraph(*steps)
        inputs = {"video" if moving else "photo": path}
        try:
            result = graph.run(inputs, store=store, until=steps)
        except (InputError, NodeError) as error:
            words = str(error).removeprefix(f"{path}: ")
            watch.note("clips", f"{path} is left out: {words}")
            continue
        used += 1
        yield TrackedClip(person, path, moving, graph, result)
    if not used:
        raise InputError(f"{folder}: none of its {len(found)} files can be used; see the notes")


def heard_clips(args: argparse.Namespace, store: Store, watch: Watcher) -> list[HeardClip]:
    """All clips of `--clips` that have sound, and those whose fits are kept in `--fits`.

    In order of person and name, whether they were tracked now, stored, or kept.

    Raises:
        InputError: as of `tracked_clips` and `read_fit`.
    """
    from talkgraph.nodes.face_model import LoadFaceModel

    face_model = LoadFaceModel().run().name
    found: dict[tuple[str, str], HeardClip] = {}
    for person, path in kept_fits(args.fits) if args.fits is not None else ():
        found[person, path.stem] = read_fit(path, person, face_model)
    if args.clips is not None:
        kept = {path for person, path in clips(args.clips) if (person, path.stem) in found}
        for one in tracked_clips(args.clips, ("view", "fit"), store, watch, besides=kept):
            speech = one.result["view.speech"]
            if speech is None:
                watch.note("clips", f"{one.path} is left out: it has no sound")
                continue
            clip = HeardClip(
                name=one.path.stem, person=one.person, fit=one.result["fit"], speech=speech
            )
            if args.fits is not None:  # read back: a later training is to hear the very same
                path = fit_path(args.fits, clip.person, clip.name)
                write_fit(path, clip, face_model)
                clip = read_fit(path, clip.person, face_model)
            found[clip.person, clip.name] = clip
    return [found[key] for key in sorted(found)]


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
