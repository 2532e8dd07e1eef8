"""Small recordings made for the tests; every frame and sample tells where it belongs."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

BITS = 10  # of the frame number written into each picture


def picture(index: int, width: int, height: int) -> NDArray[np.uint8]:
    """A smooth colour picture with a distinct corner and the index in blocks along the top row."""
    y, x = np.mgrid[0:height, 0:width] / max(width, height)
    waves = [0.5 + 0.35 * np.sin(7 * x + 3 * y), 0.3 + 0.5 * y, 0.7 - 0.5 * x * y]
    image = (255 * np.stack(waves, -1)).astype(np.uint8)
    block = width // BITS
    for bit in range(BITS):
        image[: height // 4, bit * block : (bit + 1) * block] = 255 * (index >> bit & 1)
    image[-height // 4 :, : width // 4] = (220, 30, 30)  # bottom left is red
    return image


def index_of(image: NDArray[np.uint8]) -> int:
    """Read back the index of an upright `picture`."""
    height, width = image.shape[:2]
    block = width // BITS
    centres = image[height // 8, block // 2 : BITS * block : block].mean(-1)
    return sum(1 << bit for bit in range(BITS) if centres[bit] > 127)


def write_video(
    path: Path,
    times: Sequence[float],
    size: tuple[int, int] = (160, 120),
    *,
    codec: str = "libx264",
    pix_fmt: str = "yuv420p",
    matrix: Sequence[int] | None = None,
    sound: NDArray[np.float32] | None = None,
    sound_rate: int = 48000,
    sound_codec: str = "aac",
    last: float = 0.04,
    options: dict[str, str] | None = None,
    front: bool = False,
    cut_at: int | None = None,
) -> Path:
    """Write `picture(k)` at times[k] s.

    matrix: a display matrix (a, b, c, d). front: put the index of an MP4 at its front.
    cut_at: from this picture on the lower three quarters are another scene.
    """
    base = Fraction(1, 25) if codec == "mpeg2video" else Fraction(1, 12800)
    ticks = [round(time / base) for time in times] + [round((times[-1] + last) / base)]
    flags = {"movflags": "+faststart"} if front else {}
    with av.open(str(path), "w", options=flags) as container:
        stream = container.add_stream(codec, rate=25, options=options or {"crf": "12"})
        stream.width, stream.height = size
        stream.pix_fmt = pix_fmt
        stream.codec_context.time_base = base
        stream.time_base = base
        if matrix is not None:
            a, b, c, d = (value << 16 for value in matrix)
            stream.set_display_matrix([a, b, 0, c, d, 0, 0, 0, 1 << 30])
        audio = None
        if sound is not None:
            layout = "mono" if sound.shape[0] == 1 else "stereo"
            audio = container.add_stream(sound_codec, rate=sound_rate, layout=layout)
        for number in range(len(times)):
            image = picture(number, *size)
            if cut_at is not None and number >= cut_at:
                image[size[1] // 4 :] = 255 - image[size[1] // 4 :, ::-1]
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            frame = frame.reformat(format=pix_fmt, dst_colorspace="ITU601")
            frame.pts, frame.time_base = ticks[number], base
            frame.duration = ticks[number + 1] - ticks[number]
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
        if sound is not None:
            mux_sound(container, audio, sound, sound_rate)
    return path


def mux_sound(container, stream, sound: NDArray[np.float32], rate: int) -> None:
    """Encode `sound [shape=(c, n)]` in [-1, 1] into the stream."""
    layout = "mono" if sound.shape[0] == 1 else "stereo"
    wanted = stream.codec_context.format.name if stream.codec_context.format else "fltp"
    resampler = av.AudioResampler(format=wanted, layout=stream.layout, rate=rate)
    step = stream.codec_context.frame_size or 1024
    for start in range(0, sound.shape[1], step):
        data = np.ascontiguousarray(sound[:, start : start + step], np.float32)
        frame = av.AudioFrame.from_ndarray(data, format="fltp", layout=layout)
        frame.sample_rate, frame.pts, frame.time_base = rate, start, Fraction(1, rate)
        for part in resampler.resample(frame):
            container.mux(stream.encode(part))
    container.mux(stream.encode())


def write_sound(
    path: Path, sound: NDArray[np.float32], rate: int, codec: str, sample_format: str | None = None
) -> Path:
    """Write `sound [shape=(c, n)]` with the container that the suffix names."""
    with av.open(str(path), "w") as container:
        layout = "mono" if sound.shape[0] == 1 else "stereo"
        stream = container.add_stream(codec, rate=rate, layout=layout)
        if codec.startswith("wma"):
            stream.bit_rate = 128_000
        if sample_format:
            stream.codec_context.format = sample_format
        mux_sound(container, stream, sound, rate)
    return path


def tone(
    seconds: float, rate: int, hertz: float = 440.0, level: float = 0.5
) -> NDArray[np.float32]:
    """A sine `[shape=(1, n)]`."""
    time = np.arange(round(seconds * rate)) / rate
    return (level * np.sin(2 * np.pi * hertz * time)).astype(np.float32)[None]


def chirp(seconds: float, rate: int) -> NDArray[np.float32]:
    """A sweep from 200 to 1800 Hz `[shape=(1, n)]`: its shape fixes its place in time."""
    time = np.arange(round(seconds * rate)) / rate
    phase = 2 * np.pi * (200 * time + 800 / seconds * time**2)
    return (0.5 * np.sin(phase)).astype(np.float32)[None]


def delay(got: NDArray[np.float32], wanted: NDArray[np.float32], most: int = 4000) -> int:
    """By how many samples `got` lags behind `wanted` (1-D, same rate)."""
    count = min(len(got), len(wanted))
    spectrum = np.fft.rfft(got[:count], 2 * count) * np.conj(np.fft.rfft(wanted[:count], 2 * count))
    correlation = np.fft.irfft(spectrum)
    lags = np.concatenate([correlation[-most:], correlation[: most + 1]])
    return int(np.argmax(lags)) - most
