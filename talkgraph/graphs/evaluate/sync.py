"""How well a mouth follows the speech of somebody whom no training saw."""

from __future__ import annotations

from pathlib import Path

from talkgraph.engine import Graph, Step
from talkgraph.graphs.evaluate.shot import shot_of
from talkgraph.graphs.parts import joined, part_of, reader_of, reading, source_of
from talkgraph.nodes.evaluate import CompareMouthMotion, ReadPhones, ShuffleSpeech, StandInMotion
from talkgraph.nodes.face_fit import TakePhoto
from talkgraph.nodes.media import (
    PlayFootage,
    ReadVideo,
    ReopenVideo,
    TakeSound,
    WriteVideo,
)

AGAIN_CRF = 26.0  # of the copy that tells how far the tracker agrees with itself


def sync(talk: Graph, *, renderer: Graph | None = None, phones: bool = False) -> Graph:
    """The graph of `talkgraph evaluate sync`; inputs `video`, and `phones` if there are any.

    Args:
        talk: a system that knows a person by one `photo`, such as `photo`: what it makes of the
            clip's own sound is scored. Its photo is the clip's best fitted frame.
        renderer: a system that knows a person by a `video`, such as `yi2020`; then also two
            ceilings: the tracker on a compressed copy of the clip, and on the real motion through
            this system's renderer.
        phones: also take an alignment; closures are then those of p, b and m.
    """
    photo, audio = reader_of(talk, "photo"), reader_of(talk, "audio")
    model = f"real_{source_of(talk, 'fit', 'model')}"
    made = part_of(talk, "motion", instead={photo: "photo", audio: "sound"})
    # Only what depends on the sound is made again for the baseline.
    shared = {name: name for name in made.keys() - reading(talk, audio)}
    rolled = {**shared, photo: "photo", audio: "shuffled_sound"}
    columns = {
        "made": "motion",
        "shuffled": "shuffled_motion",
        "energy": "energy_motion",
        "mean_face": "mean_face_motion",
    }
    if renderer is not None:
        columns |= {"real": "again_fit.motion", "renderer": "rendered_fit.motion"}
    aligned = {"phones": "alignment"} if phones else {}
    shot, scene, _ = shot_of(talk, photo, "footage")
    steps = joined(
        {
            "footage": ReadVideo().on(video="video"),
            **shot,
            "sound": TakeSound().on(footage=scene),
        },
        # The truth.
        part_of(talk, "fit", instead={photo: scene}, prefix="real_"),
        # What is made of a photo and the sound, and what costs nothing.
        {"photo": TakePhoto().on(footage=scene, fit="real_fit")},
        made,
        {"shuffled_sound": ShuffleSpeech().on(speech="sound")},
        part_of(talk, "motion", instead=rolled, prefix="shuffled_"),
        {
            f"{name}_motion": StandInMotion(kind=kind).on(
                fit="real_fit", model=model, speech="sound"
            )
            for name, kind in (("energy", "energy"), ("mean_face", "mean"))
        },
        {} if renderer is None else _ceilings(talk, renderer, scene),
        {"alignment": ReadPhones().on(alignment="phones")} if phones else {},
        {
            f"{name}_scores": CompareMouthMotion().on(
                made=motion, real="real_fit", model=model, speech="sound", **aligned
            )
            for name, motion in columns.items()
        },
    )
    inputs = {"video": Path, **({"phones": Path} if phones else {})}
    return Graph("sync", inputs=inputs, steps=steps, output="made_scores")


def _ceilings(talk: Graph, renderer: Graph, scene: str) -> dict[str, Step]:
    """The tracker on a compressed copy, and on the real motion through the renderer."""
    photo = reader_of(talk, "photo")
    real_motion = {
        reader_of(renderer, "video"): scene,
        reader_of(renderer, "audio"): "sound",
        "motion": "real_fit.motion",
    }
    return joined(
        {
            "frames": PlayFootage().on(footage=scene),
            "again_file": WriteVideo(crf=AGAIN_CRF).on(frames="frames", speech="sound"),
            "again": ReopenVideo().on(video="again_file"),
        },
        part_of(talk, "fit", instead={photo: "again"}, prefix="again_"),
        part_of(renderer, renderer.output, instead=real_motion, prefix="renderer_"),
        {"rendered": ReopenVideo().on(video=f"renderer_{renderer.output}")},
        part_of(talk, "fit", instead={photo: "rendered"}, prefix="rendered_"),
    )
