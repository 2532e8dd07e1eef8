"""What the child may open: local regular files of known containers and codecs, nothing nested."""

from __future__ import annotations

import mmap
import os
import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

import av

from talkgraph.nodes.media.decoder.part import Part
from talkgraph.nodes.media.kinds import AS_AUDIO, AS_VIDEO, kind_of

# Containers of people's recordings. Playlists and lists of other files (hls, concat, dash, ...)
# are left out: they make the demuxer open further files and addresses.
FORMATS = (
    "mov,matroska,webm,avi,mpegts,mpeg,flv,asf,dv,mxf,gif,apng,"
    "wav,w64,aiff,caf,flac,mp3,ogg,aac,amr,au,ac3,eac3,wv,ape,tta,voc"
)

_VIDEO = (
    "h264 hevc vp8 libvpx vp9 libvpx-vp9 av1 libdav1d libaom-av1 mpeg4 mpeg2video mpeg1video "
    "h263 mjpeg prores dnxhd dvvideo ffv1 theora rawvideo huffyuv utvideo flv vp6 vp6f vp6a "
    "wmv1 wmv2 wmv3 vc1 msmpeg4 msmpeg4v1 msmpeg4v2 cinepak svq1 svq3 qtrle png apng gif"
)
_AUDIO = (
    "aac aac_latm mp3 mp3float mp2 mp2float mp1 mp1float flac alac opus libopus vorbis libvorbis "
    "ac3 eac3 dca amrnb libopencore_amrnb amrwb libopencore_amrwb wavpack ape tta speex libspeex "
    "nellymoser gsm gsm_ms wmav1 wmav2 wmapro wmavoice wmalossless qdm2 g722 g726 g726le"
)
VIDEO_CODECS = frozenset(_VIDEO.split())
AUDIO_CODECS = frozenset(_AUDIO.split())  # besides pcm_* and adpcm_*
_PLAIN = ("pcm_", "adpcm_")
_OGG_PAGE = re.compile(rb"OggS\x00([\x00-\x07])")
OGG_BEGINS = 2  # flag of a page with which a stream begins


class Refused(Exception):
    """The file cannot be used; the text says why, without the file's name.

    remedy: what helps, where it is not what helps against most refusals.
    """

    def __init__(self, text: str, remedy: str | None = None) -> None:
        super().__init__(text)
        self.remedy = remedy


@contextmanager
def open_media(path: str, part: Part | None = None) -> Iterator[Any]:
    """Open a container for reading with the allow-lists in force.

    Args:
        part: one link of a chain of recordings that the file is; None for the whole file.

    Errors: Refused, if it is none of the known containers or its headers are damaged.
    """
    # Without a level PyAV installs no log callback; with one, a decoder thread that logs waits for
    # the interpreter while the interpreter waits for that thread to end.
    av.logging.set_level(None)
    options = {"protocol_whitelist": "file", "format_whitelist": FORMATS}
    try:
        # With "file:" in front, a name such as "http:x" or "concat:a|b" stays a file name.
        source: Any = part or f"file:{path}"
        container = av.open(
            source, options=options, metadata_encoding="utf-8", metadata_errors="replace"
        )
    except (av.error.FFmpegError, ValueError) as error:
        if isinstance(error, OSError) and isinstance(error, PermissionError | FileNotFoundError):
            raise
        text = "is damaged, or not a recording of a known kind"
        raise unknown(path, text, reads=(AS_VIDEO, AS_AUDIO)) from None
    with container:
        yield container


@contextmanager
def links_of(path: str) -> Iterator[list[Part | None]]:
    """The links of a chained Ogg file, one after another; one None for any other file."""
    with open(path, "rb") as file:
        starts = _starts_of_links(file)
        if len(starts) < 2:
            yield [None]
        else:
            ends = [*starts[1:], file.seek(0, os.SEEK_END)]
            yield [Part(file, *both) for both in zip(starts, ends, strict=True)]


def _starts_of_links(file: BinaryIO) -> list[int]:
    starts: list[int] = []
    in_head = False
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        if data[:4] == b"OggS":
            for page in _OGG_PAGE.finditer(data):
                begins = bool(page[1][0] & OGG_BEGINS)
                if begins and not in_head:
                    starts.append(page.start())
                in_head = begins
    return starts


def unknown(path: str, otherwise: str, *, reads: Collection[str]) -> Refused:
    """Refusal of a file that a reader cannot open: by name where it is of another kind.

    Args:
        reads: remedies of the kinds that this reader reads: such a file is damaged.
    """
    kind = kind_of(path)
    if kind is None or kind.remedy in reads:
        return Refused(otherwise)
    return Refused(f"is {kind.name}", kind.remedy)


def picture_streams(container: Any) -> list[Any]:
    """The streams of moving pictures; cover art does not count."""
    cover = av.stream.Disposition.attached_pic | av.stream.Disposition.still_image
    return [stream for stream in container.streams.video if not stream.disposition & cover]


def sound_streams(container: Any) -> list[Any]:
    """The streams of sound."""
    return list(container.streams.audio)


def by_choice(streams: list[Any]) -> list[Any]:
    """Streams of one kind: the one that is marked as default, then the others in their order."""
    default = av.stream.Disposition.default
    return sorted(streams, key=lambda stream: not stream.disposition & default)


def no_such(count: int) -> str:
    """What to do where a track is asked for beyond the last of `count`."""
    return f"choose 1 to {count}, or 0 for the one that is meant" if count > 1 else "choose 0 or 1"


def check_codec(stream: Any, allowed: frozenset[str], what: str) -> None:
    """Refuse a stream whose codec is unknown or not among those that people's files use."""
    context = stream.codec_context
    name = context.name if context is not None else "unknown"
    if name not in allowed and not (what == "sound" and name.startswith(_PLAIN)):
        raise Refused(f"has {what} of the codec '{name}', which is not read")
