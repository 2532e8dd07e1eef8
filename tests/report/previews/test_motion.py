"""What the report says of a motion behaviour pattern."""

import numpy as np

from talkgraph.display import html
from talkgraph.nodes.values import HeadPattern


def test_a_pattern_is_told_with_its_place():
    place = np.array([*np.radians([10.0, -5.0, 0.0]), 0, -0.9, -0.8], np.float32)
    said = html(HeadPattern(vector=np.full(10, 0.25, np.float32), place=place))
    assert "pitch 10°, yaw -5°, roll" in said
    assert " ".join(["0.25"] * 10) in said
