"""Writes the sound of an untrusted file as raw float32: 16 kHz mono, and the full soundtrack."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO

import av
import numpy as np
from numpy.typing import NDArray

from talkgraph.nodes.media.decoder import plain_sound
from talkgraph.nodes.media.decoder.channels import Block, stereo
from talkgraph.nodes.media.decoder.levels import SPEECH_RATE, settle
from talkgraph.nodes.media.decoder.opening import (
    AUDIO_CODECS,
    Refused,
    check_codec,
    open_media,
    sound_stream,
)
from talkgraph.nodes.media.decoder.truncation import told_seconds, wav_seconds

Progress = Callable[[float, float], None]
Floats = NDArray[np.float32]

NO_SOUND = "holds no sound"
# Rates that AAC can carry; the soundtrack keeps its own rate where it is one of these.
AAC_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
RATE_RANGE = (4000, 384000)  # Hz, of the file
# Polyphase filter of 128 taps, -6 dB at 0.97 of the lower Nyquist frequency: flat to 7.5 kHz at
# 16 kHz, aliases below -79 dB from 8.1 kHz on (measured).
RESAMPLER = "filter_size=128:cutoff=0.97"
GAP = 0.05  # s; shorter holes between timestamps are rounding
MAX_SILENCE = 60.0  # s; how much silence holes in the timestamps may put in
EDIT_SLACK = 4096  # samples; codec padding at the end that the container tells of


def decode(
    path: str,
    folder: str,
    *,
    progress: Progress,
    max_seconds: float,
    start: float | None = None,
    exact_seconds: float | None = None,
) -> dict[str, Any]:
    """Write `speech.f32` (n,) and `soundtrack.f32` (m, c) into the folder, in [-1, 1].

    Args:
        max_seconds: no more than this is read.
        start: the file's time at which the result starts; None for the first sample.
        exact_seconds: the result's length, cut or filled with silence; None for the sound's own.

    Returns: samples (n), soundtrack_samples (m), channels (c), soundtrack_rate, source_rate,
        seconds (decoded), told (seconds by the file's header, or None), longer (whether
        `max_seconds` cut it), lost and packets, loudest_db (the loudest 0.1 s, dB re full scale).
    """
    speech_file, track_file = Path(folder) / "speech.f32", Path(folder) / "soundtrack.f32"
    counts = {"packets": 0, "lost": 0}
    with open(speech_file, "wb") as speech, open(track_file, "wb") as track:
        writer = _Writer(speech, track, max_seconds)
        with plain_sound.plain_sound(path) as file:
            if file is not None:
                told = plain_sound.told_by_header(file) or wav_seconds(path)
                _write(plain_sound.blocks(file, counts), writer, told, start, progress)
        if file is None:
            told = _write_stream(path, counts, writer, start, progress)
    if not writer.samples:
        raise Refused(NO_SOUND if not counts["lost"] else "holds no sound that can be decoded")
    seconds = writer.samples / writer.track_rate
    length = exact_seconds if exact_seconds is not None else seconds
    rows, count = round(length * writer.track_rate), round(length * SPEECH_RATE)
    with open(speech_file, "rb+") as speech, open(track_file, "rb+") as track:
        speech.truncate(count * writer.channels * 4)  # a longer length reads as silence
        track.truncate(rows * writer.channels * 4)
        channels, loudest = settle(speech, track, writer.channels)
    return {
        **counts,
        "samples": count,
        "soundtrack_samples": rows,
        "channels": channels,
        "soundtrack_rate": writer.track_rate,
        "source_rate": writer.source_rate,
        "seconds": seconds,
        "told": told,
        "longer": writer.full,
        "loudest_db": loudest,
    }


def _write_stream(
    path: str, counts: dict[str, int], writer: _Writer, start: float | None, progress: Progress
) -> float | None:
    """Write the sound of a container of compressed sound; the seconds that it tells of."""
    with open_media(path) as container:
        stream = sound_stream(container)
        if stream is None:
            raise Refused(NO_SOUND)
        check_codec(stream, AUDIO_CODECS, "sound")
        told = told_seconds(path, container, stream)
        frames = _frames(container, stream, counts)
        blocks = (Block(stereo(frame), frame.sample_rate, frame.time) for frame in frames)
        _write(blocks, writer, told, start, progress)
        exact = stream.duration if container.format.name.startswith("mov") else None
        if exact and stream.time_base and start is None:
            own = round(exact * stream.time_base * writer.track_rate)
            if 0 < writer.samples - own <= EDIT_SLACK:
                writer.samples = int(own)
    return told


def _write(
    blocks: Iterable[Block],
    writer: _Writer,
    told: float | None,
    start: float | None,
    progress: Progress,
) -> None:
    for number, block in enumerate(blocks):
        writer.add(block, start)
        if number % 64 == 0:
            expected = min(told or writer.seconds, writer.max_seconds)
            progress(writer.seconds, max(expected, writer.seconds))
        if writer.full:
            break
    writer.finish()


def _frames(container: Any, stream: Any, counts: dict[str, int]) -> Iterator[Any]:
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets)
        except StopIteration:
            return
        except av.error.FFmpegError:
            counts["lost"] += 1
            return
        counts["packets"] += 1
        try:
            yield from packet.decode()
        except (av.error.FFmpegError, ValueError):
            counts["lost"] += 1


class _Writer:
    """Resamples decoded sound twice, to 16 kHz and to the soundtrack's rate, and appends it."""

    def __init__(self, speech: BinaryIO, track: BinaryIO, max_seconds: float) -> None:
        self.samples = 0  # of the soundtrack, in each channel
        self.channels = self.source_rate = 0
        self.track_rate = AAC_RATES[-1]
        self.full = False
        self._files = (speech, track)
        self.max_seconds = max_seconds
        self._chains: tuple[_Chain, ...] = ()
        self._read = 0  # source samples taken so far, holes included
        self._skip = 0  # source samples still to be left out at the start
        self._silence = 0.0
        self._origin: float | None = None

    @property
    def seconds(self) -> float:
        """Source time taken so far."""
        return self._read / self.source_rate if self.source_rate else 0.0

    def add(self, block: Block, start: float | None) -> None:
        """Append one block at its place in time."""
        data, time = block.data, block.time
        if not self._chains:
            self._begin(block.rate, data.shape[0])
        if block.rate != self.source_rate or data.shape[0] != self.channels:
            return  # the format changes half-way: only damaged files do
        if time is not None and self._origin is None:
            self._origin = time if start is None else start
            if time < self._origin:
                self._skip = round((self._origin - time) * self.source_rate)
        if time is not None and self._origin is not None and not self._skip:
            self._fill(time - self._origin - self.seconds)
        if self._skip:
            left_out = min(self._skip, data.shape[1])
            self._skip -= left_out
            data = data[:, left_out:]
        room = round(self.max_seconds * self.source_rate) - self._read
        if data.shape[1] > room:
            data, self.full = data[:, : max(room, 0)], True
        self._push(data)

    def finish(self) -> None:
        """Write what the resamplers still hold."""
        for chain in self._chains:
            self._append(chain, chain.flush())

    def _begin(self, rate: int, channels: int) -> None:
        if not RATE_RANGE[0] <= rate <= RATE_RANGE[1]:
            raise Refused(f"has a sample rate of {rate} Hz, which no recording has")
        self.source_rate, self.channels = rate, channels
        multiple_of_44100 = rate % 11025 == 0 and rate > AAC_RATES[-1]
        if rate in AAC_RATES:
            self.track_rate = rate
        elif multiple_of_44100:
            self.track_rate = 44100
        self._chains = tuple(
            _Chain(rate, to, channels, file)
            for to, file in zip((SPEECH_RATE, self.track_rate), self._files, strict=True)
        )

    def _fill(self, hole: float) -> None:
        if hole <= GAP or self._silence + hole > MAX_SILENCE:
            return
        self._silence += hole
        room = round(self.max_seconds * self.source_rate) - self._read
        count = min(round(hole * self.source_rate), max(room, 0))
        self._push(np.zeros((self.channels, count), np.float32))

    def _push(self, data: Floats) -> None:
        if data.shape[1]:
            self._read += data.shape[1]
            for chain in self._chains:
                self._append(chain, chain.push(data))

    def _append(self, chain: _Chain, blocks: list[Floats]) -> None:
        for block in blocks:
            chain.file.write(np.ascontiguousarray(block.T).tobytes())
            if chain is self._chains[1]:
                self.samples += block.shape[1]


