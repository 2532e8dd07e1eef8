import json

import numpy as np
import pytest

from talkgraph.errors import ModelError
from talkgraph.models.identity_network import read_weights
from talkgraph.models.sessions import open_session
from tests.models.astronaut import chips
from tests.places import DATA


def test_parity_with_the_original_runtime(face_model):
    expected = np.array(json.loads((DATA / "identity_reference.json").read_text()), np.float32)
    session = open_session(face_model("face-identity"), threads=1)
    mine = session.run(["vector"], {"faces": chips().astype(np.float32)})[0]
    np.testing.assert_allclose(mine, expected, rtol=0, atol=1e-5)


def manifest(entries):
    return json.dumps([{"weights": entries, "paths": ["x.bin"]}]).encode()


QUANTIZED = {
    "name": "a", "shape": [2, 2], "dtype": "float32",
    "quantization": {"dtype": "uint8", "scale": 0.5, "min": -1.0},
}  # fmt: skip
RAW = {"name": "b", "shape": [3], "dtype": "float32"}


def test_weights_of_both_kinds_are_read_in_order():
    data = bytes([0, 1, 2, 255]) + np.array([1.5, -2, 3], "<f4").tobytes()
    weights = read_weights(manifest([QUANTIZED, RAW]), data)
    np.testing.assert_array_equal(weights["a"], [[-1, -0.5], [0, 126.5]])
    np.testing.assert_array_equal(weights["b"], [1.5, -2, 3])


def test_weights_that_do_not_fit_are_refused():
    with pytest.raises(ModelError, match="cut short"):
        read_weights(manifest([QUANTIZED, RAW]), bytes(10))
    with pytest.raises(ModelError, match="2 bytes too many"):
        read_weights(manifest([QUANTIZED]), bytes(6))
