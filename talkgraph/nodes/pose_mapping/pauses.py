"""When the mouth speaks and when it rests, from how likely it is that somebody speaks."""

from __future__ import annotations

import numpy as np

from talkgraph.nodes.closure import runs_of
from talkgraph.nodes.signals import smoothstep
from talkgraph.nodes.values import Bools, Floats, VoiceActivity


def spoken_frames(
    voice: VoiceActivity,
    *,
    begins: float,
    ends: float,
    shortest_speech: float,
    shortest_pause: float,
) -> Bools:
    """Frames in which somebody speaks, `[shape=(T,)]`.

    Args:
        begins: probability from which a voice is one.
        ends: probability below which it is none any more.
        shortest_speech: shorter voices, in s, are none.
        shortest_pause: shorter pauses between two voices, in s, are none.
    """
    likely = voice.probability >= ends
    spoken = np.zeros(len(likely), bool)
    for start, stop in runs_of(likely):
        sure = np.flatnonzero(voice.probability[start:stop] >= begins)
        if len(sure) and stop - start - sure[0] >= shortest_speech * voice.fps:
            spoken[start + sure[0] : stop] = True
    for start, stop in runs_of(~spoken):
        inside = start > 0 and stop < len(spoken)
        if inside and stop - start < shortest_pause * voice.fps:
            spoken[start:stop] = True
    return spoken


def resting(
    spoken: Bools, fps: float, *, anticipation: float, opening: float, ending: float, closing: float
) -> Floats:
    """How far the mouth is at rest, `[shape=(T,), float32]`, 0 in speech, 1 in silence.

    Args:
        spoken: `[shape=(T,)]`, of `spoken_frames`.
        anticipation: the mouth leaves its rest so many s before a voice ...
        opening: ... and takes so many s for it.
        ending: it begins to go to its rest so many s before a voice ends ...
        closing: ... and takes so many s for it.
    """
    time = np.arange(len(spoken)) / fps
    rest = np.zeros(len(spoken))
    for start, stop in runs_of(~spoken):
        # Before the first voice and after the last there is nothing to come from or go to.
        first = 0 if start == 0 else max(int(start - ending * fps), 0)
        now = time[first:stop]
        gone = np.ones(len(now))
        if start > 0:
            gone = smoothstep((now - start / fps + ending) / closing)
        if stop < len(spoken):
            gone = np.minimum(
                gone, smoothstep((stop / fps - anticipation + opening - now) / opening)
            )
        rest[first:stop] = np.maximum(rest[first:stop], gone)
    return rest.astype(np.float32)
