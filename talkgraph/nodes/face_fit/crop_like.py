"""Node `CropLike`: the head cut out with the square of another clip."""

from __future__ import annotations

from talkgraph.engine import Node, node, param
from talkgraph.errors import InputError
from talkgraph.nodes.face_fit.crop_head import crop_frames
from talkgraph.nodes.footage import open_footage
from talkgraph.nodes.values import Clip, Crop, Footage


@node("crop_like", version=1)
class CropLike(Node):
    """Cut the same part out of a video as out of another of the same scene, to compare the two.

    A video of another size is cut at the same place in proportion.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> import numpy as np
        >>> from PIL import Image
        >>> from talkgraph.cache import Frames
        >>> from talkgraph.nodes.face_fit import CropLike
        >>> from talkgraph.nodes.media import ReadPhoto
        >>> from talkgraph.nodes.values import Clip, Crop
        >>> photo = Path(tempfile.mkdtemp()) / "grey.png"
        >>> Image.new("RGB", (640, 480), "grey").save(photo)
        >>> large = Clip(
        ...     frames=Frames.from_array(np.zeros((1, 256, 256, 3), np.uint8)),
        ...     fps=25.0, crop=Crop(left=400.0, top=200.0, side=600.0), speech=None,
        ... )
        >>> CropLike(width=1280, height=960).run(ReadPhoto().run(photo), large).crop
        Crop(left=200.0, top=100.0, side=300.0)
    """

    width: int = param(0, "of the frames that `like` was cut from; 0: as here", unit="px", ge=0)
    height: int = param(0, "likewise", unit="px", ge=0)
    slack: float = param(0.02, "by which the shapes of the frames may differ", ge=0)

    def run(self, footage: Footage, like: Clip, scene: Footage | None = None) -> Clip:
        """Crop `footage`.

        Args:
            like: the clip whose square is taken.
            scene: the footage that it was cut from, in the place of `width` and `height`.

        Raises:
            InputError: the frames have another shape, so that no part of them is the same.
        """
        width = scene.width if scene else self.width or footage.width
        height = scene.height if scene else self.height or footage.height
        scale = footage.width / width
        if abs(scale * height / footage.height - 1) > self.slack:
            raise InputError(
                f"frames of {footage.width} x {footage.height} px cannot be laid over frames of "
                f"{width} x {height} px; give two videos of the same framing"
            )
        crop = Crop(
            left=like.crop.left * scale, top=like.crop.top * scale, side=like.crop.side * scale
        )
        size = like.frames.shape[0]
        return Clip(
            frames=crop_frames(open_footage(footage), crop, size),
            fps=footage.fps,
            crop=crop,
            speech=footage.speech,
        )
