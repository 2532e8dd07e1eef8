"""Decoded sound of any rate, put in its place in time, resampled twice and written."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, BinaryIO

import av
import numpy as np
from numpy.typing import NDArray

from talkgraph.nodes.media.decoder.channels import Block
from talkgraph.nodes.media.decoder.levels import SPEECH_RATE
from talkgraph.nodes.media.decoder.opening import Refused

Floats = NDArray[np.float32]

# Rates that AAC can carry; the soundtrack keeps its own rate where it is one of these.
AAC_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
RATE_RANGE = (4000, 384000)  # Hz, of the file
# Polyphase filter of 128 taps, -6 dB at 0.97 of the lower Nyquist frequency: flat to 7.5 kHz at
# 16 kHz, aliases below -79 dB from 8.1 kHz on (measured).
RESAMPLER = "filter_size=128:cutoff=0.97"
GAP = 0.05  # s; shorter holes between timestamps are rounding
MAX_SILENCE = 60.0  # s; how much silence holes in the timestamps may put in
COPIED_ROWS = 1 << 20  # at a time, where what is written becomes stereo


class SoundWriter:
    """Resamples decoded sound twice, to 16 kHz and to the soundtrack's rate, and appends it.

    Rate and channels may change from block to block, as in files that were joined: the first
    block settles the soundtrack's rate, and what is mono becomes stereo once anything is.
    """

    def __init__(self, speech: BinaryIO, track: BinaryIO, max_seconds: float) -> None:
        self.samples = 0  # of the soundtrack, in each channel
        self.channels = self.source_rate = 0
        self.track_rate = AAC_RATES[-1]
        self.full = False
        self.max_seconds = max_seconds
        self._files = (speech, track)
        self._chains: tuple[_Chain, ...] = ()
        self._rate = 0  # Hz, of the blocks that come in
        self._passed = 0.0  # s that came in at other rates before
        self._read = 0  # source samples taken at this rate, holes included
        self._skip = 0.0  # s still to be left out at the start
        self._silence = 0.0
        self._origin: float | None = None

    @property
    def seconds(self) -> float:
        """Source time taken so far."""
        return self._passed + (self._read / self._rate if self._rate else 0.0)

    def add(self, block: Block, start: float | None) -> None:
        """Append one block at its place in time."""
        data, time = block.data, block.time
        if not RATE_RANGE[0] <= block.rate <= RATE_RANGE[1]:
            if not self.source_rate:
                raise Refused(
                    f"has a sample rate of {block.rate} Hz, which no recording has",
                    "export it again with 16000 Hz or more",
                )
            return  # half-way only damaged files claim that
        if block.rate != self._rate or data.shape[0] > self.channels:
            self._turn_to(block.rate, max(data.shape[0], self.channels))
        if data.shape[0] < self.channels:
            data = np.repeat(data, self.channels, axis=0)
        if time is not None and self._origin is None:
            self._origin = time if start is None else start
            self._skip = max(0.0, self._origin - time)
        if time is not None and self._origin is not None and not self._skip:
            self._fill(time - self._origin - self.seconds)
        if self._skip:
            left_out = min(round(self._skip * self._rate), data.shape[1])
            whole = left_out < data.shape[1]
            self._skip = 0.0 if whole else self._skip - left_out / self._rate
            data = data[:, left_out:]
        room = self._room()
        if data.shape[1] > room:
            data, self.full = data[:, :room], True
        self._push(data)

    def finish(self) -> None:
        """Write what the resamplers still hold; what follows begins anew."""
        for chain in self._chains:
            self._append(chain, chain.flush())
        self._passed, self._read, self._rate, self._chains = self.seconds, 0, 0, ()

    def _turn_to(self, rate: int, channels: int) -> None:
        """Go on with blocks of another rate or of more channels."""
        self.finish()
        self._rate = rate
        if not self.source_rate:
            self.source_rate = rate
            if rate in AAC_RATES:
                self.track_rate = rate
            elif rate % 11025 == 0 and rate > AAC_RATES[-1]:
                self.track_rate = 44100
        elif channels > self.channels:
            for file in self._files:
                _make_stereo(file)
        self.channels = channels
        self._chains = tuple(
            _Chain(rate, to, channels, file)
            for to, file in zip((SPEECH_RATE, self.track_rate), self._files, strict=True)
        )

    def _room(self) -> int:
        """Samples that may still come in."""
        return max(0, round((self.max_seconds - self._passed) * self._rate) - self._read)

    def _fill(self, hole: float) -> None:
        if hole <= GAP or self._silence + hole > MAX_SILENCE:
            return
        self._silence += hole
        count = min(round(hole * self._rate), self._room())
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


def _make_stereo(file: BinaryIO) -> None:
    """Give raw mono samples a second channel like the first: from the end on, so in its place."""
    left = file.seek(0, 2) // 4
    while left:
        start = max(0, left - COPIED_ROWS)
        file.seek(4 * start)
        mono = np.frombuffer(file.read(4 * (left - start)), np.float32)
        file.seek(8 * start)
        file.write(np.repeat(mono, 2).tobytes())
        left = start
    file.seek(0, 2)


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
