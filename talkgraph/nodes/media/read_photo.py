"""Reads a photo of the person from a file of the user."""

from __future__ import annotations

from pathlib import Path

from talkgraph import engine
from talkgraph.cache.files import File
from talkgraph.engine import Node, node, param
from talkgraph.nodes.media.decode import Limits, decode
from talkgraph.nodes.media.read_video import TURNS
from talkgraph.nodes.values import Footage

REMEDY = "give a JPEG, PNG, WebP, AVIF, BMP or TIFF photo"


@node("read_photo", version=1)
class ReadPhoto(Node):
    """A photo as an upright RGB picture: footage of one frame.

    EXIF rotation is applied, transparency lies on mid grey, wide-gamut colours become sRGB. HEIC is
    read where the extra `heic` is installed. Errors: InputError for a file that is damaged or no
    photo.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> from PIL import Image
        >>> from talkgraph.nodes.media import ReadPhoto
        >>> photo = Path(tempfile.mkdtemp()) / "grey.png"
        >>> Image.new("RGB", (320, 240), "grey").save(photo)
        >>> footage = ReadPhoto().run(photo)
        >>> footage.width, footage.height, footage.count
        (320, 240, 1)
    """

    fps: float = param(25.0, "frame rate that the footage states", unit="Hz", ge=5, le=60)
    max_side: int = param(8192, "larger photos are scaled down", unit="px", ge=64, le=16384)
    turn: int = param(0, "turn it clockwise by 0, 90, 180 or 270", unit="degrees", choices=TURNS)
    max_pixels: int = param(210_000_000, "larger photos are refused", unit="px", ge=4096)

    def run(self, photo: Path) -> Footage:
        """Decode `photo` in a child process."""
        folder = engine.scratch_folder()
        facts = decode(
            "photo",
            photo,
            folder,
            remedy=REMEDY,
            limits=Limits(cpu_seconds=120),
            max_side=self.max_side,
            max_pixels=self.max_pixels,
            turn=self.turn,
        )
        for text in facts["notes"]:
            engine.note(text)
        return Footage(
            file=File(folder / "photo.png"),
            fps=self.fps,
            count=1,
            width=int(facts["width"]),
            height=int(facts["height"]),
            speech=None,
        )
