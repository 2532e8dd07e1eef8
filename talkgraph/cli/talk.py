"""Make a video of a person saying the speech, from a short video or one photo of them."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from talkgraph.cli import options, samples
from talkgraph.cli.import_ahead import importing_ahead
from talkgraph.cli.output import check_input, check_output, deliver
from talkgraph.cli.progress import watcher
from talkgraph.cli.report import add_report, check_page, reporting_failure, write_page
from talkgraph.errors import InputError
from talkgraph.graphs.quality import PRESETS, QUALITIES
from talkgraph.report.format import duration

if TYPE_CHECKING:
    from talkgraph.engine import Graph, StepRecord
    from talkgraph.nodes.media import Marks

NAME = "talk"
HELP = "make a talking video (the main job)"
TURNS = (0, 90, 180, 270)  # degrees
_GRAPHS = {"video": "yi2020", "photo": "photo"}
_PARAMETERS = {  # of the graphs, that options of their own set
    "shot": "faces.shot",
    "turn": "footage.turn",
    "audio_track": "speech.audio_track",
    "video_track": "footage.video_track",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `talkgraph talk`."""
    add = parser.add_argument
    add("-a", "--audio", type=Path, metavar="FILE",
        help="the speech: WAV, FLAC, MP3, M4A or the sound of a video")  # fmt: skip
    add("-v", "--video", type=Path, metavar="FILE", help="the person: a video of 2 s or more")
    add("-p", "--photo", type=Path, metavar="FILE", help="the person: one photo")
    add("-o", "--output", type=Path, metavar="FILE", default=Path("talk.mp4"),
        help="where the MP4 goes; default: %(default)s")  # fmt: skip
    add("--sample", action="store_true",
        help="take the built-in speech and photo for what is not given")  # fmt: skip
    add("--face", type=int, metavar="N",
        help="which face speaks, if there are several: 1 is the largest")  # fmt: skip
    add("--shot", type=int, metavar="N",
        help="which shot of a video that cuts; default: the one that shows the face longest",
        )  # fmt: skip
    add("--turn", type=int, choices=TURNS, metavar="DEGREES",
        help="turn the video or photo clockwise: 90, 180 or 270")  # fmt: skip
    add("--audio-track", type=int, metavar="N",
        help="which sound track of the speech; default: the first audible one")  # fmt: skip
    add("--video-track", type=int, metavar="N", help="which picture track of the video")
    add("--graph", metavar="GRAPH",
        help="another graph than yi2020 for a video or photo for a photo, by name (yi2022, "
        "audio2head) or as a YAML file")  # fmt: skip
    add("--quality", choices=QUALITIES,
        help="draft is quick, standard and best train a refiner on the video; "
        "default: draft")  # fmt: skip
    add("--preset", choices=PRESETS,
        help="whose refiner is trained on a video: ours, or the paper's with memory, which wants "
        "a GPU; default: ours")  # fmt: skip
    add("--seed", type=int, metavar="N", help="seed of all that is random")
    options.add_device(parser)
    options.add_settings(parser)
    options.add_store(parser)
    options.add_executor(parser)
    options.add_marks(parser)
    options.add_metadata(parser)
    add_report(parser)
    options.add_quiet(parser)
    options.add_json(parser)
    options.add_debug(parser)


