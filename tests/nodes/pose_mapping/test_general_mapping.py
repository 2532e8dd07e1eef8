import numpy as np
import pytest

from talkgraph.errors import ModelError
from talkgraph.nodes.audio_features import LogMel, Mfcc
from talkgraph.nodes.pose_mapping import GeneralMapping, MapMotion, general_mapping
from talkgraph.nodes.pose_mapping.facts import MappingFacts
from talkgraph.nodes.pose_mapping.onnx_file import read_network
from talkgraph.nodes.values import Speech

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
    model = GeneralMapping(feature=feature).run()
    facts = MappingFacts.of(model)
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


def test_a_damaged_file_is_refused(monkeypatch):
    monkeypatch.setitem(general_mapping.SHA256, "mfcc", "0" * 64)
    with pytest.raises(ModelError, match="install talkgraph again"):
        GeneralMapping().run()
