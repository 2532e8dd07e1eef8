"""`compare_pictures`: true PSNR, SSIM, sharpness, and the PSNR that ATVG's script computes.

ATVG (Chen et al. 2019), whose settings section 4 of Yi et al. 2020 uses, resizes both frames to
256 x 256 by area averaging and takes SSIM over 7 x 7 uniform windows of all colour channels.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from talkgraph import engine
from talkgraph.cache.frames import CHUNK, Frames
from talkgraph.engine import Node, node, param
from talkgraph.nodes.evaluate.scores import Scores, same_count

Bytes = NDArray[np.uint8]
SIDE = 256  # px, ATVG
SSIM_WINDOW = 7  # px, ATVG
PEAK = 255.0
BEST_PSNR = 100.0  # dB; what equal frames, whose PSNR is infinite, count in a mean


@node("compare_pictures", version=1)
class ComparePictures(Node):
    """PSNR, SSIM and sharpness of frames against real ones.

    Example:
        >>> import numpy as np
        >>> from talkgraph.cache import Frames
        >>> grey = Frames.from_array(np.full((2, 64, 64, 3), 128, np.uint8))
        >>> lighter = Frames.from_array(np.full((2, 64, 64, 3), 138, np.uint8))
        >>> round(ComparePictures().run(lighter, grey).values["psnr"], 2)
        28.13
    """

    side: int = param(SIDE, "both are resized to this, by area (ATVG)", unit="px", ge=7)

    def run(self, predicted: Frames, real: Frames) -> Scores:
        """Return psnr, ssim, psnr_wrapped, sharpness: each the mean over the frames.

        Equal frames have an infinite PSNR; in the mean they count as 100 dB.
        """
        count = same_count(len(predicted), len(real), "compare_pictures")
        measures = (psnr, ssim, psnr_wrapped, sharpness)
        found: dict[str, list[float]] = {measure.__name__: [] for measure in measures}
        for start in range(0, count, CHUNK):
            stop = min(start + CHUNK, count)
            for mine, theirs in zip(predicted[start:stop], real[start:stop], strict=True):
                pair = [to_atvg_size(p, self.side) for p in (mine, theirs)]
                for measure in measures:
                    found[measure.__name__].append(measure(*pair))
            engine.progress(stop, count)
        for name in ("psnr", "psnr_wrapped"):
            found[name] = [min(v, BEST_PSNR) for v in found[name]]
        return Scores(values={name: float(np.mean(v)) for name, v in found.items()})


def to_atvg_size(picture: Bytes, side: int = SIDE) -> Bytes:
    """Return `picture [shape=(H, W, 3), uint8]` as (side, side, 3) uint8, resized by area."""
    if picture.shape[:2] == (side, side):
        return picture
    from PIL import Image

    # Pillow's box filter averages the exact, fractional area of each target pixel when it
    # shrinks; where the picture grows, "area" means the nearest pixel, as in OpenCV's INTER_AREA
    # for whole factors.
    return np.asarray(Image.fromarray(picture).resize((side, side), Image.Resampling.BOX))


def psnr(predicted: Bytes, real: Bytes) -> float:
    """Peak signal-to-noise ratio in dB, `10 log10(255² / MSE)`; infinite for equal pictures.

    Args:
        predicted, real: `[shape=(..., H, W, C), uint8]`.
    """
    _same_shape(predicted, real)
    error = float(np.mean((predicted.astype(np.float64) - real.astype(np.float64)) ** 2))
    return _decibel(error)


def psnr_wrapped(predicted: Bytes, real: Bytes) -> float:
    """PSNR as ATVG's script computes it: the uint8 difference *and its square* wrap at 256.

    It never falls below about 27 dB whatever the pictures show, so it is no measure of quality;
    it exists to compare with published tables (29.7 to 30.9 dB in Yi et al. 2020).
    """
    _same_shape(predicted, real)
    with np.errstate(over="ignore"):
        wrapped = (predicted - real) ** 2
    return _decibel(float(np.mean(wrapped)))


def ssim(predicted: Bytes, real: Bytes) -> float:
    """Structural similarity in [-1, 1], mean over pixels and channels, ATVG's settings.

    Args:
        predicted, real: `[shape=(H, W, 3), uint8]`, at least 7 px wide and high.
    """
    _same_shape(predicted, real)
    from skimage.metrics import structural_similarity

    found = structural_similarity(  # type: ignore[no-untyped-call]
        predicted, real, win_size=SSIM_WINDOW, channel_axis=-1, data_range=int(PEAK)
    )
    return float(found)


def sharpness(predicted: Bytes, real: Bytes) -> float:
    """Mean absolute Laplacian of the luma over that of the real picture: 1 is equally sharp.

    Noise and edges in the wrong place count as sharp, too: read it beside PSNR or SSIM.

    Args:
        predicted, real: `[shape=(H, W, 3), uint8]`; 0 and 0 give 1.
    """
    _same_shape(predicted, real)
    mine, theirs = _detail(predicted), _detail(real)
    if theirs == 0:
        return 1.0 if mine == 0 else float("inf")
    return mine / theirs


def _detail(picture: Bytes) -> float:
    luma = picture.astype(np.float64) @ np.array([0.299, 0.587, 0.114])  # Rec. 601
    laplacian = (
        luma[:-2, 1:-1] + luma[2:, 1:-1] + luma[1:-1, :-2] + luma[1:-1, 2:] - 4 * luma[1:-1, 1:-1]
    )
    return float(np.abs(laplacian).mean())


def _decibel(error: float) -> float:
    return float("inf") if error == 0 else float(10 * np.log10(PEAK**2 / error))


def _same_shape(a: Bytes, b: Bytes) -> None:
    if a.shape != b.shape or a.dtype != np.uint8 or b.dtype != np.uint8:
        raise ValueError(
            f"two uint8 pictures of one shape are needed, got {a.shape} {a.dtype} and"
            f" {b.shape} {b.dtype}"
        )
