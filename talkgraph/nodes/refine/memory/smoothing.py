"""Retrieved features, smoothed over adjacent frames: section 3.4 says that fed as they come they
make the picture jitter, and not how they are smoothed. As the public implementation does, they are
taken at anchors only, and a straight line is drawn from one to the next.
"""

from __future__ import annotations

import numpy as np

from talkgraph.nodes.values import Floats, Ints

ANCHORS = 25  # frames from one to the next, as published


def anchors(start: int, stop: int, count: int, every: int) -> Ints:
    """The frames of which the features of `start` to `stop` are made, `[shape=(A,), int64]`.

    Args:
        count: frames in all; the last is an anchor.
        every: from one anchor to the next.
    """
    last = count - 1
    first, end = start // every * every, min(-(-(stop - 1) // every) * every, last)
    return np.unique(np.append(np.arange(first, end + 1, every), end)).astype(np.int64)


def between(at: Ints, features: Floats, start: int, stop: int) -> Floats:
    """Features of frames `start` to `stop`, `[shape=(stop - start, n), float32]`.

    Args:
        at: the anchors, as `anchors` gives them.
        features: of the anchors, `[shape=(len(at), n)]`.
    """
    frames = np.arange(start, stop)
    left = np.clip(np.searchsorted(at, frames, side="right") - 1, 0, max(len(at) - 2, 0))
    right = np.minimum(left + 1, len(at) - 1)
    span = np.maximum(at[right] - at[left], 1)
    share = ((frames - at[left]) / span)[:, None].astype(np.float32)
    made: Floats = features[left] + share * (features[right] - features[left])
    return made
