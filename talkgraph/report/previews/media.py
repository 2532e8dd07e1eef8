"""Speech, footage, clips and finished files."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from talkgraph.cache.files import File
from talkgraph.display import Scene, preview
from talkgraph.nodes.footage import open_footage
from talkgraph.nodes.media import WriteVideo
from talkgraph.nodes.values import Clip, Crop, Footage, Speech
from talkgraph.report import media
from talkgraph.report.format import size_text
from talkgraph.report.markup import Html, facts, figure
from talkgraph.report.pictures import box, overlaid, picture_data, picture_of, sampled, strip
from talkgraph.report.previews.mouth import strip_of_output
from talkgraph.report.show import size_of
from talkgraph.report.waveform import waveform

_READ_BYTES = 32 << 20  # of decoded frames kept while a few are looked at


@preview(Speech)
def speech(value: Speech, scene: Scene) -> Iterator[Html]:
    """The waveform and a player."""
    peak, level = levels(value)
    channels = "stereo" if value.soundtrack.shape[1] == 2 else "mono"
    yield facts(
        seconds=f"{value.seconds:.2f}", rate=f"{value.rate} Hz",
        soundtrack=f"{value.soundtrack_rate} Hz, {channels}",
        loudest=f"{peak:.0f} dB", average=f"{level:.0f} dB",
    )  # fmt: skip
    yield waveform(value, "The speech: level over time")
    shown = min(value.seconds, media.SOUND_SECONDS)
    caption = "The speech" if shown >= value.seconds else f"Its first {shown:.0f} s"
    yield media.audio(value.soundtrack, value.soundtrack_rate, caption, label="the speech")


def levels(value: Speech) -> tuple[float, float]:
    """Peak and average of a speech in dB of full scale, of a sample where it is long."""
    peak, total, count = 0.0, 0.0, 0
    block = 16 * value.rate
    for k in sampled(max(1, len(value.samples) // block), 64):
        part = np.asarray(value.samples[k * block : (k + 1) * block], np.float64)
        if len(part):
            peak = max(peak, float(np.abs(part).max()))
            total, count = total + float((part**2).sum()), count + len(part)
    floor = 1e-5
    return (
        20 * float(np.log10(max(peak, floor))),
        10 * float(np.log10(max(total / max(count, 1), floor**2))),
    )


@preview(Footage)
def footage(value: Footage, scene: Scene) -> Iterator[Html]:
    """A few whole frames, with the crop where it is known."""
    yield facts(
        frames=value.count, rate=f"{value.fps:g} fps", size=f"{value.width} × {value.height} px",
        sound="none" if value.speech is None else f"{value.speech.seconds:.1f} s",
    )  # fmt: skip
    frames = open_footage(value, cache_bytes=_READ_BYTES)
    yield strip(frames, "Sampled frames, upright", fps=value.fps, most=3, side=360)


@preview(Crop)
def crop(value: Crop, scene: Scene) -> Iterator[Html]:
    """The square's place."""
    yield facts(left=f"{value.left:g} px", top=f"{value.top:g} px", side=f"{value.side:g} px")


@preview(Clip)
def clip(value: Clip, scene: Scene) -> Iterator[Html]:
    """The playing clip, and where in the footage it was cut out."""
    count = len(value.frames)
    yield facts(frames=count, rate=f"{value.fps:g} fps", size=size_of(value.frames))
    whole = scene.port("footage")
    if isinstance(whole, Footage):
        yield _cut_out(whole, value.crop)
    if value.frames.once:
        return
    if count == 1:
        yield figure(picture_of(value.frames[0], alt="the head", side=360), "The head")
        return
    sound = None
    if value.speech is not None:
        sound = (value.speech.soundtrack, value.speech.soundtrack_rate)
    data = media.clip_video(value.frames, value.fps, sound)
    seconds = min(count / value.fps, media.SECONDS)
    caption = "The clip" if seconds * value.fps >= count else f"The clip's first {seconds:.0f} s"
    poster = picture_data(value.frames[0], side=media.SIDE)[0]
    caption = f"{caption}, with its sound" if sound else caption
    yield media.video(data, caption, label="the clip", poster=poster)


def _cut_out(whole: Footage, square: Crop) -> Html:
    picture = open_footage(whole, cache_bytes=_READ_BYTES)[0]
    size = (whole.width, whole.height)
    shape = box(square.left, square.top, square.side, square.side)
    image = picture_of(picture, alt="the first frame", side=360)
    return figure(overlaid(image, size, [shape]), "Where it was cut out of the footage")


@preview(WriteVideo)
def finished(value: File, scene: Scene) -> Iterator[Html]:
    """The video with its sound, and the mouth frame by frame."""
    yield from file(value, scene)
    mouths = strip_of_output(scene, value.path)
    if mouths is not None:
        yield mouths


@preview(File)
def file(value: File, scene: Scene) -> Iterator[Html]:
    """A player or a picture where the file is one, else its name and size."""
    path = value.path
    yield facts(kind=path.suffix.lstrip(".").upper() or None, size=size_text(path.stat().st_size))
    kind = path.suffix.lower()
    if kind in (".mp4", ".m4v", ".mov", ".mkv", ".webm"):
        data, seconds, lasts = media.file_video(path)
        part = (
            "" if seconds >= lasts else f"; its first {seconds:.0f} of {lasts:.0f} s, made smaller"
        )
        first = media.file_frames(path, 0, 1)
        poster = picture_data(first[0], side=media.WHOLE_SIDE)[0] if len(first) else None
        yield media.video(data, f"The video{part}", label="the video", poster=poster)
    elif kind in (".png", ".jpg", ".jpeg", ".webp"):
        import imageio.v3 as iio

        pixels = iio.imread(path, plugin="pillow", mode="RGB")
        yield figure(picture_of(pixels, alt=path.name, side=512), "The picture")
