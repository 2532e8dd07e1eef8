from __future__ import annotations

import numpy as np
import pytest

from talkgraph.errors import InputError
from talkgraph.nodes.footage import open_footage
from talkgraph.nodes.media import ReadVideo
from tests.nodes.media import made_media as made

STEADY = [k / 25 for k in range(60)]


def indices(footage) -> list[int]:
    return [made.index_of(image) for image in open_footage(footage)]


def psnr(a, b) -> float:
    return float(10 * np.log10(255**2 / np.mean((a.astype(float) - b) ** 2)))


@pytest.mark.parametrize("rate", [15, 24, 25, 29.97, 30, 50, 60])
def test_constant_rates(tmp_path, rate, capsys):
    times = [k / rate for k in range(round(2.4 * rate))]
    path = made.write_video(tmp_path / "a.mp4", times, last=1 / rate)
    footage = ReadVideo().run(path)
    assert abs(footage.count - 60) <= 1
    shown = indices(footage)
    for k, index in enumerate(shown):
        moment = (k + 0.5) / 25
        assert times[index] - 0.003 <= moment <= times[index] + 1 / rate + 0.003
    assert (len(set(shown)) == len(shown)) == (rate >= 25)
    assert ("jerky" in capsys.readouterr().err) == (rate < 20)


def test_variable_rate_keeps_its_timing(tmp_path):
    rng = np.random.default_rng(3)
    gaps = rng.choice([1 / 60, 1 / 30, 1 / 15, 0.2], 40)
    times = [0.0, *np.cumsum(gaps)[:-1]]
    path = made.write_video(tmp_path / "a.mp4", times, last=gaps[-1])
    shown = indices(ReadVideo().run(path))
    expected = [
        int(np.searchsorted(times, (k + 0.5) / 25 - 0.002, "right")) - 1 for k in range(len(shown))
    ]
    assert shown == expected
    assert abs(len(shown) - 25 * sum(gaps)) <= 2  # the muxer guesses the last frame's length


# a, b, c, d of the display matrix, and what it does to a picture
WAYS = {
    "as it is": ((1, 0, 0, 1), lambda p: p),
    "90 clockwise": ((0, 1, -1, 0), lambda p: np.rot90(p, -1)),
    "180": ((-1, 0, 0, -1), lambda p: np.rot90(p, 2)),
    "90 counter-clockwise": ((0, -1, 1, 0), lambda p: np.rot90(p, 1)),
    "mirrored": ((-1, 0, 0, 1), lambda p: p[:, ::-1]),
    "upside down": ((1, 0, 0, -1), lambda p: p[::-1]),
    "transposed": ((0, 1, 1, 0), lambda p: p.transpose(1, 0, 2)),
    "anti-transposed": ((0, -1, -1, 0), lambda p: np.rot90(p, 2).transpose(1, 0, 2)),
}


@pytest.mark.parametrize("name", WAYS)
@pytest.mark.parametrize("pix_fmt", ["yuv420p", "yuv444p"])
def test_rotation_metadata_is_applied(tmp_path, name, pix_fmt):
    matrix, turn = WAYS[name]
    path = made.write_video(tmp_path / "a.mp4", STEADY, pix_fmt=pix_fmt, matrix=matrix)
    footage = ReadVideo().run(path)
    image, wanted = open_footage(footage)[7], turn(made.picture(7, 160, 120))
    assert (footage.height, footage.width) == wanted.shape[:2] == image.shape[:2]
    assert psnr(image, wanted) > 24  # the index blocks have hard chroma edges


@pytest.mark.parametrize(("turn", "times"), [(90, -1), (180, 2), (270, 1)])
@pytest.mark.parametrize("name", ["as it is", "90 clockwise", "mirrored", "transposed"])
def test_turning_by_hand_adds_to_the_tag(tmp_path, turn, times, name):
    matrix, tagged = WAYS[name]
    path = made.write_video(tmp_path / "a.mp4", STEADY, pix_fmt="yuv444p", matrix=matrix)
    image = open_footage(ReadVideo(turn=turn).run(path))[7]
    assert psnr(image, np.rot90(tagged(made.picture(7, 160, 120)), times)) > 24


@pytest.mark.parametrize("sizes", [((160, 120), (320, 240)), ((160, 120), (120, 160)),
                                   ((160, 120), (128, 96)), ((160, 90), (160, 120))])  # fmt: skip
