import numpy as np
import pytest

from talkgraph.nodes.head_motion.flow import draw as module
from talkgraph.nodes.head_motion.flow.draw import draw
from talkgraph.nodes.head_motion.flow.facts import FlowFacts
from talkgraph.nodes.head_motion.flow.hearing import Hearing
from tests.nodes.head_motion.people import BINS


def hearing(count, seed=0):
    random = np.random.default_rng(seed)
    return Hearing(
        prosody=random.standard_normal((count, 5)).astype(np.float32),
        features=random.standard_normal((count, BINS)).astype(np.float32),
    )


def drawn(flow, count=300, guidance=1.2, steps=4):
    code = np.full(13, 0.3, np.float32)
    random = np.random.default_rng(7)
    return draw(flow, hearing(count), code, guidance=guidance, steps=steps, random=random)


@pytest.mark.parametrize("guidance", [1.0, 1.7])
def test_windows_give_what_one_pass_gives(flow, monkeypatch, guidance):
    whole, heard = drawn(flow, guidance=guidance)
    monkeypatch.setattr(module, "_WINDOW", 41)
    parts, heard_in_parts = drawn(flow, guidance=guidance)
    np.testing.assert_allclose(parts, whole, atol=1e-4)
    np.testing.assert_allclose(heard_in_parts, heard, atol=1e-5)
    assert whole.shape == (300, 6) and heard.shape == (300, 9)


@pytest.mark.parametrize("count", [1, 2, 17])
def test_any_length(flow, count):
    made, _ = drawn(flow, count)
    assert made.shape == (count, 6) and np.isfinite(made).all()


def test_facts_go_through_text(flow):
    one = FlowFacts.of(flow)
    assert one.as_text() == flow.facts
    assert set(one.manners) == {"calm", "typical", "lively"}
    assert one.response.shape == (len(one.response_lags), 9)
