"""A stretch of a footage, with its sound."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from talkgraph import engine
from talkgraph.cache.files import File
from talkgraph.engine import Node, node, param
from talkgraph.errors import InputError
from talkgraph.nodes.values import Floats, Footage, Speech, View


@node("cut_footage", version=1)
class CutFootage(Node):
    """Some seconds of a footage, frame by frame the same pictures: packets are copied, not coded.

    The sound is cut or filled up with silence to last exactly as long as the frames.

    Example:
        >>> import numpy as np
        >>> from talkgraph.cache import Frames
        >>> from talkgraph.nodes.media import CutFootage, ReadVideo, WriteVideo
        >>> from talkgraph.nodes.values import Speech
        >>> sound = np.sin(np.arange(32000) / 9).astype(np.float32)
        >>> speech = Speech(
        ...     samples=sound, rate=16000, soundtrack=sound[:, None], soundtrack_rate=16000
        ... )
        >>> frames = Frames.from_array(np.zeros((50, 64, 96, 3), np.uint8))
        >>> footage = ReadVideo().run(WriteVideo().run(frames, speech).path)
        >>> rest = CutFootage(start=0.8).run(footage)
        >>> rest.count, rest.speech.seconds
        (30, 1.2)
    """

    start: float = param(0.0, "where it begins", unit="s", ge=0)
    seconds: float = param(0.0, "how long it is; 0: to the end", unit="s", ge=0)

    def run(
        self, footage: Footage, like: Footage | None = None, view: View | None = None
    ) -> Footage:
        """Cut `footage`.

        Args:
            like: another footage, beyond whose number of frames nothing is kept.
            view: whose frames alone are looked at: `start` counts from the first.

        Raises:
            InputError: nothing is left.
        """
        begin, stop = (0, footage.count) if view is None else (view.first, view.stop)
        first, stop = begin + round(self.start * footage.fps), min(stop, footage.count)
        if self.seconds:
            stop = min(stop, first + round(self.seconds * footage.fps))
        if like is not None:
            stop = min(stop, first + like.count)
        if first >= stop:
            raise InputError(
                f"the video lasts {max(0, stop - begin) / footage.fps:.1f} s: nothing is left from "
                f"{self.start:g} s on; give a longer clip or an earlier `start`"
            )
        return cut_frames(footage, first, stop)


def cut_frames(footage: Footage, first: int, stop: int) -> Footage:
    """Frames `first` to `stop` - 1 and the sound to them."""
    speech = footage.speech
    if speech is not None:
        speech = cut_speech(speech, first / footage.fps, stop / footage.fps)
    file = footage.file  # what is not cut stays the same file, and is known to the store
    if stop - first < footage.count:
        file = File(engine.scratch_folder() / "video.mp4")
        _copy_packets(footage, file.path, first, stop)
    return Footage(
        file=file,
        fps=footage.fps,
        count=stop - first,
        width=footage.width,
        height=footage.height,
        speech=speech,
        cuts=tuple(cut - first for cut in footage.cuts if first < cut < stop),
    )


def cut_speech(speech: Speech, start: float, stop: float) -> Speech:
    """The sound from `start` to `stop` (s), with silence beyond its end."""

    def cut(sound: Floats, rate: int) -> Floats:
        first, last = round(start * rate), round(stop * rate)
        out = np.zeros((last - first, *sound.shape[1:]), np.float32)
        there = sound[first:last]
        out[: len(there)] = there
        return out

    return Speech(
        samples=cut(speech.samples, speech.rate),
        rate=speech.rate,
        soundtrack=cut(speech.soundtrack, speech.soundtrack_rate),
        soundtrack_rate=speech.soundtrack_rate,
    )


def _copy_packets(footage: Footage, path: Path, first: int, stop: int) -> None:
    """Every packet of the working copy is one frame, so a cut is exact."""
    import av

    rate = Fraction(footage.fps).limit_denominator(1001)
    with (
        av.open(f"file:{footage.file.path}", format="mov,mp4") as source,
        av.open(str(path), "w", format="mp4") as target,
    ):
        into: Any = None
        for packet in source.demux(source.streams.video[0]):
            if packet.pts is None or packet.time_base is None:
                continue
            number = round(packet.pts * packet.time_base * rate)
            if first <= number < stop:
                if into is None:
                    into = target.add_stream_from_template(source.streams.video[0])
                packet.stream = into
                packet.pts = packet.dts = round((number - first) / rate / packet.time_base)
                target.mux(packet)
