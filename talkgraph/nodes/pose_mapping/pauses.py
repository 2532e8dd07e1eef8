"""When the mouth speaks and when it rests, from how likely it is that somebody speaks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from talkgraph.nodes.closure import runs_of
from talkgraph.nodes.signals import smoothstep
from talkgraph.nodes.values import Bools, Floats, VoiceActivity

Array = NDArray[np.float64]


# How sure a detector is of the voices about a moment: a high percentile of what it says of the
# seconds around. Below the first of two such values nobody speaks at all; above the second
# somebody does, and where the detector is not as sure of that as it is without noise, noise is to
# blame. Over 39 speeches with noise or music as loud as the voice or 5 dB louder.
ABOUT_S = 8.0
HIGH = 90.0  # percentile
HEARD = (0.05, 0.15)
SURE = 0.98
MOST = 5.0  # logits


def without_noise(voice: VoiceActivity) -> VoiceActivity:
    """How likely it is that somebody speaks, had there been no noise.

    Noise lowers every voice that it leaves to be heard. So where the surest moments of some seconds
    are unsure, all of them are raised by as many logits as those lack; where nobody is heard at
    all, or the detector is sure, nothing changes.
    """
    from scipy.ndimage import percentile_filter

    likely = np.asarray(voice.probability, np.float64)
    if not len(likely):
        return voice
    width = max(1, round(ABOUT_S * voice.fps)) | 1
    surest = percentile_filter(likely, HIGH, size=width, mode="nearest")
    somebody = np.interp(surest, HEARD, (0.0, 1.0))
    lacking = np.clip(_logit(np.array(SURE)) - _logit(surest), 0.0, MOST)
    probability = 1.0 / (1.0 + np.exp(-_logit(likely) - somebody * lacking))
    return VoiceActivity(probability=np.asarray(probability, np.float32), fps=voice.fps)


def _logit(probability: Array) -> Array:
    inside = np.clip(probability, 1e-6, 1 - 1e-6)
    return np.asarray(np.log(inside / (1.0 - inside)))


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
