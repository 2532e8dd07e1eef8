"""TrainRefiner and Refine together, on pictures small enough for seconds."""

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from talkgraph import engine
from talkgraph.cache.files import File
from talkgraph.cache.frames import Frames
from talkgraph.errors import InputError, ModelError
from talkgraph.nodes.refine import refine as refine_module
from talkgraph.nodes.refine.export import export, load_weights
from talkgraph.nodes.refine.network import Generator
from talkgraph.nodes.refine.refine import Refine, masks
from talkgraph.nodes.refine.train_refiner import TrainRefiner
from talkgraph.nodes.refine.windows import Region
from talkgraph.nodes.training.curve import read_curve
from talkgraph.nodes.values import FaceTrack, IdentityFeature, OnnxModel

SMALL = {"size": 32, "width": 4, "stem": 2, "levels": 3, "discriminator_width": 4, "threads": 1}


def identity(size: int = 128) -> IdentityFeature:
    vector = np.random.default_rng(0).normal(size=size)
    return IdentityFeature(vector=(vector / np.linalg.norm(vector)).astype(np.float32))


def clip(count: int = 12, side: int = 32) -> tuple[np.ndarray, np.ndarray]:
    """A grey "face" that wanders over noise; rendered: too dark and too blue."""
    rng = np.random.default_rng(1)
    real = np.tile(rng.integers(60, 200, (side, side, 3), dtype=np.uint8), (count, 1, 1, 1))
    rendered = real.copy()
    for k in range(count):
        at = slice(side // 4 + k % 3, side * 3 // 4 + k % 3)
        real[k, at, at] = (180, 140, 120)
        rendered[k, at, at] = (120, 110, 160)
    return rendered, real


def track(count: int = 12, side: int = 32) -> FaceTrack:
    points = np.random.default_rng(2).uniform(side / 4, side * 3 / 4, (478, 3))
    return FaceTrack(
        landmarks=np.tile(points, (count, 1, 1)).astype(np.float32),
        confidence=np.ones(count, np.float32),
        measured=np.ones(count, bool),
        size=side,
    )


def train(rendered: np.ndarray, real: np.ndarray, face: FaceTrack | None = None, **changes):
    node = TrainRefiner(**{**SMALL, "steps": 2, **changes})
    return node.run(Frames.from_array(rendered), Frames.from_array(real), identity(), face)


def constant_model(folder: Path, colour: float, attention: float, **facts: str) -> OnnxModel:
    """A refiner whose masks are the same everywhere, `colour` and `attention` in [0, 1]."""
    net = Generator(width=4, stem=2, levels=3, residual=False)
    for parameter in net.parameters():
        parameter.data.zero_()
    net.colour.fine.bias.data.fill_(float(np.arctanh(colour * 2 - 1)))
    net.attention.fine.bias.data.fill_(float(np.log(attention / (1 - attention))))
    export(net, folder / "constant.onnx", 32, 128)
    return OnnxModel(file=File(folder / "constant.onnx"), facts=dict(facts))


def parameters(model: OnnxModel) -> dict[str, np.ndarray]:
    graph = onnx.load(str(model.file.path)).graph
    return {t.name: onnx.numpy_helper.to_array(t) for t in graph.initializer}


def test_training_learns_the_colour_of_the_face():
    rendered, real = clip()
    model = train(rendered, real, steps=70, learning_rate=5e-3)
    refined = Refine().run(Frames.from_array(rendered), identity(), model).array()
    before = np.abs(rendered.astype(int) - real).mean()
    after = np.abs(refined.astype(int) - real).mean()
    assert after < before / 2
    assert model.facts["kind"] == "refiner"
    assert float(model.facts["parity"].split()[0]) < 1e-4
    steps, losses = read_curve(model.facts)
    assert steps == 70 and len(losses) == 70 and losses[-10:].mean() < losses[:10].mean()


def test_the_seed_decides_and_the_callers_random_state_is_left_alone():
    rendered, real = clip(4)
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    first = parameters(train(rendered, real))
    assert torch.rand(1) == expected
    again, other = parameters(train(rendered, real)), parameters(train(rendered, real, seed=1))
    assert all(np.array_equal(first[name], again[name]) for name in first)
    assert not all(np.array_equal(first[name], other[name]) for name in first)


def test_training_reports_every_step(monkeypatch):
    told = []
    monkeypatch.setattr(engine, "progress", lambda done, total: told.append((done, total)))
    train(*clip(3), steps=3)
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_nothing_is_left_of_an_interrupted_training(monkeypatch, tmp_path):
    def stop(done: float, total: float) -> None:
        raise KeyboardInterrupt

    threads = torch.get_num_threads()
    monkeypatch.setattr(engine, "progress", stop)
    monkeypatch.setattr(engine, "scratch_folder", lambda: tmp_path)
    with pytest.raises(KeyboardInterrupt):
        train(*clip(3), threads=threads + 1)
    assert not list(tmp_path.iterdir())
    assert torch.get_num_threads() == threads


def test_training_starts_from_general_weights():
    rendered, real = clip(4)
    general = train(rendered, real, steps=3)
    node = TrainRefiner(**{**SMALL, "steps": 1, "learning_rate": 1e-9})
    frames = Frames.from_array(rendered), Frames.from_array(real)
    tuned = node.run(*frames, identity(), None, general)
    start, end = parameters(general), parameters(tuned)
    assert all(np.allclose(start[name], end[name], atol=1e-6) for name in start)
    assert tuned.facts["start"] == "a general refiner"
    wider = TrainRefiner(**{**SMALL, "width": 8})
    with pytest.raises(ModelError, match="set width, stem and levels"):
        wider.run(*frames, identity(), None, general)
    unlike = TrainRefiner(**{**SMALL, "residual": False})
    with pytest.raises(ModelError, match="set residual as in the general one"):
        unlike.run(*frames, identity(), None, general)


def test_the_track_narrows_the_view_to_the_face():
    rendered, real = clip(4, side=64)
    model = train(rendered, real, track(4, side=64))
    region = Region.parse(model.facts["region"])
    assert region.side < 0.8
    refined = Refine().run(Frames.from_array(rendered), identity(), model).array()
    left, top, right, bottom = region.box(64)
    outside = np.ones((64, 64), bool)
    outside[top:bottom, left:right] = False
    assert np.array_equal(refined[:, outside], rendered[:, outside])
    assert not np.array_equal(refined, rendered)
    whole = train(rendered, real, track(4, side=64), region_margin=-1)
    assert Region.parse(whole.facts["region"]) == Region()


@pytest.mark.parametrize("frames", ["array", "once"])
@pytest.mark.parametrize("batch", [1, 3, 7])
def test_chunks_and_batches_do_not_show(frames: str, batch: int):
    rendered, real = clip(40)
    model = train(rendered, real)
    network = refine_module.Network(model, identity())
    padded = np.concatenate([rendered[:1], rendered[:1], rendered])
    expected = [network.refined(padded[k : k + 3], 2, 1)[0] for k in range(40)]
    source = Frames.from_array(rendered)
    if frames == "once":
        source = Frames.from_iterable(40, rendered.shape[1:], iter(rendered))
    refined = Refine(batch=batch).run(source, identity(), model)
    got = refined.array()
    assert got.shape == rendered.shape
    assert np.abs(got.astype(int) - np.stack(expected)).max() <= 1  # a rounding apart at most
    if frames == "array":  # any range on its own, as a resumed run reads it
        assert np.abs(refined[33:36].astype(int) - got[33:36]).max() <= 1


def test_equation_3_holds_in_pixels(tmp_path):
    model = constant_model(tmp_path, colour=0.8, attention=0.25)
    rendered = clip(2)[0]
    refined = Refine().run(Frames.from_array(rendered), identity(), model).array()
    assert np.abs(refined - (0.25 * rendered + 0.75 * 0.8 * 255)).max() <= 0.51
    colour, attention = masks(rendered, identity(), model)
    assert (colour == round(0.8 * 255)).all()
    assert (attention == round(0.25 * 255)).all()
    assert colour.shape == (2, 32, 32, 3)
    assert attention.shape == (2, 32, 32, 1)


def test_full_resolution_detail_survives_where_attention_keeps_it(tmp_path):
    model = constant_model(tmp_path, colour=0.5, attention=0.999)
    rendered = np.random.default_rng(3).integers(0, 256, (1, 96, 96, 3), dtype=np.uint8)
    refined = Refine().run(Frames.from_array(rendered), identity(), model).array()
    assert np.abs(refined.astype(int) - rendered).max() <= 1


def test_the_refinement_fades_in_from_the_regions_border(tmp_path):
    model = constant_model(tmp_path, 0.999, 0.001, region="0.25 0 0.75")
    black = np.zeros((1, 64, 64, 3), np.uint8)
    refined = Refine().run(Frames.from_array(black), identity(), model).array()[0, ..., 0]
    assert (refined[:, :16] == 0).all()
    assert (refined[48:] == 0).all()
    assert refined[0, 40] > 250  # the region reaches the frame's own border there
    assert refined[20, 63] > 250
    assert (np.diff(refined[20, 14:30].astype(int)) >= 0).all()
    assert np.diff(refined[20].astype(int)).max() < 120  # no step
    with pytest.raises(ModelError, match="region="):
        Refine().run(
            Frames.from_array(black), identity(), constant_model(tmp_path, 0.5, 0.5, region="left")
        )


def test_inputs_that_do_not_fit_are_refused_with_a_remedy(tmp_path):
    rendered, real = clip(4)
    with pytest.raises(InputError, match="3 rendered and 4 real frames"):
        train(rendered[:3], real)
    with pytest.raises(InputError, match="square RGB"):
        train(np.zeros((4, 32, 32, 4), np.uint8), real)
    with pytest.raises(InputError, match="4 frames and 12 tracked"):
        train(rendered, real, track(12))
    with pytest.raises(InputError, match="multiple of stem"):
        train(rendered, real, size=36)
    model = constant_model(tmp_path, 0.5, 0.5)
    with pytest.raises(InputError, match="square RGB"):
        Refine().run(Frames.from_array(np.zeros((1, 32, 40, 3), np.uint8)), identity(), model)
    with pytest.raises(ModelError, match="expects 128 identity values"):
        Refine().run(Frames.from_array(rendered), identity(512), model)


def test_a_model_that_is_no_refiner_is_refused(tmp_path):
    torch.onnx.export(
        torch.nn.Linear(3, 3), (torch.zeros(1, 3),), str(tmp_path / "no.onnx"), dynamo=False
    )
    other = OnnxModel(file=File(tmp_path / "no.onnx"), facts={})
    with pytest.raises(ModelError, match="made by train_refiner"):
        Refine().run(Frames.from_array(clip(1)[0]), identity(), other)
    with pytest.raises(ModelError, match="made by train_refiner"):
        load_weights(Generator(), tmp_path / "no.onnx")
    (tmp_path / "text.onnx").write_text("not a model")
    with pytest.raises(ModelError, match="not an ONNX file"):
        load_weights(Generator(), tmp_path / "text.onnx")


def test_an_export_that_differs_is_noticed(tmp_path, monkeypatch):
    net = Generator(width=4, stem=2, levels=3).eval()
    monkeypatch.setattr("talkgraph.nodes.refine.export.TOLERANCE", 0.0)
    with pytest.raises(ModelError, match="differs from the trained one"):
        export(net, tmp_path / "net.onnx", 32, 128)


def test_weights_survive_the_way_through_onnx(tmp_path):
    net = Generator(width=4, stem=2, levels=4)
    for parameter in net.parameters():  # equal tensors, as the first biases are, are stored once
        torch.nn.init.normal_(parameter, std=0.1)
    export(net, tmp_path / "net.onnx", 32, 128)
    other = Generator(width=4, stem=2, levels=4)
    load_weights(other, tmp_path / "net.onnx")
    for name, parameter in net.state_dict().items():
        assert torch.equal(parameter, other.state_dict()[name])
