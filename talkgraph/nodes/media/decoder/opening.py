"""What the child may open: local regular files of known containers and codecs, nothing nested."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import av

# Containers of people's recordings. Playlists and lists of other files (hls, concat, dash, ...)
# are left out: they make the demuxer open further files and addresses.
FORMATS = "mov,matroska,webm,avi,mpegts,wav,w64,aiff,caf,flac,mp3,ogg,aac,amr"

_VIDEO = (
    "h264 hevc vp8 libvpx vp9 libvpx-vp9 av1 libdav1d libaom-av1 mpeg4 mpeg2video mpeg1video "
    "h263 mjpeg prores dnxhd dvvideo ffv1 theora rawvideo huffyuv utvideo"
)
_AUDIO = (
    "aac aac_latm mp3 mp3float mp2 mp2float flac alac opus libopus vorbis libvorbis ac3 eac3 "
    "amrnb libopencore_amrnb amrwb libopencore_amrwb adpcm_ms adpcm_ima_wav wavpack"
)
VIDEO_CODECS = frozenset(_VIDEO.split())
AUDIO_CODECS = frozenset(_AUDIO.split())  # besides pcm_*


class Refused(Exception):
    """The file cannot be used; the text says why, without the file's name."""


@contextmanager
def open_media(path: str) -> Iterator[Any]:
    """Open a container for reading with the allow-lists in force.

    Errors: Refused, if it is none of the known containers or its headers are damaged.
    """
    # Without a level PyAV installs no log callback; with one, a decoder thread that logs waits for
    # the interpreter while the interpreter waits for that thread to end.
    av.logging.set_level(None)
    options = {"protocol_whitelist": "file", "format_whitelist": FORMATS}
    try:
        # With "file:" in front, a name such as "http:x" or "concat:a|b" stays a file name.
        container = av.open(
            f"file:{path}", options=options, metadata_encoding="utf-8", metadata_errors="replace"
        )
    except (av.error.FFmpegError, ValueError) as error:
        if isinstance(error, OSError) and isinstance(error, PermissionError | FileNotFoundError):
            raise
        raise Refused("is damaged, or not a recording of a known kind") from None
    with container:
        yield container


def picture_stream(container: Any) -> Any:
    """Return the first stream of moving pictures (cover art does not count), or None."""
    for stream in container.streams.video:
        cover = av.stream.Disposition.attached_pic | av.stream.Disposition.still_image
        if not stream.disposition & cover:
            return stream
    return None


def sound_stream(container: Any) -> Any:
    """Return the first stream of sound, or None."""
    return container.streams.audio[0] if container.streams.audio else None


def check_codec(stream: Any, allowed: frozenset[str], what: str) -> None:
    """Refuse a stream whose codec is unknown or not among those that people's files use."""
    context = stream.codec_context
    name = context.name if context is not None else "unknown"
    if name not in allowed and not (what == "sound" and name.startswith("pcm_")):
        raise Refused(f"has {what} of the codec '{name}', which is not read")