def test_a_change_of_size_keeps_proportions(tmp_path, capsys, sizes):
    """Joined transport streams, as calls and adaptive streams are recorded."""
    parts = [
        made.write_video(tmp_path / f"{k}.ts", STEADY, size).read_bytes()
        for k, size in enumerate(sizes)
    ]
    (tmp_path / "a.ts").write_bytes(b"".join(parts))
    footage = ReadVideo().run(tmp_path / "a.ts")
    larger = max(sizes, key=lambda size: size[0] * size[1])
    assert (footage.width, footage.height) == larger
    frames = open_footage(footage)
    for at, (width, height) in ((20, sizes[0]), (footage.count - 20, sizes[1])):
        image, scale = frames[at], min(larger[0] / width, larger[1] / height)
        rows, columns = np.nonzero(image.max(-1) > 40)
        assert np.ptp(columns) + 1 == pytest.approx(width * scale, abs=4)
        assert np.ptp(rows) + 1 == pytest.approx(height * scale, abs=4)
    assert "changes its size" in capsys.readouterr().err


def test_one_of_several_video_tracks(tmp_path, capsys):
    import av

    path = tmp_path / "a.mkv"
    with av.open(str(path), "w") as container:
        streams = [container.add_stream("libx264", rate=25) for _ in range(2)]
        for stream in streams:
            stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
            stream.disposition = 0
        streams[1].disposition = av.stream.Disposition.default
        for number, stream in enumerate(streams):
            for k in range(60):
                picture = made.picture(k + 100 * number, 160, 120)
                container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
            container.mux(stream.encode())
    assert indices(ReadVideo().run(path))[5] == 105
    assert "holds 2 video tracks; number 2 is used" in capsys.readouterr().err
    assert indices(ReadVideo(video_track=1).run(path))[5] == 5
    with pytest.raises(InputError, match="no track 3"):
        ReadVideo(video_track=3).run(path)


@pytest.mark.parametrize(
    ("suffix", "codec", "pix_fmt"),
    [("flv", "flv", "yuv420p"), ("wmv", "wmv2", "yuv420p"), ("mpg", "mpeg2video", "yuv420p"),
     ("gif", "gif", "rgb8"), ("3gp", "mpeg4", "yuv420p"), ("mov", "qtrle", "rgb24"),
     ("mov", "png", "rgb24"), ("mxf", "mpeg2video", "yuv420p"), ("asf", "msmpeg4", "yuv420p")],
)  # fmt: skip
def test_kinds_of_old_cameras_and_programs(tmp_path, suffix, codec, pix_fmt):
    path = made.write_video(
        tmp_path / f"a.{suffix}", STEADY, codec=codec, pix_fmt=pix_fmt, options={"b": "4000000"}
    )
    shown = indices(ReadVideo().run(path))
    assert abs(len(shown) - 60) <= 2 and shown[10:50] == list(range(10, 50))


def test_rotation_agrees_with_the_library(tmp_path):
    import av

    path = made.write_video(tmp_path / "a.mp4", STEADY, matrix=(0, 1, -1, 0))
    with av.open(str(path)) as container:
        assert next(container.decode(video=0)).rotation == -90  # counter-clockwise, so clockwise 90


@pytest.mark.parametrize("size", [(161, 121), (160, 121), (35, 33)])
def test_odd_sizes(tmp_path, size):
    path = made.write_video(tmp_path / "a.mp4", STEADY, size, pix_fmt="yuv444p")
    footage = ReadVideo().run(path)
    assert (footage.width, footage.height) == size
    assert open_footage(footage)[30].shape == (size[1], size[0], 3)


@pytest.mark.parametrize(
    ("suffix", "codec", "pix_fmt"),
    [
        ("mkv", "ffv1", "yuv420p"),
        ("avi", "mjpeg", "yuvj420p"),
        ("mov", "libx264", "yuv422p10le"),
        ("webm", "libvpx-vp9", "yuv420p"),
        ("mp4", "libx265", "yuv420p"),
        ("mkv", "ffv1", "bgr0"),
        ("mkv", "ffv1", "gray"),
    ],
)
def test_containers_and_pixel_formats(tmp_path, suffix, codec, pix_fmt):
    options = {
        "libx265": {"x265-params": "log-level=none"},
        "libvpx-vp9": {"speed": "8", "crf": "10", "b": "0"},
        "mjpeg": {"qmin": "1", "qmax": "2"},
    }
    path = made.write_video(
        tmp_path / f"a.{suffix}",
        STEADY,
        codec=codec,
        pix_fmt=pix_fmt,
        options=options.get(codec, {"threads": "1"}),
    )
    footage = ReadVideo().run(path)
    image, wanted = open_footage(footage)[20], made.picture(20, 160, 120)
    if pix_fmt == "gray":
        assert np.ptp(image.astype(int), axis=-1).max() <= 3
    else:
        assert np.abs(image[40:80].astype(int) - wanted[40:80]).mean() < 3


