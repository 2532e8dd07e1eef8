import av
import numpy as np
import pytest

from talkgraph.nodes.footage import open_footage
from talkgraph.nodes.media import ReadVideo
from talkgraph.nodes.media.decoder import sdr
from tests.nodes.media import made_media as made

SDR_GAMMA, WHITE = 2.4, 203.0


def hlg(light):
    """Display light, 1 at 1000 cd/m2, to HLG (BT.2100, table 5)."""
    scene = np.clip(light, 0, 1) ** (1 / 1.2)
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    high = a * np.log(np.maximum(12 * scene - b, 0.5)) + c
    return np.where(scene <= 1 / 12, np.sqrt(3 * scene), high)


def pq(light):
    """Display light, 1 at 1000 cd/m2, to PQ (BT.2100, table 4)."""
    y = (np.clip(light, 0, 10) / 10) ** 0.1593017578125
    return ((0.8359375 + 18.8515625 * y) / (1 + 18.6875 * y)) ** 78.84375


# From BT.709 to BT.2020, ITU-R BT.2087.
TO_2020 = np.array([[0.6274, 0.3293, 0.0433], [0.0691, 0.9195, 0.0114], [0.0164, 0.0880, 0.8956]])
# From BT.709 to Display P3 (Apple's Core Graphics profile, rounded).
TO_P3 = np.array([[0.8225, 0.1774, 0.0], [0.0332, 0.9669, 0.0], [0.0171, 0.0724, 0.9108]])


@pytest.mark.parametrize(
    ("curve", "coded", "gamut", "matrix"),
    [
        (sdr.HLG, hlg, sdr.BT2020, TO_2020),
        (sdr.PQ, pq, sdr.BT2020, TO_2020),
        (sdr.PQ, pq, sdr.DISPLAY_P3, TO_P3),
        (1, lambda light: (light * 1000 / WHITE) ** (1 / SDR_GAMMA), sdr.BT2020, TO_2020),
        (1, lambda light: (light * 1000 / WHITE) ** (1 / SDR_GAMMA), sdr.DISPLAY_P3, TO_P3),
    ],
)
def test_ordinary_colours_come_back(curve, coded, gamut, matrix):
    """A picture that was lifted into the wide range is the same after the way back."""
    ordinary = np.random.default_rng(0).uniform(0.05, 0.9, (500, 3))
    light = (ordinary**SDR_GAMMA * WHITE / 1000) @ matrix.T
    back = sdr.ordinary(np.clip(coded(light), 0, 1), curve, gamut)
    assert np.abs(back - ordinary).max() < 2 / 255


@pytest.mark.parametrize("curve", [sdr.HLG, sdr.PQ])
def test_highlights_are_compressed_in_order_and_keep_their_hue(curve):
    grey = np.repeat(np.linspace(0, 1, 200)[:, None], 3, 1)
    shown = sdr.ordinary(grey, curve, sdr.BT2020)
    rounding = 1e-12  # how processors differ
    assert (np.diff(shown[:, 0]) >= -rounding).all() and shown.max() <= 1 + rounding
    assert np.ptp(shown, axis=1).max() < 1e-3


def lifted_video(path, codec="libx265", curve=18, primaries=9, matrix=9):
    """A video in HLG and BT.2020 of pictures of `made.picture`, lifted as above."""
    options = {"x265-params": "log-level=none", "crf": "4"}
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=25, options=options)
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p10le"
        stream.codec_context.color_trc = curve
        stream.codec_context.color_primaries = primaries
        stream.codec_context.colorspace = matrix
        stream.codec_context.color_range = 1
        for k in range(60):
            ordinary = np.clip(made.picture(k, 160, 120) / 255, 0.05, 0.9)
            light = (ordinary**SDR_GAMMA * WHITE / 1000) @ TO_2020.T
            deep = np.round(65535 * hlg(light)).astype(np.uint16)
            frame = av.VideoFrame.from_ndarray(deep, format="rgb48le")
            frame = frame.reformat(
                format="yuv420p10le", dst_colorspace=9, src_color_range=2, dst_color_range=1
            )
            frame.color_trc, frame.color_primaries = curve, primaries
            frame.colorspace, frame.color_range, frame.pts = matrix, 1, k
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def test_a_phones_hdr_video_looks_like_an_ordinary_one(tmp_path, capsys):
    footage = ReadVideo().run(lifted_video(tmp_path / "a.mov"))
    wanted = 255 * np.clip(made.picture(20, 160, 120) / 255, 0.05, 0.9)
    difference = open_footage(footage)[20][40:80].astype(float) - wanted[40:80]
    assert np.abs(difference).mean() < 4 and np.abs(difference.mean((0, 1))).max() < 2
    said = capsys.readouterr().err
    assert "high dynamic range (HLG, BT.2020)" in said and "203 cd/m2" in said
