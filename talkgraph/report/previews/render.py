"""The rendered face, and how it sits over its background."""

from __future__ import annotations

from collections.abc import Iterator

from talkgraph.cache.frames import Frames
from talkgraph.display import Scene, preview
from talkgraph.nodes.backgrounds import Composite, PasteBack
from talkgraph.nodes.values import Backgrounds, Footage
from talkgraph.report.markup import Html, facts
from talkgraph.report.pictures import strip, wipe
from talkgraph.report.show import size_of


@preview(Composite)
def composite(value: Frames, scene: Scene) -> Iterator[Html]:
    """The background before the face is laid over it, and after."""
    yield facts(frames=len(value), size=size_of(value))
    behind = scene.port("background")
    middle = len(value) // 2
    if isinstance(behind, Frames) and len(behind) == len(value) and len(value):
        yield wipe(
            behind[middle], value[middle], "The warped background, and with the rendered face",
            ("background", "composite"),
        )  # fmt: skip
    yield strip(value, "Sampled frames", fps=_fps(scene), most=3)


@preview(PasteBack)
def pasted(value: Frames, scene: Scene) -> Iterator[Html]:
    """The input's frame behind, and the finished frame."""
    yield facts(frames=len(value), size=size_of(value))
    footage, chosen = scene.port("footage"), scene.port("backgrounds")
    middle = len(value) // 2
    if isinstance(footage, Footage) and isinstance(chosen, Backgrounds) and len(value):
        from talkgraph.nodes.footage import open_footage

        source = int(chosen.source[middle])
        behind = open_footage(footage, cache_bytes=1 << 20)[source]
        yield wipe(
            behind, value[middle], "A frame of the input, and the finished frame over it",
            ("input", "output"),
        )  # fmt: skip


@preview(Frames)
def frames(value: Frames, scene: Scene) -> Iterator[Html]:
    """Sampled frames."""
    yield facts(frames=len(value), size=size_of(value))
    yield strip(value, "Sampled frames", fps=_fps(scene))


def _fps(scene: Scene) -> float | None:
    chosen = scene.nearest(Backgrounds)
    return None if chosen is None else chosen.motion.fps
