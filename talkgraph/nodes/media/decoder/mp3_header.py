"""The header that encoders put into the first frame of an MP3 file: how long the file is.

It is believed only in its own place, in the frame behind the tags: files joined from several
hold more of them, each of which counts its own part.
"""

from __future__ import annotations

import attrs

TAG_HEAD = 10  # bytes of an ID3v2 tag before its content, and of its footer
SEARCHED = 4096  # bytes between the tags and the first frame
RATES = (44100, 48000, 32000)  # Hz, of MPEG 1; half of them of MPEG 2, a quarter of MPEG 2.5
FRAMES_FLAG, BYTES_FLAG, INDEX_FLAG, QUALITY_FLAG = 1, 2, 4, 8
DELAYS = 21  # bytes into the encoder's own part: samples of padding at both ends, 12 bits each


@attrs.frozen
class _Frame:
    """What the four bytes at the start of a Layer III frame say."""

    rate: int  # Hz
    samples: int
    side_info: int  # bytes between the four and the header that is looked for


def mp3_seconds(path: str) -> float | None:
    """Seconds that the first frame's Xing or Info header states, None where there is none."""
    with open(path, "rb") as file:
        head = file.read(TAG_HEAD)
        while len(head) == TAG_HEAD and head[:3] == b"ID3":
            size = 0
            for byte in head[6:]:
                size = size << 7 | byte & 0x7F
            file.seek(size + (TAG_HEAD if head[5] & 0x10 else 0), 1)
            head = file.read(TAG_HEAD)
        data = head + file.read(SEARCHED)
    for at in range(len(data) - 4):
        frame = _frame(data[at : at + 4])
        if frame is not None:
            return _stated(data[at + 4 + frame.side_info :], frame)
    return None


def _frame(head: bytes) -> _Frame | None:
    """The frame that begins with these four bytes, if they can begin one."""
    version, layer = head[1] >> 3 & 3, head[1] >> 1 & 3
    bitrate, rate = head[2] >> 4, head[2] >> 2 & 3
    if head[0] != 0xFF or head[1] >> 5 != 7 or version == 1 or layer != 1:
        return None
    if bitrate in (0, 15) or rate == 3:
        return None
    newest, mono = version == 3, head[3] >> 6 == 3
    side_info = (17 if mono else 32) if newest else (9 if mono else 17)
    divisor = {3: 1, 2: 2, 0: 4}[version]
    return _Frame(RATES[rate] // divisor, 1152 if newest else 576, side_info)


def _stated(data: bytes, frame: _Frame) -> float | None:
    if data[:4] not in (b"Xing", b"Info") or len(data) < 12:
        return None
    flags = int.from_bytes(data[4:8], "big")
    if not flags & FRAMES_FLAG:
        return None
    samples = int.from_bytes(data[8:12], "big") * frame.samples
    own = 12 + 4 * bool(flags & BYTES_FLAG) + 100 * bool(flags & INDEX_FLAG)
    own += 4 * bool(flags & QUALITY_FLAG)
    delays = data[own + DELAYS : own + DELAYS + 3]
    if len(delays) == 3 and data[own : own + 4] in (b"LAME", b"Lavf", b"Lavc"):
        both = int.from_bytes(delays, "big")
        samples -= (both >> 12) + (both & 0xFFF)
    return samples / frame.rate if samples > 0 else None
