"""Yi et al. 2020 from one photo: the general mapping, and the photo turned with the head (3.3)."""

from __future__ import annotations

from pathlib import Path

from talkgraph.engine import Graph, Step
from talkgraph.graphs import yi2020
from talkgraph.nodes.media import ReadPhoto, ReadSpeech
from talkgraph.nodes.pose_mapping import GeneralMapping


def graph(quality: yi2020.Quality = "draft", seed: int = 0, face: int = 1) -> Graph:
    """The photo graph; inputs `audio` and `photo`, output `video_out`.

    Args:
        quality: one picture holds nothing to train a refiner on, so every quality renders alike.
        seed: of blinks.
        face: which face of the photo speaks, 1 for the largest.
    """
    steps: dict[str, Step] = {
        "speech": ReadSpeech().on(audio="audio"),
        "footage": ReadPhoto().on(photo="photo"),
        **yi2020.person(face),
        "mapping": GeneralMapping().on(),
        **yi2020.talk(mapping="mapping", seed=seed),
        **yi2020.output("composite"),
    }
    return Graph("photo", inputs={"audio": Path, "photo": Path}, steps=steps, output="video_out")
