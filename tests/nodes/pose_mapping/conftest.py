"""A small linear world: a face of 30 points whose mouth and lids hang on the first coefficients."""

from types import SimpleNamespace

import attrs
import numpy as np
import pytest

from talkgraph.nodes.face_model.face_model import FaceModel
from talkgraph.nodes.face_model.lids import LID_PAIRS
from talkgraph.nodes.face_model.readout import MOUTH_MEASURES, mouth_readout
from talkgraph.nodes.pose_mapping.expression_file import write_expression_mapping
from talkgraph.nodes.pose_mapping.expression_network import ExpressionNetwork
from talkgraph.nodes.pose_mapping.expression_size import ExpressionSize
from talkgraph.nodes.pose_mapping.network import MappingNetwork, MappingSize
from talkgraph.nodes.pose_mapping.onnx_file import write_mapping
from talkgraph.nodes.pose_mapping.train.corpus import Example, motion_facts
from talkgraph.nodes.pose_mapping.train.spread import expression_facts as facts_of_expression
from talkgraph.nodes.values import FaceFit, Motion, SpeechFeatures

SMALL = MappingSize(channels=8, embedding=16, hidden=16, dropout=0.0)
OTHER_POINTS = (10, 1, 234, 454)


def face_model() -> FaceModel:
    random = np.random.default_rng(0)
    lids = {p for pair in LID_PAIRS for p in pair}
    lips = {p for pairs, _ in MOUTH_MEASURES.values() for pair in pairs for p in pair}
    index = np.asarray(sorted(lids | lips | set(OTHER_POINTS)))
    count = len(index)
    mean = random.standard_normal((count, 3)) * 0.3
    basis = random.standard_normal((count, 3, 64)) * 0.01
    basis[:, :, 0] = 0.0
    row = {int(p): i for i, p in enumerate(index)}
    for lower, upper in LID_PAIRS:
        mean[row[upper], 1] = mean[row[lower], 1] + 0.1
        basis[row[upper], 1, 0] -= 0.05  # coefficient 0 lowers the upper lid
        basis[row[upper], 1, 1:] = basis[row[lower], 1, 1:]
    for lower, upper in MOUTH_MEASURES["opening"][0]:
        basis[row[upper], 1, 1] += 0.05  # coefficient 1 opens the lips
        basis[row[lower], 1, 1] -= 0.05
    return FaceModel(
        mean_shape=mean.astype(np.float32),
        identity_basis=(random.standard_normal((count, 3, 80)) * 0.001).astype(np.float32),
        expression_basis=basis.astype(np.float32),
        mean_albedo=np.full((count, 3), 0.5, np.float32),
        albedo_basis=np.zeros((count, 3, 80), np.float32),
        triangles=np.zeros((1, 3), np.int32),
        landmark_vertices=np.arange(count),
        landmark_index=index,
        region=np.zeros(count, np.uint8),
        name="toy",
        licence="",
    )


def features(count: int, seed: int = 0) -> SpeechFeatures:
    """Smooth random rows, cut like the real ones: 28 rows, 4 on per frame."""
    from scipy.ndimage import gaussian_filter1d

    random = np.random.default_rng(seed)
    rows = gaussian_filter1d(random.standard_normal((4 * count + 24, 12)), 4.0, axis=0) * 4
    windows = np.stack([rows[4 * k : 4 * k + 28] for k in range(count)])
    return SpeechFeatures(windows=windows.astype(np.float32), fps=25.0)


def example(person: str, count: int = 150, seed: int = 0, style: float = 0.0) -> Example:
    """A clip whose expression is a linear function of the sound, plus the person's own offset."""
    heard = features(count, seed)
    law = np.random.default_rng(99).standard_normal((12, 64)) * 0.4
    law += style * np.random.default_rng(98).standard_normal((12, 64))
    random = np.random.default_rng(seed + 1000)
    expression = heard.windows[:, 14] @ law + random.standard_normal(64)
    pose = np.cumsum(random.standard_normal((count, 6)), 0) * 0.01
    return Example(
        name=person,
        person=person,
        features=heard.windows,
        expression=expression.astype(np.float32),
        pose=pose.astype(np.float32),
        measured=np.ones(count, bool),
        fps=25.0,
    )


def fit_of(clip: Example) -> FaceFit:
    motion = Motion(
        expression=clip.expression,
        rotation=clip.pose[:, :3],
        translation=clip.pose[:, 3:],
        fps=clip.fps,
    )
    return FaceFit(
        identity=np.zeros(80, np.float32),
        motion=motion,
        error=np.zeros(len(clip), np.float32),
        measured=clip.measured,
        size=256,
    )


def examples(persons: int = 5) -> list[Example]:
    return [example(f"person{i}", seed=i) for i in range(persons)]


def facts(size: MappingSize = SMALL):
    return motion_facts(
        examples(),
        feature="mfcc",
        readout=mouth_readout(face_model()),
        size=attrs.asdict(size),
    )


def mapping(folder, size: MappingSize = SMALL, seed: int = 0):
    import torch

    torch.manual_seed(seed)
    network = MappingNetwork(size)
    made = attrs.evolve(facts(size), licence="toy", card="a toy")
    return network, write_mapping(network, made, folder / "mapping.onnx")


EXPRESSION = ExpressionSize(bins=24, width=16)


def encoded(count: int, seed: int = 0) -> SpeechFeatures:
    """Two neighbouring rows of `features` as one: what an encoder might give."""
    windows = features(count, seed).windows if count else np.zeros((0, 28, 12), np.float32)
    return SpeechFeatures(windows=windows[:, 13:15].reshape(-1, 1, 24), fps=25.0)


def encoded_examples(persons: int = 5) -> list[Example]:
    return [
        attrs.evolve(clip, features=encoded(len(clip), seed=k).windows)
        for k, clip in enumerate(examples(persons))
    ]


def expression_facts(size: ExpressionSize = EXPRESSION):
    return facts_of_expression(
        encoded_examples(),
        feature="speech_encoder",
        readout=mouth_readout(face_model()),
        size=attrs.asdict(size),
    )


def expression_mapping(folder, size: ExpressionSize = EXPRESSION, seed: int = 0):
    import torch

    torch.manual_seed(seed)
    network = ExpressionNetwork(size).eval()
    made = attrs.evolve(expression_facts(size), licence="toy", card="a toy")
    return network, write_expression_mapping(network, made, folder / "expression.onnx")


@pytest.fixture(scope="session")
def toys() -> SimpleNamespace:
    """The functions above: no import between test files, whatever pytest's import mode."""
    return SimpleNamespace(
        SMALL=SMALL,
        face_model=face_model,
        features=features,
        example=example,
        examples=examples,
        fit_of=fit_of,
        facts=facts,
        mapping=mapping,
        EXPRESSION=EXPRESSION,
        encoded=encoded,
        encoded_examples=encoded_examples,
        expression_facts=expression_facts,
        expression_mapping=expression_mapping,
    )


@pytest.fixture(autouse=True)
def one_thread():
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
