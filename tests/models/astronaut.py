"""Public-domain pictures as the references in tests/data were made from."""

import importlib.util

import numpy as np

from tests.places import DATA


def picture():
    """scikit-image's astronaut (NASA, public domain), (512, 512, 3) uint8."""
    from skimage import data

    return data.astronaut()


def faces_and_views():
    """The inputs of face_networks_reference.npz, cut by the script that made it."""
    spec = importlib.util.spec_from_file_location(
        "face_networks_reference", DATA / "face_networks_reference.py"
    )
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    return script.pictures(picture())


def chips():
    """The inputs of identity_reference.json, (3, 150, 150, 3) uint8."""
    whole = picture()
    near = whole[40:190, 150:300]
    return np.stack([near, whole[10:310:2, 80:380:2], near[:, ::-1]])
