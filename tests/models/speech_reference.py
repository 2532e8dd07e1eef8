"""What the script that made `speech_encoder_reference.npz` shares with the tests."""

import importlib.util

import numpy as np

from tests.places import DATA


def _script():
    spec = importlib.util.spec_from_file_location(
        "speech_encoder_reference", DATA / "speech_encoder_reference.py"
    )
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    return script


_SCRIPT = _script()
TYPES, weights_file, some = _SCRIPT.TYPES, _SCRIPT.weights_file, _SCRIPT.some
SOUNDS = _SCRIPT.pieces()


def reference():
    """Name -> array, as the original runtimes computed them for `SOUNDS`."""
    with np.load(DATA / "speech_encoder_reference.npz") as file:
        return dict(file)
