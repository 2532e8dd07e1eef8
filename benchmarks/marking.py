"""Measure the watermark: found after what, how often where it is not, how faint, at what cost.

    python benchmarks/marking.py --data CLIPS --state FOLDER [--clips NAME …] [--json]

Every clip is played to and fro for `--seconds`, as the background of a talk is, marked and written
as `write_video` does (x264 crf 17), which is what a user gets. Then it is attacked (x264, preset
medium) and looked for, as `talkgraph verify` does. An unmarked clip is looked at as it is and after
crf 28 at half the size, with the key of all and `--keys` others: the bound on false alarms is over
keys, and each is one more trial. PSNR is the lowest of a clip's frames, marked against unmarked,
before any encoder. Shares have exact 95 % intervals (Clopper and Pearson 1934). Of chance: the
lowest, and how many places score above 4 and 5, against what the normal distribution expects (the
proven bound is far above).

A clip that is measured is kept in `--state`, so that a run that stops goes on; `--json` prints all.
Cost (`--cost`): the sample speech with the sample photo at 256 and 448 px: processor time of the
mark, on the frames of that run, over that of the run; of a first one, and of one whose person is
known.
"""

from __future__ import annotations

import argparse
import io
import json
import math
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.stats import binomtest

import talkgraph as tg
from talkgraph.cache import Store
from talkgraph.cache.frames import Frames
from talkgraph.cli import samples
from talkgraph.nodes.colours import rgb_from_yuv, yuv_from_rgb
from talkgraph.nodes.marking import FindMark, MarkFrames
from talkgraph.nodes.marking.pattern import search as searching
from talkgraph.nodes.marking.pattern.remains import remains
from talkgraph.nodes.marking.pattern.tile import tile_of

Pictures = NDArray[np.uint8]
ATTACKS: dict[str, dict[str, float]] = {
    "as written": {},
    "crf 28": {"crf": 28},
    "half size": {"crf": 23, "scale": 0.5},
    "crop 10 %": {"crf": 23, "crop": 0.1},
    "crf 28, half size": {"crf": 28, "scale": 0.5},
    "crf 28, crop 10 %": {"crf": 28, "crop": 0.1},
    "crf 28, half size, crop 10 %": {"crf": 28, "scale": 0.5, "crop": 0.1},
}
LEVELS = (4.0, 5.0)
RATE = 25  # Hz
SIZES = (256, 448)  # px
HEAD = (80, 0, 380, 300)  # of the sample photo, px
LARGE = 400  # px of the shorter side
CONFIDENCE = 0.95


def main() -> int:
    """Measure what is not measured yet, or print all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder with video/")
    parser.add_argument("--state", type=Path, required=True, help="where clips' figures are kept")
    parser.add_argument("--clips", nargs="*", metavar="NAME", help="default: none; all: every one")
    parser.add_argument("--unmarked", nargs="*", metavar="NAME", help="only as unmarked videos")
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("--keys", type=int, default=8, help="other keys, for unmarked videos")
    parser.add_argument("--cost", action="store_true", help="also measure what it costs a run")
    parser.add_argument("--json", action="store_true", help="print one JSON object of all")
    args = parser.parse_args()
    args.state.mkdir(parents=True, exist_ok=True)
    for kind, names, measure in (
        ("marked", args.clips, marked),
        ("unmarked", args.unmarked, unmarked),
    ):
        for name in names or ():
            path = args.state / f"{kind}-{name}.json"
            if not path.exists():
                found = measure(args.data / "video" / f"{name}.mp4", args)
                path.write_text(json.dumps({"clip": name, **found}))
                print(path.read_text(), file=sys.stderr)
    for size in SIZES if args.cost else ():
        path = args.state / f"cost-{size}.json"
        if not path.exists():
            path.write_text(json.dumps(cost(size)))
            print(path.read_text(), file=sys.stderr)
    if args.json:
        print(json.dumps(summed_up(args), indent=1, ensure_ascii=False))
    return 0


def marked(path: Path, args: argparse.Namespace) -> dict[str, Any]:
    """What is found of one clip's mark after each attack, and its PSNR."""
    frames = decoded(path, args.seconds)
    made = MarkFrames().run(Frames.from_array(frames)).array()
    error = [((a.astype(np.float32) - b) ** 2).mean() for a, b in zip(made, frames, strict=True)]
    written = compressed(made[to_and_fro(len(frames), args.seconds)], 17, "superfast")
    scores = {}
    for name, attack in ATTACKS.items():
        file = written if not attack else attacked(decoded(written), **attack)
        found = FindMark().run(Frames.from_array(decoded(file)))
        scores[name] = [round(found.score, 2), found.false_alarm, found.found]
    return {
        "size": min(frames.shape[1:3]),
        "seconds": args.seconds,
        "psnr": round(10 * math.log10(255**2 / max(error)), 2),
        "scores": scores,
    }


