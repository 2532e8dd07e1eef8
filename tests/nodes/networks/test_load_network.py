import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest

import talkgraph
from talkgraph import Graph, Node, Store, models, node
from talkgraph.errors import GraphError, ModelError
from talkgraph.models import open_session, store
from talkgraph.models.onnx_writer import OnnxWriter
from talkgraph.nodes.audio_features import LogMel, Mfcc, SpeechEncoder
from talkgraph.nodes.closure import hits_and_false, lowest_openings
from talkgraph.nodes.networks import LoadNetwork
from talkgraph.nodes.pose_mapping import MapExpression, MapMotion
from talkgraph.nodes.pose_mapping.facts import ExpressionFacts, MotionFacts
from talkgraph.nodes.pose_mapping.onnx_file import read_network
from talkgraph.nodes.signals import correlation
from talkgraph.nodes.values import OnnxModel, Speech

RATE = 16000


def syllables(seconds: float = 4.0) -> Speech:
    """Noise shaped by two formants and switched three times a second: speech enough for a test."""
    random = np.random.default_rng(0)
    time = np.arange(int(seconds * RATE)) / RATE
    buzz = np.sign(np.sin(2 * np.pi * 120 * time)) * (1 + np.sin(2 * np.pi * 700 * time))
    voiced = 0.1 * buzz * (np.sin(2 * np.pi * 3 * time) > 0) + 1e-3 * random.standard_normal(
        len(time)
    )
    samples = voiced.astype(np.float32)
    return Speech(samples=samples, rate=RATE, soundtrack=samples[:, None], soundtrack_rate=RATE)


@pytest.mark.parametrize("feature", ["mfcc", "log_mel"])
def test_the_shipped_mapping_moves_mouth_and_head(feature):
    model = LoadNetwork(name=f"general-mapping-{feature.replace('_', '-')}").run()
    facts = MotionFacts.of(model)
    assert facts.feature == feature
    assert "unclear rights" in facts.licence and "Figures" in facts.card
    assert model.file.path.stat().st_size < 3e6
    node = {"mfcc": Mfcc, "log_mel": LogMel}[feature]()
    made = MapMotion().run(node.run(syllables()), model)
    assert made.expression.shape == (100, 64)
    opening = facts.readout.of(made.expression)[:, 0]
    assert opening.std() > 0.2 * facts.mouth_std[0]
    assert np.abs(made.expression).max() < 12
    assert 0.002 < made.rotation.std(0).max() < 0.3
    speed = np.abs(np.diff(made.rotation, axis=0)).max() * 25
    assert speed < 1.5  # rad/s: no jerk
    assert sum(p.numel() for p in read_network(model).parameters()) > 100_000


def test_the_shipped_mapping_to_expression_follows_a_real_mouth(clips):
    """Of a clip that it was trained on, among 209: what is asserted is that all fits together."""
    graph = talkgraph.graph("yi2020").subgraph("fit", "footage")
    made = graph.run({"video": clips / "video" / "grid_female_03.mp4"}, until=("fit", "footage"))
    encoder = LoadNetwork(name="speech-encoder-tiny").run()
    model = LoadNetwork(name="general-mapping-speech-encoder").run()
    facts = ExpressionFacts.of(model)
    assert (
        facts.feature == "speech_encoder" and "as the clips it was made from allow" in facts.licence
    )
    heard = SpeechEncoder().run(made["footage"].speech, encoder)
    motion = MapExpression().run(heard, model, made["fit"])
    count = min(len(motion.expression), len(made["fit"].motion.expression))
    ours, real = (
        facts.readout.of(x.expression[:count])[:, 0] for x in (motion, made["fit"].motion)
    )
    assert correlation(ours, real) > 0.75
    assert 0.6 < ours.std() / real.std() < 1.5
    hits, false = hits_and_false(ours, real, lowest_openings(real, real < 9), real < 9)
    assert hits >= 0.3 and false <= 0.05  # of six frames


def tiny(path: Path, factor: float = 2.0, **facts: str) -> Path:
    """A network that multiplies by `factor`."""
    out = OnnxWriter()
    x, y = out.fresh("x"), out.fresh("y")
    out.name(out.add("Mul", [x, out.constant(np.array([factor], np.float32))]), y)
    onnx.save(out.model([(x, ("n", 1))], [(y, ("n", 1))], facts), path)
    return path


@node("load_network_test_run", version=1)
class Run(Node):
    def run(self, network: OnnxModel) -> float:
        session = open_session(network.file)
        return float(session.run(None, {"x": np.ones((1, 1), np.float32)})[0][0, 0])


