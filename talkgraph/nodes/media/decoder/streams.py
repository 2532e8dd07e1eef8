"""Which streams an untrusted file holds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from talkgraph.nodes.media.decoder.opening import open_media, picture_streams, sound_streams


def decode(path: str, folder: str, *, progress: Callable[[float, float], None]) -> dict[str, Any]:
    """Write nothing. Returns: pictures and sounds, how many streams there are of each."""
    with open_media(path) as container:
        return {
            "pictures": len(picture_streams(container)),
            "sounds": len(sound_streams(container)),
        }
