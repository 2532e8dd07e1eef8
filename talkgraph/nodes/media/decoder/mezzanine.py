"""The all-intra copy of a video, from which the pipeline reads frames in any order."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av

from talkgraph.nodes.colours import exact_scaling
from talkgraph.nodes.media.decoder.interlaced import progressive
from talkgraph.nodes.media.decoder.opening import Refused
from talkgraph.nodes.media.decoder.sdr import Converter, converter
from talkgraph.nodes.media.decoder.upright import Orientation, lay_upright, orientation, set_into

MIN_SIDE = 32  # px
ENCODER_THREADS = 2  # fixed, so that the copy's bytes do not depend on the machine
HD_HEIGHT, HD_WIDTH = 576, 1280  # above these, untagged video is taken as BT.709, else BT.601
# Numbers of ITU-T H.273. 5 (BT.470BG) and 6 (SMPTE 170M) have the same matrix.
RGB_MATRIX, BT709, FCC, BT601, SMPTE170M, SMPTE240M, BT2020 = 0, 1, 4, 5, 6, 7, 9
LIMITED, FULL = 1, 2


class SizeChanged(Exception):
    """A frame has another size than those before."""


class Mezzanine:
    """The all-intra copy: one packet per frame, so that any frame is one seek away.

    The planes of 8-bit 4:2:0 sources go through unchanged (own matrix and range, tagged), so that
    nothing but the compression touches them; everything else becomes 4:4:4.
    """

    def __init__(
        self,
        path: Path,
        fps: float,
        *,
        max_side: int,
        crf: float,
        aspect: float,
        turn: int = 0,
        canvas: tuple[int, int] | None = None,
    ) -> None:
        """Begin a copy.

        Args:
            aspect: width over height of the source's pixels.
            turn: clockwise, beyond what the source's own tags say, in degrees.
            canvas: size of the largest source frame, where they differ in size.
        """
        self.fps = fps
        self.width = self.height = 0
        self.notes: list[str] = []
        self._path, self._max_side, self._crf, self._aspect = path, max_side, crf, aspect
        self._turn, self._canvas = turn, canvas
        self._container: Any = None
        self._stream: Any = None
        self._way = Orientation()
        self._convert: Converter | None = None
        self._source = self._stored = (0, 0)
        self._format, self._matrix, self._range = "", BT709, LIMITED
        self._written = 0

    def write(self, frame: Any, times: int) -> None:
        """Append the frame `times` times.

        Raises:
            SizeChanged: it has another size than those before, and no canvas was given.
        """
        if times <= 0:
            return
        if self._container is None:
            self._start(frame)
        if self._canvas is None and (frame.width, frame.height) != self._source:
            raise SizeChanged
        frame = lay_upright(self._copied(progressive(frame)), self._way)
        frame.colorspace, frame.color_range = self._matrix, self._range
        frame.pict_type = 1  # AV_PICTURE_TYPE_I
        frame.time_base = 1 / Fraction(self.fps).limit_denominator(1001)
        for _ in range(times):
            frame.pts = self._written
            self._written += 1
            self._container.mux(self._stream.encode(frame))

    def _copied(self, frame: Any) -> Any:
        """The frame in the copy's size, format and colours."""
        if self._convert is not None:
            frame = self._convert(frame, *_colours(frame))
        width, height = self._stored
        if self._canvas is not None:
            width, height = self._within(frame)
        if (frame.width, frame.height, frame.format.name) != (width, height, self._format):
            rgb = frame.colorspace == RGB_MATRIX
            same_size = (frame.width, frame.height) == (width, height)
            frame = frame.reformat(
                width=width,
                height=height,
                format=self._format,
                src_colorspace=self._matrix,
                dst_colorspace=self._matrix,
                src_color_range=FULL if rgb else self._range,
                dst_color_range=self._range,
                interpolation=exact_scaling() if same_size else "BICUBIC",
            )
        if (width, height) != self._stored:
            frame.color_range = self._range
            frame = set_into(frame, *self._stored)
        return frame

    def _within(self, frame: Any) -> tuple[int, int]:
        """The size at which a frame fits into the copy, in proportion; even."""
        width, height = frame.width * self._aspect, float(frame.height)
        scale = min(self._stored[0] / width, self._stored[1] / height)
        sides = (2 * round(side * scale / 2) for side in (width, height))
        return tuple(map(min, sides, self._stored))

    def close(self) -> None:
        """Finish the file."""
        if self._container is not None:
            self._container.mux(self._stream.encode())
            self._container.close()

    def _start(self, frame: Any) -> None:
        if min(frame.width, frame.height) < MIN_SIDE:
            raise Refused(f"has only {frame.width} x {frame.height} pixels", "give a larger one")
        self._source = (frame.width, frame.height)
        way, right_angle = orientation(frame)
        self._way = way.turned(self._turn)
        if not right_angle:
            self.notes.append("the video's rotation is not a multiple of 90 degrees and is ignored")
        if frame.interlaced_frame:
            self.notes.append(
                "the video is interlaced: where it moves, every second line of a frame is used"
            )
        if (found := converter(frame, self._path.parent)) is not None:
            self._convert, note = found
            self.notes.append(note)
        self._stored = self._size(*(self._canvas or self._source))
        width, height = self._stored
        even = width % 2 == 0 and height % 2 == 0
        is_420 = frame.format.name.startswith(("yuv420p", "yuvj420p", "nv12", "nv21", "p010"))
        self._format = "yuv420p" if even and is_420 else "yuv444p"
        self._matrix, self._range = (BT709, LIMITED) if self._convert else _colours(frame)
        self.width, self.height = (height, width) if self._way.transpose else (width, height)
        self._container = av.open(str(self._path), "w", format="mp4")
        options = {
            "preset": "ultrafast",
            "crf": f"{self._crf:g}",
            "g": "1",
            "bf": "0",
            "threads": str(ENCODER_THREADS),
        }
        rate = Fraction(self.fps).limit_denominator(1001)
        self._stream = self._container.add_stream("libx264", rate=rate, options=options)
        self._stream.width, self._stream.height = self.width, self.height
        self._stream.pix_fmt = self._format
        self._stream.codec_context.colorspace = self._matrix
        self._stream.codec_context.color_range = self._range

    def _size(self, across: int, down: int) -> tuple[int, int]:
        """Size of the stored picture with square pixels, within `max_side`."""
        width, height = across * self._aspect, float(down)
        scale = min(1.0, self._max_side / max(width, height))
        if scale < 1.0:
            self.notes.append(
                f"the video's pictures of {across} x {down} px are scaled down to at "
                f"most {self._max_side} px"
            )
            width, height = (2 * round(side * scale / 2) for side in (width, height))
        if self._canvas is not None:  # what is laid into it has even sides and offsets
            return 2 * round(width / 2), 2 * round(height / 2)
        return max(1, round(width)), max(1, round(height))


def _colours(frame: Any) -> tuple[int, int]:
    """Matrix and range with which the copy is tagged."""
    matrix, span = int(frame.colorspace), int(frame.color_range)
    if matrix == RGB_MATRIX:
        return BT709, LIMITED
    if frame.format.name.startswith("yuvj"):
        span = FULL
    if matrix == SMPTE170M:
        matrix = BT601
    if matrix not in (BT709, FCC, BT601, SMPTE240M, BT2020):
        matrix = BT709 if frame.height > HD_HEIGHT or frame.width >= HD_WIDTH else BT601
    return matrix, FULL if span == FULL else LIMITED