def graph(**source) -> Graph:
    steps = {"network": LoadNetwork(**source).on(), "answer": Run().on(network="network")}
    return Graph("load_network_test", steps=steps)


@pytest.fixture
def models_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("TALKGRAPH_MODELS", str(tmp_path / "models"))
    return tmp_path / "models"


def test_a_file_of_your_own_with_its_facts(tmp_path):
    model = LoadNetwork(file=tiny(tmp_path / "mine.onnx", licence="mine alone")).run()
    assert model.file.path == tmp_path / "mine.onnx"
    assert model.facts == {"licence": "mine alone"}


def test_a_file_goes_before_a_name(tmp_path):
    file = tiny(tmp_path / "mine.onnx")
    assert LoadNetwork(name="face-detector", file=file).run().file.path == file


def test_a_network_that_the_user_brought_says_what_it_is(tmp_path, models_folder):
    models.add("arcface", tiny(tmp_path / "a.onnx", opset="17"))
    facts = LoadNetwork(name="arcface").run().facts
    assert facts["name"] == "arcface" and "InsightFace" in facts["licence"]
    assert facts["source"] == "a file you bring" and facts["opset"] == "17"


@pytest.mark.parametrize(
    ("source", "error", "words"),
    [
        ({}, GraphError, "needs a network; give name=... of the model store, or file=..."),
        ({"name": "face-detectr"}, GraphError, "did you mean 'face-detector'?"),
        ({"name": "mel"}, GraphError, "expected one of 'face-detector'"),
        ({"name": "resnet18"}, ModelError, "then `models.add('resnet18', 'FILE.pth')`"),
        ({"file": "nowhere.onnx"}, ModelError, "there is no file nowhere.onnx"),
        ({"file": __file__}, ModelError, "not a valid ONNX model"),
    ],
)
def test_what_is_wrong_is_one_line_with_the_remedy(models_folder, source, error, words):
    with pytest.raises(error) as caught:
        LoadNetwork(**source).run()
    assert words in str(caught.value) and "\n" not in str(caught.value)


def test_a_shipped_network_that_is_damaged_is_refused(monkeypatch, tmp_path):
    monkeypatch.setattr(store, "SHIPPED", tmp_path)
    (tmp_path / "general_mapping_mfcc.onnx").write_bytes(b"other weights")
    with pytest.raises(ModelError, match=r"'general-mapping-mfcc': .* install talkgraph again"):
        LoadNetwork(name="general-mapping-mfcc").run()


def test_equal_content_is_found_again_and_other_content_is_not(tmp_path, models_folder):
    kept = Store(tmp_path / "store")
    file = tiny(tmp_path / "one.onnx")
    assert graph(file=file).run(store=kept).output == 2.0
    again = graph(file=shutil.copy(file, tmp_path / "two.onnx")).run(store=kept)
    assert all(record.cached for record in again.records.values())
    assert graph(file=tiny(file, factor=3.0)).run(store=kept).output == 3.0


def test_another_network_under_the_same_name_is_another_key(tmp_path, models_folder):
    """One that the user brings has no sha256 in the table of assets."""
    kept, named = Store(tmp_path / "store"), graph(name="arcface")
    models.add("arcface", tiny(tmp_path / "one.onnx"))
    assert named.run(store=kept).output == 2.0
    models.add("arcface", tiny(tmp_path / "two.onnx", factor=3.0))
    planned = named.plan(store=kept)
    assert "parameter network changed" in planned.steps["network"].reason
    assert named.run(store=kept).output == 3.0
    # Equal weights under another name make no reader run again.
    other = graph(file=tmp_path / "two.onnx").run(store=kept)
    assert not other.records["network"].cached


def test_a_plan_fetches_nothing(models_folder, tmp_path):
    graph(name="face-detector").plan(store=Store(tmp_path / "store"))
    assert not models_folder.exists()


def test_the_key_of_a_network_needs_no_torch(tmp_path):
    """What takes in the checkpoints of others is not named by the node, or would be in its key."""
    said = subprocess.run(
        [sys.executable, "-c", NO_TORCH, str(tmp_path / "store")], capture_output=True, text=True
    )
    assert said.returncode == 0, said.stderr
    assert said.stdout == "[]\n"


NO_TORCH = """
import sys
from talkgraph.cache.store import Store
from talkgraph.engine import Graph
from talkgraph.nodes.networks import LoadNetwork
graph = Graph("one", inputs={}, steps={"network": LoadNetwork(name="face-detector").on()},
              output="network")
graph.plan({}, store=Store(sys.argv[1]))
print([name for name in ("torch", "onnx", "numba") if name in sys.modules])
"""
