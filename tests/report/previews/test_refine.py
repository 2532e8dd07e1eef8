"""What the report shows of the refiner's memory."""

import numpy as np

from talkgraph.display import html
from talkgraph.nodes.refine.memory.example import tiny_spatial
from talkgraph.nodes.values import IdentityTrack, RefinerMemory


def test_a_memory_and_who_is_in_each_frame_are_shown():
    memory = RefinerMemory(
        network=tiny_spatial(), weight=np.zeros((4, 48), np.float32), bias=np.zeros(4, np.float32),
        keys=np.eye(3, 4, dtype=np.float32), values=np.eye(3, 8, dtype=np.float32),
        ages=np.array([5, 0, 2]), indices=np.arange(3),
    )  # fmt: skip
    shown = html(memory)
    assert "<dt>pairs</dt><dd>3</dd>" in shown and "Updates since a pair was met" in shown
    who = IdentityTrack(vectors=memory.values, measured=np.array([True, False, True]))
    shown = html(who)
    assert "<dt>described</dt><dd>2</dd>" in shown and "Likeness to the clip" in shown
