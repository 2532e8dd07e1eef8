"""Features of the speech, and where somebody speaks, over its waveform."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from talkgraph.display import Scene, preview
from talkgraph.nodes.values import Speech, SpeechFeatures, VoiceActivity
from talkgraph.report.curves import Series, heat_map, line_chart
from talkgraph.report.markup import Html, facts
from talkgraph.report.waveform import waveform

_COLUMNS = 1200


@preview(SpeechFeatures)
def features(value: SpeechFeatures, scene: Scene) -> Iterator[Html]:
    """The middle row of every window as a picture, over the waveform."""
    count, rows, bins = value.windows.shape
    yield facts(
        windows=f"{count}, one per video frame at {value.fps:g} fps",
        window=f"{'one row' if rows == 1 else f'{rows} rows'} of {bins} numbers",
    )
    if not count:  # of a clip without sound
        return
    speech = scene.nearest(Speech) or scene.port("speech")
    if isinstance(speech, Speech):
        yield waveform(speech, "The speech")
    # Where the windows are few, all rows between two middles are shown, for a finer picture.
    middle = rows // 2
    inner = max(1, min(round(100 / value.fps), _COLUMNS // max(count, 1), rows - middle))
    step = max(1, count // _COLUMNS)
    part = np.asarray(value.windows[::step, middle : middle + inner])
    scaled = part.reshape(-1, bins).astype(np.float64)
    scaled = (scaled - scaled.mean(0)) / np.maximum(scaled.std(0), 1e-9)
    yield heat_map(
        scaled.T[::-1],
        "The features: time to the right, one row per coefficient, each by its own spread",
        seconds=count / value.fps,
        row=f"{bins}",
    )


@preview(VoiceActivity)
def voice(value: VoiceActivity, scene: Scene) -> Iterator[Html]:
    """The probability over time, under the waveform."""
    count = len(value.probability)
    spoken = float((value.probability >= 0.5).mean()) if count else 0.0
    yield facts(
        frames=f"{count} at {value.fps:g} fps",
        spoken=f"{spoken:.0%} of the time a voice is likelier than none",
    )
    if not count:  # of a clip without sound
        return
    speech = scene.nearest(Speech) or scene.port("speech")
    if isinstance(speech, Speech):
        yield waveform(speech, "The speech")
    time = (np.arange(count) + 0.5) / value.fps
    yield line_chart(
        [Series("voice", value.probability, x=time)], "How likely it is that somebody speaks",
        zero=True,
    )  # fmt: skip
