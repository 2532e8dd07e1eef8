"""Writes the finished frames and the speech as an MP4 file."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from talkgraph import engine
from talkgraph.cache.files import File
from talkgraph.cache.frames import Frames, Pictures
from talkgraph.engine import Node, node, param
from talkgraph.errors import GraphError, StoreError
from talkgraph.nodes.colours import BT709, LIMITED, yuv_from_rgb
from talkgraph.nodes.media.xmp import xmp_box
from talkgraph.nodes.values import Origin, Speech

PRESETS = ("ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower")
AT_ONCE = 4  # frames that are read together; few, so that the first is soon written
AT_ONCE_BYTES = 64 << 20
AAC_FRAME = 1024  # samples


@node("write_video", version=1)
class WriteVideo(Node):
    """An MP4 that plays everywhere: H.264 yuv420p (BT.709) and AAC, index at the front.

    Picture and sound last equally long within half a frame. Errors: GraphError if frames and
    speech are of different lengths; StoreError if the disk is full.

    Example:
        >>> import numpy as np
        >>> from talkgraph.cache import Frames
        >>> from talkgraph.nodes.media import WriteVideo
        >>> from talkgraph.nodes.values import Speech
        >>> sound = np.sin(np.arange(16000) / 9).astype(np.float32)
        >>> speech = Speech(
        ...     samples=sound, rate=16000, soundtrack=sound[:, None], soundtrack_rate=16000
        ... )
        >>> frames = Frames.from_array(np.zeros((25, 64, 64, 3), np.uint8))
        >>> WriteVideo().run(frames, speech).path.name
        'video.mp4'
    """

    fps: float = param(25.0, "frame rate", unit="Hz", ge=1, le=120)
    crf: float = param(17.0, "quality of the picture: lower is better and larger", ge=0, le=40)
    preset: str = param(
        "superfast",
        "speed of compression; slower ones make smaller files of the same quality",
        choices=PRESETS,
    )
    audio_kbps: int = param(96, "bit rate of the sound, per channel", unit="kbit/s", ge=16, le=256)
    threads: int = param(2, "threads of the video encoder", ge=0, le=64, keyed=False)

    def run(self, frames: Frames, speech: Speech, origin: Origin | None = None) -> File:
        """Encode `frames [shape=(T, H, W, 3), uint8]`, T = round(fps * seconds), with the sound.

        Sides that are odd grow by one pixel, a repeat of the border, as yuv420p requires. The
        file's metadata tell its `origin`.
        """
        expected = round(self.fps * speech.seconds)
        if abs(len(frames) - expected) > 1 or not len(frames):
            raise GraphError(
                f"write_video: {len(frames)} frames at {self.fps:g} fps do not last as long as "
                f"the speech of {speech.seconds:.2f} s ({expected} frames); both must come from "
                "the same run"
            )
        path = engine.scratch_folder() / "video.mp4"
        try:
            self._write(path, frames, speech)
            if origin is not None:
                with path.open("ab") as file:
                    file.write(xmp_box(origin))
        except OSError as error:
            path.unlink(missing_ok=True)
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise StoreError(
                    f"no room in {path.parent} for the finished video; free some disk space or "
                    "use another `store`"
                ) from None
            raise
        return File(path)

    def _write(self, path: Path, frames: Frames, speech: Speech) -> None:
        import av

        rate = Fraction(self.fps).limit_denominator(1001)
        with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as container:
            video = self._video_stream(container, frames.shape, rate)
            sound = _Sound(container, speech, Fraction(len(frames)) / rate, self.audio_kbps)
            for index, picture in enumerate(_pictures(frames)):
                frame = yuv_from_rgb(picture)
                frame.pts, frame.time_base = index, 1 / rate
                container.mux(video.encode(frame))
                sound.write_until(Fraction(index + 1) / rate)
                engine.progress(index + 1, len(frames))
            container.mux(video.encode())
            sound.finish()

    def _video_stream(self, container: Any, shape: tuple[int, int, int], rate: Fraction) -> Any:
        options = {"preset": self.preset, "crf": f"{self.crf:g}", "threads": str(self.threads)}
        stream = container.add_stream("libx264", rate=rate, options=options)
        stream.height, stream.width = (side + side % 2 for side in shape[:2])
        stream.pix_fmt = "yuv420p"
        context = stream.codec_context
        context.colorspace = context.color_primaries = context.color_trc = BT709
        context.color_range = LIMITED
        return stream


class _Sound:
    """The AAC stream: exactly as many samples as the pictures last, filled up with silence."""

    def __init__(self, container: Any, speech: Speech, seconds: Fraction, kbps: int) -> None:
        self._container = container
        self._samples, self._rate = speech.soundtrack, speech.soundtrack_rate
        self._total = round(seconds * self._rate)
        self._done = 0
        channels = self._samples.shape[1]
        self._layout = "mono" if channels == 1 else "stereo"
        self._stream = container.add_stream("aac", rate=self._rate, layout=self._layout)
        self._stream.bit_rate = kbps * 1000 * channels

    def write_until(self, moment: Fraction) -> None:
        """Encode whole AAC frames up to the moment, so that both streams advance together."""
        until = min(self._total, int(moment * self._rate))
        while self._done + AAC_FRAME <= until:
            self._encode(AAC_FRAME)

    def finish(self) -> None:
        """Encode the rest; the last packet states how many of its samples count."""
        while self._done < self._total:
            self._encode(min(AAC_FRAME, self._total - self._done))
        self._container.mux(self._stream.encode())

    def _encode(self, count: int) -> None:
        import av

        data = np.zeros((self._samples.shape[1], count), np.float32)
        there = self._samples[self._done : self._done + count]
        data[:, : len(there)] = there.T
        frame = av.AudioFrame.from_ndarray(data, format="fltp", layout=self._layout)
        frame.sample_rate, frame.pts = self._rate, self._done
        frame.time_base = Fraction(1, self._rate)
        self._done += count
        self._container.mux(self._stream.encode(frame))


def _pictures(frames: Frames) -> Iterator[Pictures]:
    """Walk the frames in order, a bounded number of bytes at a time."""
    fitting = max(1, AT_ONCE_BYTES // int(np.prod(frames.shape)))
    for chunk in frames.chunks(min(fitting, AT_ONCE)):
        yield from chunk