def cost(size: int) -> dict[str, float]:
    """Processor time of a run from a photo of `size` px, of a second one, and of their mark."""
    with tempfile.TemporaryDirectory() as folder:
        photo = Path(folder) / "photo.png"
        with Image.open(samples.photo()) as image:
            image.convert("RGB").crop(HEAD).resize((size, size), Image.Resampling.LANCZOS).save(
                photo
            )
        inputs = {"audio": samples.speech(), "photo": photo}
        store = Store(Path(folder) / "store")
        seconds = []
        for key in (0, 1):
            graph = tg.graph("photo").with_params(marked={"key": key})
            began = processor_time()
            result = graph.run(inputs, store=store)
            seconds.append(processor_time() - began)
        frames = result["pasted"]
        some = Frames.from_array(frames[:32])
        made = MarkFrames().run(some)
        began = time.thread_time()
        for chunk in made.chunks(4):  # as the encoder reads them
            del chunk
        mark = (time.thread_time() - began) / len(some) * len(frames)
    return {"size": size, "frames": len(frames), "first_s": round(seconds[0], 2),
            "again_s": round(seconds[1], 2), "mark_s": round(mark, 3)}  # fmt: skip


def processor_time() -> float:
    """Seconds, of this process and those that it has started."""
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


def unmarked(path: Path, args: argparse.Namespace) -> dict[str, Any]:
    """Scores of one clip that carries no mark, by the key of all and by others."""
    frames = decoded(path, args.seconds)
    half = attacked(frames, 28, scale=0.5)
    looked = {"as it is": frames, "crf 28, half size": decoded(half)}
    chances: list[float] = []
    above = np.zeros(len(LEVELS), np.int64)
    for pictures in looked.values():
        rest = remains(pictures[:: FindMark().every])
        for key in range(args.keys + 1):
            found, counted = chance(rest, key)
            chances.append(found)
            above += counted
    places = searching.places() * len(chances)
    return {"chances": chances, "places": places, "above": above.tolist()}


def chance(rest: NDArray[np.float32], key: int) -> tuple[float, NDArray[np.int64]]:
    """The chance of a key's best place, and how many places score above each of `LEVELS`."""
    above = np.zeros(len(LEVELS), np.int64)
    for _, _, scores in searching.scores_of(rest, tile_of(key)):
        above += [int((scores > level).sum()) for level in LEVELS]
    return searching.search(rest, tile_of(key)).chance, above


def to_and_fro(count: int, seconds: float) -> NDArray[np.int64]:
    """Which of `count` frames is shown, as a talk goes through a clip again and again."""
    order = np.arange(round(seconds * RATE)) % max(2 * count - 2, 1)
    return np.where(order < count, order, 2 * count - 2 - order)


def attacked(frames: Pictures, crf: float, scale: float = 1.0, crop: float = 0.0) -> io.BytesIO:
    """A file of the frames without a part of each side (off the middle), and at another size."""
    height, width = frames.shape[1:3]
    rows, columns = round(height * (1 - crop)), round(width * (1 - crop))
    top, left = round((height - rows) * 0.3), round((width - columns) * 0.6)
    part = frames[:, top : top + rows, left : left + columns]
    return compressed(part, crf, "medium", (even(columns * scale), even(rows * scale)))