def test_copy_is_visually_lossless(tmp_path, clips):
    import av

    path = clips / "video" / "talk_male_darkskin_suit_01_d.mp4"
    footage = ReadVideo(max_seconds=3).run(path)
    frames, scores = open_footage(footage), []
    with av.open(str(path)) as container:
        for k, frame in zip(range(0, 75), container.decode(video=0), strict=False):
            rgb = frame.reformat(format="rgb24", src_colorspace="ITU601", interpolation="BICUBIC")
            scores.append(psnr(rgb.to_ndarray(), frames[k]))
    assert min(scores) > 42


def test_own_sound_is_in_step_with_the_pictures(tmp_path):
    sound = made.chirp(2.4, 48000)
    path = made.write_video(tmp_path / "a.mp4", STEADY, sound=sound)
    speech = ReadVideo().run(path).speech
    assert speech is not None
    assert len(speech.samples) == round(2.4 * 16000)
    assert len(speech.soundtrack) == round(2.4 * 48000)
    assert abs(made.delay(speech.soundtrack[:, 0], sound[0])) <= 2
    assert abs(made.delay(speech.samples, made.chirp(2.4, 16000)[0])) <= 1


def test_sound_that_starts_with_late_pictures_is_cut(tmp_path):
    sound = made.chirp(3.0, 48000)
    path = made.write_video(tmp_path / "a.mkv", [0.5 + t for t in STEADY], sound=sound)
    footage = ReadVideo().run(path)
    assert footage.speech is not None
    lag = made.delay(footage.speech.soundtrack[:, 0], sound[0], 30000)
    assert abs(lag + 24000) <= 100
    assert len(footage.speech.soundtrack) == footage.count * 1920


def test_without_or_with_silent_sound(tmp_path, capsys):
    assert ReadVideo().run(made.write_video(tmp_path / "a.mp4", STEADY)).speech is None
    silence = np.zeros((1, 100000), np.float32)
    path = made.write_video(tmp_path / "b.mp4", STEADY, sound=silence)
    assert ReadVideo().run(path).speech is None
    assert "silent" in capsys.readouterr().err


def test_only_the_start_of_a_long_clip_is_used(tmp_path, capsys):
    times = [k / 25 for k in range(120)]
    path = made.write_video(tmp_path / "a.mp4", times, sound=made.tone(4.8, 48000))
    footage = ReadVideo(max_seconds=3).run(path)
    assert footage.count == 75
    assert footage.speech is not None and footage.speech.seconds == 3
    assert "first 3 s" in capsys.readouterr().err


def test_short_clip_is_refused_with_the_remedy(tmp_path):
    path = made.write_video(tmp_path / "köln 1.mp4", STEADY[:40])
    with pytest.raises(InputError, match=r"the video lasts only 1\.6 s.*a photo tells as much"):
        ReadVideo().run(path)


@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
def test_cut_but_usable_video_is_used_and_said(tmp_path, capsys, suffix):
    times = [k / 25 for k in range(150)]
    whole = made.write_video(tmp_path / f"a.{suffix}", times, (320, 240), front=suffix == "mp4")
    data = whole.read_bytes()
    whole.write_bytes(data[: int(len(data) * 0.7)])
    footage = ReadVideo().run(whole)
    assert 50 <= footage.count < 130
    assert indices(footage)[:50] == list(range(50))
    assert "cut off" in capsys.readouterr().err


def test_sound_file_is_no_video(tmp_path):
    path = made.write_sound(tmp_path / "a.wav", made.tone(3, 16000), 16000, "pcm_s16le")
    with pytest.raises(InputError, match=r"no moving pictures.*`photo`"):
        ReadVideo().run(path)


def test_same_bytes_each_time(tmp_path):
    path = made.write_video(tmp_path / "a.mp4", STEADY)
    first, second = (ReadVideo().run(path).file.path.read_bytes() for _ in range(2))
    assert first == second


@pytest.mark.slow
def test_4k(tmp_path):
    times = [k / 12.5 for k in range(26)]
    path = made.write_video(
        tmp_path / "a.mp4", times, (3840, 2160), last=0.08, options={"preset": "ultrafast"}
    )
    footage = ReadVideo().run(path)
    assert (footage.width, footage.height, footage.count) == (3840, 2160, 51)
    assert made.index_of(open_footage(footage)[41]) == 20


def test_a_picture_that_stands_is_told_and_is_no_low_rate(tmp_path, capsys):
    times = [*(k / 25 for k in range(30)), *(4 + k / 25 for k in range(30))]
    footage = ReadVideo().run(made.write_video(tmp_path / "a.mp4", times))
    assert footage.count == 130
    said = capsys.readouterr().err
    assert "stands still for 2.8 s, from 1.2 s on" in said and "per second" not in said


def test_few_frames_per_second_are(tmp_path, capsys):
    ReadVideo().run(made.write_video(tmp_path / "a.mp4", [k / 2 for k in range(6)], last=0.5))
    said = capsys.readouterr().err
    assert "only 2 frames per second" in said and "stands still" not in said
