"""TrainRefiner and Refine together, on pictures small enough for seconds."""

import attrs
import numpy as np
import onnx
import pytest
import torch

from talkgraph.cache.files import File
from talkgraph.cache.frames import Frames
from talkgraph.errors import InputError, ModelError
from talkgraph.models.onnx_reading import read_facts
from talkgraph.models.published import generator_2020, generator_2022
from talkgraph.nodes.refine import refine as refine_module
from talkgraph.nodes.refine.build_refiner_memory import BuildRefinerMemory
from talkgraph.nodes.refine.export import load_weights
from talkgraph.nodes.refine.memory.example import tiny_spatial
from talkgraph.nodes.refine.memory.recall import Recall
from talkgraph.nodes.refine.memory.smoothing import between
from talkgraph.nodes.refine.network import Generator
from talkgraph.nodes.refine.refine import Refine, behind, masks, within_face
from talkgraph.nodes.refine.region import Region
from talkgraph.nodes.refine.train_refiner import TrainRefiner
from talkgraph.nodes.training.curve import read_curve
from talkgraph.nodes.values import IdentityTrack, OnnxModel
from tests.models import published_networks as published
from tests.nodes.refine.small import SMALL, clip, constant_model, identity, track, train


def test_training_learns_the_colour_of_the_face():
    rendered, real = clip()
    model = train(rendered, real, steps=70, learning_rate=2e-2)
    refined = Refine().run(Frames.from_array(rendered), identity(), model).array()
    before = np.abs(rendered.astype(int) - real).mean()
    after = np.abs(refined.astype(int) - real).mean()
    assert after < before / 2
    assert model.facts["kind"] == "refiner"
    assert float(model.facts["parity"].split()[0]) < 1e-4
    steps, losses = read_curve(model.facts)
    assert steps == 70 and len(losses) == 70 and losses[-10:].mean() < losses[:10].mean()


def test_a_few_frames_are_learned_by_heart():
    """The face is a part of what is seen, most of which is to stay: that must not win."""
    rendered, real = clip(4, side=64)
    model = train(rendered, real, track(4, side=64), steps=100, learning_rate=2e-2, size=64)
    refined = Refine().run(Frames.from_array(rendered), identity(), model).array()
    face = (slice(None), slice(24, 40), slice(24, 40))
    before, after = (
        np.abs(made[face].astype(int) - real[face]).mean() for made in (rendered, refined)
    )
    assert after < before / 3


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


def test_a_refiner_of_any_size_is_refused(tmp_path):
    import onnx

    rendered, real = clip(4)
    model = onnx.load(str(train(rendered, real).file.path))
    for one in (model.graph.input[0], model.graph.output[0], model.graph.output[1]):
        for axis in one.type.tensor_type.shape.dim[2:]:
            axis.dim_param = "side"
    onnx.save(model, str(tmp_path / "free.onnx"))
    free = OnnxModel(file=File(tmp_path / "free.onnx"), facts={})
    with pytest.raises(ModelError, match="does not say the side of its pictures"):
        Refine().run(Frames.from_array(rendered), identity(), free)


@pytest.mark.parametrize("frames", ["array", "once"])
@pytest.mark.parametrize("batch", [1, 3, 7])
def test_chunks_and_batches_do_not_show(frames: str, batch: int):
    rendered, real = clip(40)
    model = train(rendered, real)
    network = refine_module.Network(model, identity())
    padded = np.concatenate([rendered[:1], rendered[:1], rendered])
    who = network.constant(1)
    expected = [network.refined(padded[k : k + 3], 2, 1, who)[0] for k in range(40)]
    source = Frames.from_array(rendered)
    if frames == "once":
        source = Frames.from_iterable(40, rendered.shape[1:], iter(rendered))
    refined = Refine(batch=batch).run(source, identity(), model)
    got = refined.array()
    assert got.shape == rendered.shape
    assert np.abs(got.astype(int) - np.stack(expected)).max() <= 1  # a rounding apart at most
    if frames == "array":  # any range on its own, as a resumed run reads it
        assert np.abs(refined[33:36].astype(int) - got[33:36]).max() <= 1


def test_a_frame_depends_on_its_window_alone_as_declared():
    rendered, real = clip(8)
    model = train(rendered, real, steps=10, learning_rate=2e-2)
    before, after = Refine().sight({"frames", "identity", "refiner"})["frames"]
    assert (before, after) == (2, 0)

    def refined(pictures: np.ndarray) -> np.ndarray:
        return Refine().run(Frames.from_array(pictures), identity(), model).array()

    changed = rendered.copy()
    changed[3] = 255 - changed[3]
    same = (refined(changed) == refined(rendered)).all(axis=(1, 2, 3))
    assert same.tolist() == [not 3 - after <= t <= 3 + before for t in range(8)]


def test_a_memory_reaches_from_anchor_to_anchor():
    ports = {"frames", "identity", "refiner", "memory"}
    assert Refine().sight(ports) == Refine.receptive_field
    assert Refine(anchors=1).sight(ports)["frames"] == (2, 1)


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
    with pytest.raises(ModelError, match="not a valid ONNX model"):
        load_weights(Generator(), tmp_path / "text.onnx")