class _Chain:
    """One resampler, from the source's rate to another, and the file that takes its output."""

    def __init__(self, source: int, target: int, channels: int, file: BinaryIO) -> None:
        self.file = file
        self._layout = "mono" if channels == 1 else "stereo"
        self._rate, self._pts = source, 0
        self._graph: Any = None
        if source == target:
            return
        self._graph = av.filter.Graph()
        nodes = [
            self._graph.add_abuffer(
                format="fltp",
                sample_rate=source,
                layout=self._layout,
                time_base=Fraction(1, source),
            ),
            self._graph.add("aresample", f"{target}:{RESAMPLER}"),
            self._graph.add("abuffersink"),
        ]
        nodes[0].link_to(nodes[1])
        nodes[1].link_to(nodes[2])
        self._graph.configure()

    def push(self, data: Floats) -> list[Floats]:
        """Resample `data [shape=(c, n), float32]`; what comes out so far."""
        if self._graph is None:
            return [data]
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(data), format="fltp", layout=self._layout
        )
        frame.sample_rate, frame.pts = self._rate, self._pts
        frame.time_base = Fraction(1, self._rate)
        self._pts += data.shape[1]
        self._graph.push(frame)
        return self._pull()

    def flush(self) -> list[Floats]:
        """The rest."""
        if self._graph is None or not self._pts:
            return []
        self._graph.push(None)
        return self._pull()

    def _pull(self) -> list[Floats]:
        blocks: list[Floats] = []
        while self._graph is not None:
            try:
                blocks.append(np.asarray(self._graph.pull().to_ndarray(), np.float32))
            except (BlockingIOError, EOFError):
                break
        return blocks
