"""What tells one speech from another, for what is drawn to it."""

from __future__ import annotations

import zlib

import numpy as np

from talkgraph.nodes.values import Speech

SECONDS = 2.0  # of a speech tell it from others


def mark_of(speech: Speech) -> int:
    """A number that the first seconds of a speech have and others have not.

    Two speeches would else begin with the same noise, and their heads and brows move alike in all
    that speech does not tell; a speech of which only the end has changed should keep its movement.
    """
    first = np.asarray(speech.samples[: round(SECONDS * speech.rate)])
    return zlib.crc32(np.round(first * 32767).astype(np.int16).tobytes())
