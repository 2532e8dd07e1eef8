import numpy as np

from talkgraph.nodes.evaluate.picture.size import to_atvg_size


def noise(seed: int, side: int = 64) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (side, side, 3), dtype=np.uint8)


def test_area_resize_averages_cells_and_keeps_the_right_size():
    big = noise(5, side=512)
    cells = big.reshape(256, 2, 256, 2, 3).astype(float).mean((1, 3))
    assert np.abs(to_atvg_size(big) - cells).max() <= 1  # Pillow rounds twice
    same = noise(6, side=256)
    assert to_atvg_size(same) is same