def test_only_the_face_changes_and_its_edge_blends():
    frames = np.full((3, 8, 8, 3), 100, np.uint8)
    made = np.full((3, 8, 8, 3), 200, np.uint8)
    alpha = np.zeros((5, 8, 8, 4), np.uint8)
    alpha[:, 2:6, 2:6, 3] = 255
    alpha[:, 2, 2, 3] = 51
    inside = within_face(made, frames, Frames.from_array(alpha), start=2)
    assert (inside[:, 3:6, 3:6] == 200).all()
    assert (inside[:, 2, 2] == 120).all()
    assert (inside[:, 7] == 100).all() and (inside[:, :, 0] == 100).all()


def test_without_a_face_all_of_it_stays():
    made = np.arange(192, dtype=np.uint8).reshape(1, 8, 8, 3)
    np.testing.assert_array_equal(within_face(made, np.zeros_like(made), None, 0), made)


def told_of_frames(count, **settings):
    """A refiner that was trained on features of frames, and a memory of the same frames."""
    rendered, real = clip(count)
    vectors = np.eye(3, 128, dtype=np.float32)[np.arange(count) % 3]
    who = IdentityTrack(vectors=vectors, measured=np.ones(count, bool))
    frames = Frames.from_array(rendered), Frames.from_array(real)
    node = TrainRefiner(**{**SMALL, "steps": 2, **settings})
    refiner = node.run(*frames, identity(), identities=who)
    memory = BuildRefinerMemory(slots=9, key_size=4, steps=30, nearest=4).run(
        frames[0], who, tiny_spatial()
    )
    return rendered, refiner, memory, who


@pytest.mark.parametrize("anchors", [1, 10, 25])
def test_a_memory_says_who_is_in_each_frame_read_anywhere_or_once(anchors):
    rendered, refiner, memory, _ = told_of_frames(40)
    assert refiner.facts["identity"] == refine_module.OF_FRAMES
    network = refine_module.Network(refiner, identity())
    values = Recall(memory, 1, "refine").of(Frames.from_array(rendered), 0, 40)
    at = np.unique([*range(0, 40, anchors), 39])
    expected = network.refined(rendered, 0, 1, between(at, values[at], 0, 40))
    node = Refine(anchors=anchors)
    frames = Frames.from_array(rendered)
    anywhere = node.run(frames, identity(), refiner, memory=memory)
    once = Frames.from_iterable(40, rendered.shape[1:], iter(rendered))
    walked = node.run(once, identity(), refiner, memory=memory)
    for made in (anywhere.array(), anywhere[33:36], walked.array()):
        true = expected[33:36] if len(made) == 3 else expected
        assert np.abs(made.astype(int) - true).max() <= 1
    plain = node.run(frames, identity(), refiner).array()
    assert plain.shape == rendered.shape


def test_a_refiner_of_one_feature_takes_no_memory_and_one_of_another_length_neither():
    rendered, refiner, memory, _ = told_of_frames(6)
    frames = Frames.from_array(rendered)
    of_clip = train(rendered, clip(6)[1])
    with pytest.raises(ModelError, match="train it with the port `identities`, or leave the mem"):
        Refine().run(frames, identity(), of_clip, memory=memory)
    short = attrs.evolve(memory, values=memory.values[:, :64])
    with pytest.raises(ModelError, match="expects 128 identity values, the memory has 64"):
        Refine().run(frames, identity(), refiner, memory=short)


def test_the_published_generators_refine_frames(tmp_path):
    """As they come out of a checkpoint: with an identity feature, and without one."""
    made = {}
    for name, module in (("2020", generator_2020), ("2022", generator_2022)):
        path = tmp_path / f"{name}.onnx"
        onnx.save(module.build(published.weights(module.shapes(4)), {}), str(path))
        made[name] = OnnxModel(file=File(path), facts=read_facts(path))
    frames = Frames.from_array(clip(3)[0])
    of_512 = identity(512)
    for model in made.values():
        assert Refine().run(frames, of_512, model).array().shape == (3, 32, 32, 3)
    with pytest.raises(ModelError, match="expects 512 identity values, the identity feature"):
        Refine().run(frames, identity(), made["2020"])
    assert refine_module.Network(made["2020"], of_512).of_frames
    assert not refine_module.Network(made["2022"], identity()).told


def test_what_stands_before_the_face_is_not_refined():
    face, background = np.full((2, 4, 4, 4), 255, np.uint8), np.full((2, 4, 4, 4), 255, np.uint8)
    background[1, :2, :, 3] = (0, 0, 0, 102)
    shown = behind(Frames.from_array(face), Frames.from_array(background))
    assert (shown[0] == 255).all() and (shown[1][2:, :, 3] == 255).all()
    assert shown[1][0, :, 3].tolist() == [0, 0, 0, 102]
    assert behind(shown, Frames.from_array(background[..., :3])) is shown
    assert behind(shown, None) is shown