def even(side: float) -> int:
    """The nearest length that x264 takes."""
    return 2 * round(side / 2)


def compressed(
    frames: Pictures, crf: float, preset: str, size: tuple[int, int] | None = None
) -> io.BytesIO:
    """An MP4 of the frames, at another width and height (bicubic) if they are given."""
    width, height = size or (even(frames.shape[2]), even(frames.shape[1]))
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        options = {"crf": f"{crf:g}", "preset": preset, "threads": "1"}
        stream = container.add_stream("libx264", rate=RATE, options=options)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for index, picture in enumerate(frames):
            frame = yuv_from_rgb(picture)
            if (frame.width, frame.height) != (width, height):
                frame = frame.reformat(width=width, height=height, interpolation="BICUBIC")
            frame.pts, frame.time_base = index, Fraction(1, RATE)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return file


def decoded(source: Path | io.BytesIO, seconds: float = math.inf) -> Pictures:
    """The frames of a file, those of its start."""
    if isinstance(source, io.BytesIO):
        source.seek(0)
    found = []
    with av.open(source if isinstance(source, io.BytesIO) else str(source)) as container:
        container.streams.video[0].thread_type = "NONE"
        for frame in container.decode(video=0):
            if len(found) >= seconds * RATE:
                break
            found.append(rgb_from_yuv(frame))
    return np.stack(found)


def summed_up(args: argparse.Namespace) -> dict[str, Any]:
    """The figures of all clips that are measured."""
    rows = [json.loads(path.read_text()) for path in sorted(args.state.glob("marked-*.json"))]
    others = [json.loads(path.read_text()) for path in sorted(args.state.glob("unmarked-*.json"))]
    chances = [chance for one in others for chance in one["chances"]]
    alarms = sum(chance <= FindMark().false_alarm for chance in chances)
    places = sum(one["places"] for one in others)
    return {
        "command": "benchmarks/marking.py --data CLIPS --state FOLDER --seconds … --clips … "
        "--unmarked … --cost --json",
        "marking": {
            "clips": len(rows),
            "seconds": sorted({one["seconds"] for one in rows}),
            "needed": FindMark().false_alarm,
            "psnr": [min(one["psnr"] for one in rows), middle(one["psnr"] for one in rows)],
            "cost": [json.loads(path.read_text()) for path in sorted(args.state.glob("cost-*"))],
            "attacks": {name: attack_row(name, rows) for name in ATTACKS},
            "unmarked": {
                "clips": len(others),
                "trials": len(chances),
                "found": alarms,
                "at_most": interval(alarms, len(chances))[1],
                "lowest": min(chances),
                "places": places,
                "above": {
                    f"{level:g}": [
                        sum(one["above"][index] for one in others),
                        round(places * math.erfc(level / math.sqrt(2)) / 2),
                    ]
                    for index, level in enumerate(LEVELS)
                },
            },
        },
    }


def attack_row(name: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """How often the mark is found after an attack, in all clips and in larger ones."""
    found = {"all": rows, "large": [one for one in rows if one["size"] >= LARGE]}
    return {
        kind: {
            "clips": len(some),
            "found": (count := sum(one["scores"][name][2] for one in some)),
            "at_least": interval(count, len(some))[0],
            "lowest": min((one["scores"][name][0] for one in some), default=None),
            "middle": middle(one["scores"][name][0] for one in some),
        }
        for kind, some in found.items()
    }


def interval(found: int, trials: int) -> tuple[float, float]:
    """Between which shares the true one lies, after Clopper and Pearson."""
    if not trials:
        return 0.0, 1.0
    bounds = binomtest(found, trials).proportion_ci(CONFIDENCE, method="exact")
    return round(float(bounds.low), 4), round(float(bounds.high), 4)


def middle(values: Iterable[float]) -> float | None:
    """The median; None of nothing."""
    numbers = list(values)
    return round(statistics.median(numbers), 3) if numbers else None


if __name__ == "__main__":
    sys.exit(main())
