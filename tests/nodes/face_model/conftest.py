import numpy as np
import pytest

from talkgraph.nodes.face_model.bfm import TRACKED_OF_68
from talkgraph.nodes.face_model.face_mesh import face_mesh_triangles
from talkgraph.nodes.face_model.synthetic import synthetic_arrays

SHIFT = np.array([0.3, -0.2, 0.5])  # the file's mean shape need not be centred


@pytest.fixture
def bfm_arrays():
    """The made-up face in the form of BFM_model_front.mat."""
    arrays = synthetic_arrays()
    flat = {key: value.reshape(468 * 3, -1) for key, value in arrays.items()}
    keypoints = np.ones(68)
    for index, tracked in TRACKED_OF_68.items():
        keypoints[index] = tracked + 1
    return {
        "meanshape": (flat["mean_shape"] + np.tile(SHIFT, 468)[:, None]).T.astype(np.float32),
        "idBase": flat["identity_basis"].astype(np.float32),
        "exBase": flat["expression_basis"].astype(np.float32),
        "meantex": 255 * flat["mean_albedo"].T,
        "texBase": 255 * flat["albedo_basis"],
        "tri": face_mesh_triangles().astype(np.float64) + 1,
        "keypoints": keypoints[None],
    }
