import numpy as np
import pytest

from talkgraph.nodes.backgrounds.tone import low_pass


@pytest.mark.parametrize("size", [33, 96, 256])
def test_low_pass_keeps_constants(size):
    down, up = low_pass(size, 0.06)
    ones = np.ones((size, size), np.float32)
    np.testing.assert_allclose(up @ (down @ ones @ down.T) @ up.T, ones, atol=1e-4)
