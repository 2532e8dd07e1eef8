"""The shot of a video that a system works on, chosen before the video is cut or compared."""

from __future__ import annotations

from talkgraph.engine import Graph, Step
from talkgraph.graphs.parts import part_of, source_of

PREFIX = "shot_"


def shot_of(talk: Graph, reader: str, footage: str) -> tuple[dict[str, Step], str, str | None]:
    """Steps that find the shot, the one that takes it, and where its frames are told.

    A system that looks at one shot of a clip alone would else choose it anew in every part, and
    its frames would be held against a sound, or a video, that begins elsewhere.

    Args:
        talk: the system.
        reader: its step in whose place the footage stands.
        footage: the whole, in the graph of the evaluation.

    Returns:
        no steps, the footage itself and None for a system that takes clips as they are.
    """
    clip = source_of(talk, source_of(talk, "fit", "track"), "clip")
    view = source_of(talk, clip, "footage")
    if view == reader:
        return {}, footage, None
    steps = part_of(talk, view, instead={reader: footage}, prefix=PREFIX)
    name = f"{PREFIX}{view}"
    return steps, name, steps[name].sources.get("view")
