"""Every head motion with every picture: each pair builds, checks its edges and runs."""

import re

import numpy as np
import pytest
import torch

import talkgraph as tg
from talkgraph.cache.files import File
from talkgraph.cache.frames import Frames
from talkgraph.engine import Graph
from talkgraph.models.audio2head.published import EXPORTS
from talkgraph.nodes.audio_features import F0Features, Mfcc, SpeechEncoder
from talkgraph.nodes.backgrounds import Composite, MatchBackgrounds, WarpBackground
from talkgraph.nodes.face_model import LoadFaceModel
from talkgraph.nodes.face_model.face_model import FaceModel
from talkgraph.nodes.face_model.synthetic import synthetic_fit
from talkgraph.nodes.head_motion import (
    DecodeHeadMotion,
    EncodeHeadMotion,
    ReplayHeadMotion,
    SampleHeadMotion,
)
from talkgraph.nodes.keypoint_field import (
    DenseMotion,
    GenerateFrames,
    PredictHeadPose,
    ProjectKeypoints,
)
from talkgraph.nodes.networks import LoadNetwork
from talkgraph.nodes.refine import Refine, TrainRefiner
from talkgraph.nodes.render import Render
from talkgraph.nodes.values import (
    Albedo,
    Clip,
    Crop,
    FaceFit,
    IdentityFeature,
    Motion,
    OnnxModel,
    Speech,
)
from tests.models.audio2head import narrow
from tests.places import ROOT

FRAMES, SIZE = 50, 64

HEADS = {
    "replay_head_motion": {"head": ReplayHeadMotion().on(motion="spoken", person="fit")},
    "sample_head_motion": {
        "encoder": LoadNetwork(name="speech-encoder-tiny").on(),
        "features": SpeechEncoder().on(speech="speech", network="encoder"),
        "flow": LoadNetwork(name="head-motion").on(),
        "head": SampleHeadMotion(manner="lively").on(
            motion="spoken", speech="speech", features="features", network="flow", person="fit"
        ),
    },
    "decode_head_motion": {
        "pattern_encoder": LoadNetwork(name="head-pattern-encoder").on(),
        "pattern": EncodeHeadMotion().on(person="fit", network="pattern_encoder"),
        "features": Mfcc(keep_zeroth=True).on(speech="speech"),
        "decoder": LoadNetwork(name="head-pattern-decoder").on(),
        "head": DecodeHeadMotion().on(
            motion="spoken", pattern="pattern", features="features", network="decoder", person="fit"
        ),
    },
    "predict_head_pose": {
        "features": F0Features().on(speech="speech"),
        "head": PredictHeadPose().on(
            features="features", clip="clip", network="head_pose", motion="spoken", person="fit"
        ),
    },
}
RENDERED = {
    "backgrounds": MatchBackgrounds().on(motion="head", fit="fit"),
    "background": WarpBackground().on(
        clip="clip", fit="fit", backgrounds="backgrounds", model="model"
    ),
    "face": Render().on(motion="backgrounds.motion", fit="fit", albedo="albedo", model="model"),
    "picture": Composite().on(background="background", face="face"),
}
PICTURES = {
    "render": RENDERED,
    "render, refined": RENDERED
    | {
        "refiner": TrainRefiner(
            size=SIZE, width=4, stem=4, levels=2, discriminator_width=4, steps=1
        ).on(rendered="clip.frames", real="clip.frames", identity="identity"),
        "refined": Refine().on(frames="picture", identity="identity", refiner="refiner"),
    },
    "keypoint field": {
        "source": ProjectKeypoints().on(motion="fit.motion", fit="fit", model="model"),
        "driving": ProjectKeypoints().on(motion="head", fit="fit", model="model"),
        "field": DenseMotion().on(
            clip="clip", source="source", driving="driving", network="dense_motion"
        ),
        "picture": GenerateFrames().on(clip="clip", field="field", network="generator"),
    },
}
INPUTS = {
    "speech": Speech, "spoken": Motion, "clip": Clip, "fit": FaceFit,
    "model": FaceModel, "albedo": Albedo, "identity": IdentityFeature, "head_pose": OnnxModel,
    "dense_motion": OnnxModel, "generator": OnnxModel,
}  # fmt: skip


@pytest.fixture(scope="module")
def given(tmp_path_factory):
    """Two seconds of a tone, a grey clip, and a face at rest in it."""
    folder, random = tmp_path_factory.mktemp("swapping"), np.random.default_rng(0)
    torch.manual_seed(0)
    painter = narrow.narrow_generator(keypoints=20)
    networks = {
        "head_pose": ("head-pose", narrow.NARROW["audio2pose"]()),
        "dense_motion": ("dense-motion", painter), "generator": ("generator", painter),
    }  # fmt: skip
    found = {}
    for name, (asset, network) in networks.items():
        exported = EXPORTS[f"audio2head-{asset}"]
        count = None if name == "head_pose" else 20
        (folder / f"{name}.onnx").write_bytes(exported.write(network, {}, count))
        found[name] = OnnxModel(file=File(folder / f"{name}.onnx"), facts={})
    sound = np.sin(np.arange(2 * 16000) * 0.08).astype(np.float32)
    frames = Frames.from_array(random.integers(90, 110, (FRAMES, SIZE, SIZE, 3), np.uint8))
    model = LoadFaceModel().run()
    return {
        **found,
        "speech": Speech(
            samples=sound, rate=16000, soundtrack=sound[:, None], soundtrack_rate=16000
        ),
        "spoken": synthetic_fit(frames=FRAMES).motion,
        "clip": Clip(
            frames=frames, fps=25.0, crop=Crop(left=0.0, top=0.0, side=float(SIZE)), speech=None
        ),
        "fit": synthetic_fit(frames=FRAMES, size=SIZE),
        "model": model,
        "albedo": Albedo(colour=model.mean_albedo, light=np.eye(9, 3, dtype=np.float32)),
        "identity": IdentityFeature(vector=np.full(128, 0.1, np.float32)),
    }


def test_the_composed_graph_of_the_page_is_the_photo_graph_up_to_the_motion():
    """So it takes the photos that one takes: large ones, in which faces are found in a `view`."""
    page = (ROOT / "docs" / "swapping.md").read_text(encoding="utf-8")
    field = Graph.from_yaml(re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)[0])
    photo = tg.graph("photo", mark=False)
    shared = {name: photo.steps[name] for name in photo.needed_for(("motion",), given=photo.inputs)}
    assert len(shared) > 15 and {name: field.steps.get(name) for name in shared} == shared
    assert field.steps["pasted"].sources["footage"] == photo.steps["pasted"].sources["footage"]


@pytest.mark.parametrize("picture", PICTURES)
@pytest.mark.parametrize("head", HEADS)
def test_a_pair_builds_and_runs(head, picture, given, store):
    steps = HEADS[head] | PICTURES[picture]
    needed = {source.partition(".")[0] for one in steps.values() for source in one.sources.values()}
    inputs = {name: kind for name, kind in INPUTS.items() if name in needed}
    graph = Graph("pair", inputs=inputs, steps=steps, output=list(steps)[-1])
    result = graph.run({name: given[name] for name in inputs}, store=store)
    made = result.output
    side = 256 if picture == "keypoint field" else SIZE
    assert len(made) == FRAMES and made.shape == (side, side, 3)
    assert made[:2].std() > 0
    assert Graph.from_yaml(graph.to_yaml()).steps.keys() == steps.keys()
