"""Writes the sound of an untrusted file as raw float32: 16 kHz mono, and the full soundtrack."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import attrs
import av

from talkgraph.nodes.media.decoder import plain_sound
from talkgraph.nodes.media.decoder.channels import Block, stereo
from talkgraph.nodes.media.decoder.levels import SPEECH_RATE, settle
from talkgraph.nodes.media.decoder.opening import (
    AUDIO_CODECS,
    Refused,
    by_choice,
    check_codec,
    links_of,
    no_such,
    open_media,
    sound_streams,
)
from talkgraph.nodes.media.decoder.sound_writer import SoundWriter
from talkgraph.nodes.media.decoder.truncation import told_seconds, wav_seconds

Progress = Callable[[float, float], None]

NO_SOUND = "holds no sound"
AUDIBLE_DB = -60.0  # a track whose loudest 0.1 s lies below gives way to the next
# Containers without timestamps: the reader counts samples at the first one's rate.
UNTIMED = frozenset(("aac", "ac3", "amr", "ape", "au", "eac3", "flac", "mp3", "tta", "wv"))
EDIT_SLACK = 4096  # samples; codec padding at the end that the container tells of


def decode(
    path: str,
    folder: str,
    *,
    progress: Progress,
    max_seconds: float,
    start: float | None = None,
    exact_seconds: float | None = None,
    track: int = 0,
) -> dict[str, Any]:
    """Write `speech.f32` (n,) and `soundtrack.f32` (m, c) into the folder, in [-1, 1].

    Args:
        max_seconds: no more than this is read.
        start: the file's time at which the result starts; None for the first sample.
        exact_seconds: the result's length, cut or filled with silence; None for the sound's own.
        track: which one, counted from 1; 0 takes the one that is marked as default, or where
            that is silent the first audible one.

    Returns: track and tracks (which one of how many), samples (n), soundtrack_samples (m),
        channels (c), soundtrack_rate, source_rate, seconds (decoded), told (seconds by the file's
        header, or None), longer (whether `max_seconds` cut it), lost and packets, loudest_db (the
        loudest 0.1 s, dB re full scale).
    """
    job = _Job(path, Path(folder), progress, max_seconds, start, exact_seconds)
    with plain_sound.plain_sound(path) as files:
        if files is not None:
            return {"track": 1, "tracks": 1, **job.write_plain(files)}
    order, count = _order(path, track)
    refused, silent = Refused(NO_SOUND), []
    for number in order:
        try:
            facts = job.write_track(number)
        except Refused as error:
            refused = error
            continue
        if facts["loudest_db"] >= AUDIBLE_DB or len(order) == 1:
            return {"track": number + 1, "tracks": count, **facts}
        silent.append(number)
    if not silent:
        raise refused
    return {"track": silent[0] + 1, "tracks": count, **job.write_track(silent[0])}


def _order(path: str, track: int) -> tuple[list[int], int]:
    """The tracks to try, counted from 0, and how many there are."""
    with open_media(path) as container:
        streams = sound_streams(container)
        if track > len(streams) > 0:
            raise Refused(
                f"has {len(streams)} sound track(s), so there is no track {track}",
                no_such(len(streams)),
            )
        chosen = [track - 1] if track else [streams.index(one) for one in by_choice(streams)]
        return chosen if streams else [], len(streams)


@attrs.frozen
class _Job:
    """What is wanted of a sound, whichever track it is."""

    path: str
    folder: Path
    progress: Progress
    max_seconds: float
    start: float | None
    exact_seconds: float | None

    def write_plain(self, files: list[Any]) -> dict[str, Any]:
        """Write what libsndfile reads."""
        told = plain_sound.told_by_header(files)
        if told is None and len(files) == 1:
            told = wav_seconds(self.path)
        counts = {"packets": 0, "lost": 0}

        def fill(writer: SoundWriter) -> float | None:
            self._write(plain_sound.blocks(files, counts), writer, told)
            return told

        return self._decode(fill, counts)

    def write_track(self, number: int) -> dict[str, Any]:
        """Write one track of a container."""
        counts = {"packets": 0, "lost": 0}

        def fill(writer: SoundWriter) -> float | None:
            told = None
            with links_of(self.path) as links:
                for link in links:
                    with open_media(self.path, link) as container:
                        told = self._write_link(container, number, writer, counts)
            return told

        return self._decode(fill, counts)

    def _decode(
        self, fill: Callable[[SoundWriter], float | None], counts: dict[str, int]
    ) -> dict[str, Any]:
        speech_file, track_file = self.folder / "speech.f32", self.folder / "soundtrack.f32"
        with open(speech_file, "wb+") as speech, open(track_file, "wb+") as track:
            writer = SoundWriter(speech, track, self.max_seconds)
            told = fill(writer)
        if not writer.samples:
            raise Refused(NO_SOUND if not counts["lost"] else "holds no sound that can be decoded")
        seconds = writer.samples / writer.track_rate
        length = self.exact_seconds if self.exact_seconds is not None else seconds
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

    def _write_link(
        self, container: Any, number: int, writer: SoundWriter, counts: dict[str, int]
    ) -> float | None:
        """Write one track of an open container; the seconds that it tells of."""
        stream = sound_streams(container)[number]
        check_codec(stream, AUDIO_CODECS, "sound")
        told = told_seconds(self.path, container, stream)
        timed = container.format.name not in UNTIMED
        frames = _frames(container, stream, counts)
        blocks = (
            Block(stereo(frame), frame.sample_rate, frame.time if timed else None)
            for frame in frames
        )
        self._write(blocks, writer, told)
        exact = stream.duration if container.format.name.startswith("mov") else None
        if exact and stream.time_base and self.start is None:
            own = round(exact * stream.time_base * writer.track_rate)
            if 0 < writer.samples - own <= EDIT_SLACK:
                writer.samples = int(own)
        return told

    def _write(self, blocks: Iterable[Block], writer: SoundWriter, told: float | None) -> None:
        for number, block in enumerate(blocks):
            writer.add(block, self.start)
            if number % 64 == 0:
                expected = min(told or writer.seconds, writer.max_seconds)
                self.progress(writer.seconds, max(expected, writer.seconds))
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
