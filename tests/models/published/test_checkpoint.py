"""Files that a user brings: taken in, or refused in one line that says what is wrong."""

import numpy as np
import onnx
import pytest
import torch

from talkgraph import models
from talkgraph.errors import ModelError
from talkgraph.models.published import (
    audio2coeff_2020,
    discriminator_2020,
    generator_2020,
    generator_2022,
)
from tests.models import published_networks as published
from tests.models.published.test_networks import memory_weights

SHAPES = {
    "yi2020-generator": generator_2020.shapes(4),
    "yi2022-generator": generator_2022.shapes(4),
    "yi2020-discriminator": discriminator_2020.shapes(4),
    "yi2020-audio2coeff": audio2coeff_2020.shapes(),
}


@pytest.fixture(autouse=True)
def empty_store(monkeypatch, tmp_path):
    monkeypatch.setenv("TALKGRAPH_MODELS", str(tmp_path / "models"))


def saved(path, state):
    torch.save({name: torch.from_numpy(np.asarray(w)) for name, w in state.items()}, path)
    return path


@pytest.mark.parametrize("name", SHAPES)
def test_a_checkpoint_becomes_onnx_with_the_names_of_its_weights(name, tmp_path):
    state = published.weights(SHAPES[name])
    extra = {"model.3.num_batches_tracked": np.zeros((), np.int64)}
    counted = extra if name == "yi2020-discriminator" else {}
    (file,) = models.add(name, saved(tmp_path / "net.pth", state | counted))
    made = onnx.load(file)
    assert {one.key for one in made.metadata_props} >= {"kind", "licence", "source"}
    kept = {one.name: onnx.numpy_helper.to_array(one) for one in made.graph.initializer}
    same = [key for key in state if key in kept and np.array_equal(kept[key], state[key])]
    lstm = sum(key.startswith("lstm.") for key in state)  # whose gates have another order
    norms = sum("running" in key for key in state) if name == "yi2022-generator" else 0
    assert len(same) == len(state) - lstm - norms


def test_a_memory_becomes_a_network_and_arrays(tmp_path):
    state = memory_weights(slots=7)
    encoder = {name.removeprefix("mem_model."): torch.from_numpy(w)
               for name, w in state.items() if name.startswith("mem_model.")}  # fmt: skip
    pairs = {name: torch.from_numpy(w) for name, w in state.items() if name.startswith("mem_")
             and not name.startswith("mem_model.")}  # fmt: skip
    torch.save({"mem_model": encoder, **pairs}, tmp_path / "mem.pth")
    (file,) = models.add("yi2020-memory", tmp_path / "mem.pth")
    made = onnx.load(file)
    kept = {one.name: onnx.numpy_helper.to_array(one) for one in made.graph.initializer}
    for theirs, ours in (("mem_key", "keys"), ("mem_value", "values"), ("mem_age", "ages"),
                         ("mem_index", "indices"), ("mem_model.Linear.weight", "weight"),
                         ("mem_model.Linear.bias", "bias")):  # fmt: skip
        assert np.array_equal(kept[ours], state[theirs]), ours
    del pairs["mem_age"]
    torch.save({"mem_model": encoder, **pairs}, tmp_path / "half.pth")
    with pytest.raises(ModelError, match=r"memory of Yi et al\. 2020: 'mem_age' is missing"):
        models.add("yi2020-memory", tmp_path / "half.pth")


def without(state, name):
    return {key: w for key, w in state.items() if key != name}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda s: without(s, "e3.conv.bias"), "of Yi et al. 2020: 'e3.conv.bias' is missing"),
        (lambda s: without(s, "e1.weight"), "'e1.weight' is missing"),
        (lambda s: s | {"d4.deconv.weight": np.zeros((64, 9, 4, 4), np.float32)},
         "'d4.deconv.weight' is 64 x 9 x 4 x 4, expected 64 x 32 x 4 x 4"),
        (lambda s: s | {"d8.img_reg.0.bias": np.float32(1)},
         "'d8.img_reg.0.bias' is a single number, expected 3"),
        (lambda s: s | {"e9.conv.weight": np.zeros(3, np.float32)}, "has no 'e9.conv.weight'"),
        (lambda s: published.weights(SHAPES["yi2020-discriminator"]), "'e1.weight' is missing"),
    ],
)  # fmt: skip
def test_another_network_is_refused_in_one_line(change, words, tmp_path):
    state = change(published.weights(SHAPES["yi2020-generator"]))
    with pytest.raises(ModelError) as caught:
        models.add("yi2020-generator", saved(tmp_path / "net.pth", state))
    assert words in str(caught.value)
    assert "net.pth is not what 'yi2020-generator' is made from" in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1
    assert models.where("yi2020-generator") is None


class Evil:
    def __reduce__(self):
        return print, ("run",)


def test_a_file_that_would_run_something_is_refused(tmp_path, capsys):
    state = {key: torch.from_numpy(w)
             for key, w in published.weights(SHAPES["yi2020-generator"]).items()}  # fmt: skip
    torch.save({**state, "note": Evil()}, tmp_path / "evil.pth")
    with pytest.raises(ModelError, match=r"call of .*print: refused, only tensors are read"):
        models.add("yi2020-generator", tmp_path / "evil.pth")
    assert capsys.readouterr().out == ""


def test_state_dicts_in_a_dict_are_named_by_their_key(tmp_path):
    from talkgraph.models.torch_file import read_tensors

    torch.save({"net": {"a": torch.ones(2)}, "b": torch.zeros(3), "n": 4}, tmp_path / "f.pth")
    assert list(read_tensors((tmp_path / "f.pth").read_bytes())) == ["net.a", "b"]
