"""What heads do at the starts and ends of phrases and at accents: event-locked curves.

People look up as they start a phrase and down at its end; single events drown in everything else
that heads do, so the curves are means over many, and over clips.
"""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import numpy as np
from numpy.typing import NDArray

from talkgraph.nodes.closure import runs_of
from talkgraph.nodes.evaluate.head.talks import HeadTalk, speed
from talkgraph.nodes.signals import correlation

Curves = NDArray[np.float64]
Mask = NDArray[np.bool_]

EVENTS = ("phrase start", "phrase end", "pitch peak", "energy peak")
RESPONSES = ("pitch", "speed")
AROUND = 1.0  # s before and after an event
PAUSE = 0.3  # s without speech, between two phrases
SHORTEST_PHRASE = 0.5  # s
PEAKS_APART = 0.4  # s
HIGH = 0.8  # standard deviations: what counts as a peak
SLOWEST = 0.3  # deg/s, added to the speed before its logarithm
FEWEST = 5  # events of a kind, below which their curve says nothing
TINY = 1e-9


@attrs.frozen(eq=False)
class EventCurves:
    """Sums of responses around events; those of several clips are added.

    sums: `[shape=(4, 2, W)]`, by event, response and moment, in standard deviations of the clip.
    counts: `[shape=(4, W)]`, how many were summed (events near the ends of a clip lack moments).
    """

    sums: Curves
    counts: NDArray[np.int64]

    def __add__(self, other: EventCurves) -> EventCurves:
        return EventCurves(self.sums + other.sums, self.counts + other.counts)

    def curves(self) -> Curves:
        """Mean responses `[shape=(4, 2, W)]`, 0 where there was no event."""
        return np.asarray(self.sums / np.maximum(self.counts, 1)[:, None])


def events_of(talk: HeadTalk) -> dict[str, list[int]]:
    """The frames of each kind of event in what is said."""
    from scipy.signal import find_peaks

    apart = max(1, round(PEAKS_APART * talk.fps))
    spoken = phrases(talk.active, talk.fps)
    loud = talk.energy[talk.active] if talk.active.any() else talk.energy
    level = (talk.energy - loud.mean()) / max(float(loud.std()), TINY)
    return {
        "phrase start": [start for start, _ in spoken if start > 0],
        "phrase end": [stop for _, stop in spoken if stop < len(talk)],
        "pitch peak": find_peaks(talk.pitch, height=HIGH, distance=apart)[0].tolist(),
        "energy peak": find_peaks(level, height=HIGH, distance=apart)[0].tolist(),
    }


def phrases(active: Mask, fps: float) -> list[tuple[int, int]]:
    """Start and stop of phrases: half a second or more of speech between pauses of .3 s or more."""
    joined = np.array(active)
    for start, stop in runs_of(~active):
        if start > 0 and stop < len(active) and stop - start < PAUSE * fps:
            joined[start:stop] = True
    return [(a, b) for a, b in runs_of(joined) if b - a >= SHORTEST_PHRASE * fps]


def event_curves(talk: HeadTalk) -> EventCurves:
    """Pitch (positive: down) and log speed of one head around the events of its speech.

    Both in standard deviations about their mean over the clip.
    """
    reach = round(AROUND * talk.fps)
    fast = np.log(speed(talk.pose, talk.fps) + SLOWEST)
    responses = np.stack([_standard(talk.pose[:, 0]), _standard(fast)])
    sums = np.zeros((len(EVENTS), len(RESPONSES), 2 * reach + 1))
    counts = np.zeros((len(EVENTS), 2 * reach + 1), np.int64)
    for row, frames in enumerate(events_of(talk).values()):
        for at in frames:
            moments = np.arange(at - reach, at + reach + 1)
            there = (moments >= 0) & (moments < len(talk))
            sums[row][:, there] += responses[:, moments[there]]
            counts[row, there] += 1
    return EventCurves(sums, counts)


def pooled(talks: Sequence[HeadTalk]) -> EventCurves:
    """The curves of several clips together."""
    found = [event_curves(talk) for talk in talks]
    whole = found[0]
    for one in found[1:]:
        whole = whole + one
    return whole


def curve_agreement(made: EventCurves, real: EventCurves) -> dict[str, tuple[float, float]] | None:
    """Response -> correlation of the made curves with the real ones, and ratio of their amplitude.

    The curves of all kinds of events with five or more are joined; the amplitude is their root
    mean square.

    Returns:
        None where no kind has enough events.
    """
    enough = np.minimum(made.counts.max(1), real.counts.max(1)) >= FEWEST
    if not enough.any():
        return None
    found = {}
    for column, name in enumerate(RESPONSES):
        mine, theirs = (x.curves()[enough, column].ravel() for x in (made, real))
        amplitude = np.sqrt(np.mean(mine**2)) / max(float(np.sqrt(np.mean(theirs**2))), TINY)
        found[name] = (correlation(mine, theirs), float(amplitude))
    return found


def _standard(x: Curves) -> Curves:
    return np.asarray((x - x.mean()) / max(float(x.std()), TINY))
