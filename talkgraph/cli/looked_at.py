"""What would be used of a speech, a video or a photo, told before anything is made of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from talkgraph.cli.failure import explain
from talkgraph.cli.lookup import load_graph
from talkgraph.cli.output import check_input
from talkgraph.cli.words import typed
from talkgraph.engine.run import events
from talkgraph.errors import TalkgraphError

if TYPE_CHECKING:
    from talkgraph.cache.store import Store
    from talkgraph.engine import Result
    from talkgraph.nodes.face_fit.detect_faces import FaceBoxes
    from talkgraph.nodes.values import Footage, Speech

QUIET_DB = -40.0  # of the loudest 0.1 s
SHORT_CLIP = 10.0  # s; from there on a clip shows how its person talks
SMALL_FACE = 128.0  # px
DARK, BRIGHT = 60.0, 215.0  # mean level of a face, of 255
_WINDOW = 0.1  # s


@attrs.frozen
class Finding:
    """One line about a file: `status` is ok, note (works, but could be better) or problem."""

    file: str
    name: str
    status: str
    found: str
    remedy: str = ""


def findings(path: Path, store: Store) -> Iterator[Finding]:
    """Look at a file as far as a video would be made of it; what was read is kept for that."""
    try:
        check_input(path, "media")
        kind = _kind(path)
    except TalkgraphError as error:
        yield Finding(str(path), "file", "problem", explain(error)[0].removeprefix(f"{path}: "))
        return
    graph, port, steps = {
        "photo": ("photo", "photo", ("footage", "faces", "view")),
        "video": ("yi2020", "video", ("footage", "faces", "view")),
        "audio": ("yi2020", "audio", ("speech",)),
    }[kind]
    said: list[tuple[str, str]] = []

    def listen(event: events.Event) -> None:
        if isinstance(event, events.Note) and event.step is not None:
            said.append((event.step, event.text.removeprefix(f"{path.name}: ")))

    part = load_graph(graph).subgraph(*steps)
    try:
        result = part.run(
            {port: path},
            store=store,
            on_event=listen,
            until=steps,
            remember=False,
        )
    except TalkgraphError as error:
        said_so_far = [typed(text, step) for step, text in said]
        yield from (Finding(str(path), kind, "note", text) for text in said_so_far)
        yield Finding(str(path), kind, "problem", explain(error)[0].removeprefix(f"{path.name}: "))
        return
    for one in _of_speech(result) if kind == "audio" else _of_person(result):
        yield attrs.evolve(one, file=str(path))
    yield from (Finding(str(path), step, "note", typed(text, step)) for step, text in said)


def _kind(path: Path) -> str:
    """What a file would be given as: "audio", "video" or "photo"."""
    from talkgraph.nodes.media import told_kind

    return told_kind(path)


def _of_speech(result: Result) -> Iterator[Finding]:
    speech: Speech = result["speech"]
    channels = "mono" if speech.soundtrack.shape[1] == 1 else "stereo"
    found = f"{speech.seconds:.1f} s, {channels}, {speech.soundtrack_rate} Hz"
    yield Finding("", "speech", "ok", found)
    yield _level("loudness", speech)


def _level(name: str, speech: Speech) -> Finding:
    loudest = 20 * np.log10(max(_loudest(speech), 1e-10))
    found = f"at most {loudest:.0f} dB"
    if loudest < QUIET_DB:
        return Finding("", name, "note", f"very quiet, {found}", "use a louder recording")
    return Finding("", name, "ok", found)


def _loudest(speech: Speech) -> float:
    window = round(_WINDOW * speech.rate)
    samples = np.asarray(speech.samples)
    whole = len(samples) // window * window
    windows = samples[:whole].reshape(-1, window) if whole else samples[None]
    return float(windows.std(axis=1).max())


def _of_person(result: Result) -> Iterator[Finding]:
    footage: Footage = result["footage"]
    view: Footage = result["view"]
    faces: FaceBoxes = result["faces"]
    size = f"{view.width} x {view.height} px"
    if view.count == 1:
        yield Finding("", "photo", "ok", f"{footage.width} x {footage.height} px, used at {size}")
    else:
        yield _length(footage, view, size)
    side = float(np.median((faces.boxes[:, 2:] - faces.boxes[:, :2]).max(1))) / faces.view.scale
    found = (
        f"{side:.0f} px tall, one of {faces.found}" if faces.found > 1 else f"{side:.0f} px tall"
    )
    small = side < SMALL_FACE
    yield Finding(
        "", "face", "note" if small else "ok", found,
        "the result will be soft: use a closer or sharper picture" if small else "",
    )  # fmt: skip
    yield _light(view, faces)
    if view.count > 1:
        yield (
            Finding("", "own sound", "note", "none or silent",
                    "people's usual way of talking is used, not this person's")
            if view.speech is None else _level("own sound", view.speech)
        )  # fmt: skip


def _length(footage: Footage, view: Footage, size: str) -> Finding:
    seconds, used = footage.count / footage.fps, view.count / view.fps
    found = f"{used:.1f} s of {seconds:.1f} s used, {size}"
    if used < SHORT_CLIP:
        remedy = f"{SHORT_CLIP:g} s or more without a cut show better how the person moves"
        return Finding("", "video", "note", found, remedy)
    return Finding("", "video", "ok", found)


def _light(view: Footage, faces: FaceBoxes) -> Finding:
    """How bright the face is in the middle of the view."""
    from talkgraph.nodes.footage import open_footage

    middle = view.count // 2
    left, top, right, bottom = np.clip(faces.boxes[middle], 0, None).astype(int)
    part: Any = open_footage(view)[middle][top : bottom + 1, left : right + 1]
    level = float(part.mean()) if part.size else 128.0
    found = f"the face is at {level:.0f} of 255"
    if level < DARK:
        return Finding("", "light", "note", f"dark, {found}", "use more light from the front")
    if level > BRIGHT:
        return Finding("", "light", "note", f"too bright, {found}", "use less light")
    return Finding("", "light", "ok", found)
