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
from talkgraph.nodes.evaluate.picture.psnr import psnr, psnr_wrapped
from talkgraph.nodes.evaluate.picture.regions import (
    box_region,
    eyes_region,
    face_region,
    mouth_region,
)
from talkgraph.nodes.evaluate.picture.sharpness import sharpness
from talkgraph.nodes.evaluate.picture.size import SIDE, to_atvg_size
from talkgraph.nodes.evaluate.picture.structure import ssim_map, within_border
from talkgraph.nodes.evaluate.scores import Scores, same_count
from talkgraph.nodes.values import FaceTrack

Bytes = NDArray[np.uint8]
BEST_PSNR = 100.0  # dB; what equal frames, whose PSNR is infinite, count in a mean
_REGIONS = {
    "face": face_region,
    "box": box_region,
    "mouth": mouth_region,
    "eyes": eyes_region,
}


@node("compare_pictures", version=3)
class ComparePictures(Node):
    """PSNR, SSIM and sharpness of frames against real ones; each says how many pixels it counts.

    Example:
        >>> import numpy as np
        >>> from talkgraph.cache import Frames
        >>> from talkgraph.nodes.evaluate import ComparePictures
        >>> grey = Frames.from_array(np.full((2, 64, 64, 3), 128, np.uint8))
        >>> lighter = Frames.from_array(np.full((2, 64, 64, 3), 138, np.uint8))
        >>> round(ComparePictures().run(lighter, grey).values["psnr"], 2)
        28.13
    """

    side: int = param(SIDE, "both are resized to this, by area (ATVG)", unit="px", ge=7)

    def run(self, predicted: Frames, real: Frames, track: FaceTrack | None = None) -> Scores:
        """Return psnr, ssim, psnr_wrapped, sharpness, pixels: each the mean over the frames.

        Equal frames have an infinite PSNR; in the mean they count as 100 dB.

        Args:
            track: of the real frames, where they are a square crop; then also psnr, ssim,
                sharpness and pixels of the face's outline, of its upright box, of mouth and eyes
                alone, `psnr_mouth` and so on, over measured frames.
        """
        count = same_count(len(predicted), len(real), "compare_pictures")
        if track is not None:
            same_count(count, len(track.landmarks), "compare_pictures")
        found: dict[str, list[float]] = {}
        for start in range(0, count, CHUNK):
            stop = min(start + CHUNK, count)
            for k, pair in enumerate(zip(predicted[start:stop], real[start:stop], strict=True)):
                for name, value in self._frame(*pair, track, start + k).items():
                    found.setdefault(name, []).append(value)
            engine.progress(stop, count)
        return Scores(values={name: float(np.mean(v)) for name, v in found.items()})

    def _frame(
        self, predicted: Bytes, real: Bytes, track: FaceTrack | None, frame: int
    ) -> dict[str, float]:
        mine, theirs = (to_atvg_size(picture, self.side) for picture in (predicted, real))
        similar = ssim_map(mine, theirs)
        values = {
            "psnr": min(psnr(mine, theirs), BEST_PSNR),
            "ssim": within_border(similar),
            "psnr_wrapped": min(psnr_wrapped(mine, theirs), BEST_PSNR),
            "sharpness": sharpness(mine, theirs),
            "pixels": float(self.side**2),
        }
        if track is None or not track.measured[frame]:
            return values
        for name, region_of in _REGIONS.items():
            region = region_of(track, frame, self.side)
            if region.any():
                values[f"psnr_{name}"] = min(psnr(mine, theirs, region), BEST_PSNR)
                values[f"ssim_{name}"] = float(similar[region].mean())
                values[f"sharpness_{name}"] = sharpness(mine, theirs, region)
                values[f"pixels_{name}"] = float(region.sum())
        return values