def run(args: argparse.Namespace) -> int:
    """Check all that can be checked, run the graph, put the video in its place."""
    began = time.perf_counter()
    audio, kind, person = _inputs(args)
    check_output(args.output, [audio, person])
    if args.report is not None:
        check_page(args.report)
    signer = options.signer_of(args)

    from talkgraph import models
    from talkgraph.cli.lookup import load_graph, with_settings

    models.check_runtime()  # before anything is fetched for it
    given = {"quality": args.quality, "seed": args.seed, "face": args.face, "preset": args.preset}
    given |= options.mark_options(args)
    graph = load_graph(args.graph or _GRAPHS[kind], **given)
    _check_takes(graph, args.graph or graph.name, kind)
    graph = with_settings(graph, options.pairs(args.settings, "--set") | _chosen(args, kind))
    inputs = {"audio": audio, kind: person}
    executor = options.executor_of(args)
    store = options.open_store(args)
    quiet = args.quiet or args.json
    with (
        models.use_device(args.device),
        reporting_failure(args.report, store, quiet=quiet, title=args.output.name),
        watcher(quiet=args.quiet, store=store, graph=graph.name, inputs=inputs) as watch,
    ):
        result = graph.run(inputs, store=store, on_event=importing_ahead(watch), executor=executor)
    marks = deliver(result, store, args.output, args, signer)
    seconds = time.perf_counter() - began
    if args.json:
        options.print_json(report(args.output, seconds, result.records, marks))
    elif not args.quiet:
        print(f"{args.output} is ready, in {duration(seconds)}; {marks}", file=sys.stderr)
    write_page(args.report, store, result.run_id, quiet=quiet, title=args.output.name)
    return 0


def _check_takes(graph: Graph, given: str, kind: str) -> None:
    """Raise InputError unless the graph makes a video of speech and a `kind` of the person.

    Args:
        given: as the graph was named, a file perhaps.
    """
    if set(graph.inputs) != {"audio", kind}:
        takes = " and ".join(graph.inputs) or "nothing"
        raise InputError(
            f"graph '{graph.name}' takes {takes}, not audio and {kind}; give what it takes, or use "
            f"talkgraph run {given}"
        )


def report(
    output: Path, seconds: float, stages: Mapping[str, StepRecord], marks: Marks
) -> dict[str, Any]:
    """What `--json` prints.

    Args:
        output: the finished video.
        seconds: duration of the whole command.
        stages: what became of each step.
        marks: by what it can be known as synthetic.
    """
    import attrs
    import av

    with av.open(str(output)) as container:
        video = container.streams.video[0]
        frames, fps = video.frames, float(video.average_rate or 0)
    return {
        "output": str(output),
        "frames": frames,
        "fps": fps,
        "seconds": round(seconds, 3),
        "marks": attrs.asdict(marks),
        "stages": stages_json(stages),
    }


def stages_json(stages: Mapping[str, StepRecord]) -> dict[str, dict[str, Any]]:
    """Step name -> seconds, whether it was cached, and what its checks found, if it has any."""
    return {
        name: {
            "seconds": round(stage.seconds, 3),
            "cached": stage.cached,
            **({"checks": dict(stage.checks)} if stage.checks else {}),
        }
        for name, stage in stages.items()
    }


def _chosen(args: argparse.Namespace, kind: str) -> dict[str, str]:
    """What the options choose of a file, as settings of the graph."""
    given = {name: getattr(args, name) for name in _PARAMETERS}
    given = {name: value for name, value in given.items() if value is not None}
    for name, value in given.items():
        option = f"--{name.replace('_', '-')}"
        if value < 1 and name != "turn":
            raise InputError(f"{option} {value}: they are counted from 1")
        if kind == "photo" and name in ("shot", "video_track"):
            raise InputError(f"{option} is for videos; leave it out with --photo")
    return {_PARAMETERS[name]: str(value) for name, value in given.items()}


def _inputs(args: argparse.Namespace) -> tuple[Path, str, Path]:
    """Speech, "video" or "photo", and the person's file; all of them looked at."""
    audio, video, photo = args.audio, args.video, args.photo
    if video is not None and photo is not None:
        raise InputError("both --video and --photo are given; give one of them")
    if args.face is not None and args.face < 1:
        raise InputError(f"--face {args.face}: faces are counted from 1, the largest")
    if args.sample:
        audio = audio or samples.speech()
        photo = photo or (None if video else samples.photo())
    if audio is None:
        raise InputError("no speech; give --audio FILE, or --sample for the built-in one")
    if video is None and photo is None:
        raise InputError(
            "no person; give --video FILE or --photo FILE, or --sample for the built-in photo"
        )
    kind, person = ("video", video) if video is not None else ("photo", photo)
    check_input(audio, "speech")
    check_input(person, kind)
    return audio, kind, person
