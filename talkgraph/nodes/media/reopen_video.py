"""Reads a video that a graph has made, as anybody would who gets it."""

from __future__ import annotations

from talkgraph.cache.files import File
from talkgraph.engine import Node, node, param
from talkgraph.nodes.media.read_video import ReadVideo
from talkgraph.nodes.values import Footage


@node("reopen_video", version=1)
class ReopenVideo(Node):
    """A finished video as footage again: with all that its compression did to it.

    Example:
        >>> import numpy as np
        >>> from talkgraph.cache import Frames
        >>> from talkgraph.nodes.media import ReopenVideo, WriteVideo
        >>> from talkgraph.nodes.values import Speech
        >>> sound = np.sin(np.arange(16000) / 9).astype(np.float32)
        >>> speech = Speech(
        ...     samples=sound, rate=16000, soundtrack=sound[:, None], soundtrack_rate=16000
        ... )
        >>> frames = Frames.from_array(np.zeros((25, 64, 96, 3), np.uint8))
        >>> ReopenVideo().run(WriteVideo().run(frames, speech)).count
        25
    """

    fps: float = param(25.0, "frame rate of the footage", unit="Hz", ge=5, le=60)
    max_seconds: float = param(3600.0, "only the start is read, up to here", unit="s", gt=0)

    def run(self, video: File) -> Footage:
        """Decode `video` as `read_video` does, however short it is."""
        reader = ReadVideo(fps=self.fps, min_seconds=1 / self.fps, max_seconds=self.max_seconds)
        footage: Footage = reader.run(video.path)
        return footage
