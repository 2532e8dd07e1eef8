"""The frames of a footage as a stream."""

from __future__ import annotations

from talkgraph.cache.frames import Frames
from talkgraph.engine import Node, node
from talkgraph.nodes.footage import open_footage
from talkgraph.nodes.values import Footage


@node("play_footage", version=1, transient=True)
class PlayFootage(Node):
    """Whole frames of a footage, for nodes that take frames.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> from PIL import Image
        >>> from talkgraph.nodes.media import PlayFootage, ReadPhoto
        >>> photo = Path(tempfile.mkdtemp()) / "grey.png"
        >>> Image.new("RGB", (320, 240), "grey").save(photo)
        >>> PlayFootage().run(ReadPhoto().run(photo))
        Frames(1 x (240, 320, 3))
    """

    def run(self, footage: Footage) -> Frames:
        """Return `[shape=(count, height, width, 3), uint8]`, sRGB."""
        return open_footage(footage)
