import numpy as np
import pytest
import torch

from talkgraph.nodes.refine import adversarial
from talkgraph.nodes.refine.discriminator import Discriminator
from talkgraph.nodes.refine.network import Generator
from talkgraph.nodes.refine.pairs import Pairs
from talkgraph.nodes.refine.schedule import Schedule
from talkgraph.nodes.refine.temporal_window import window_of


def schedule(**changes) -> Schedule:
    values = {
        "steps": 5, "batch": 2, "learning_rate": 1e-3, "beta1": 0.5, "final_rate": 0.1,
        "crop": 0, "near_details": 0.75, "adversarial_weight": 1.0, "adversarial_from": 0.0,
        "gradient_weight": 0.0, "l1_weight": 100.0, "attention_weight": 2.0,
        "smoothness_weight": 1e-5, "feature_weight": 0.0, "averaging": 0.0,
        "brightness": 0.0, "shift": 0.0, "mirrored": 0.0, "seed": 0,
    }  # fmt: skip
    return Schedule(**{**values, **changes})


def pairs(count: int = 6, side: int = 16, weights: np.ndarray | None = None) -> Pairs:
    rng = np.random.default_rng(0)
    return Pairs(
        rendered=rng.integers(0, 256, (count, side, side, 3), dtype=np.uint8),
        real=rng.integers(0, 256, (count, side, side, 3), dtype=np.uint8),
        windows=window_of(np.arange(count)),
        weights=weights,
        identity=np.arange(count, dtype=np.float32)[:, None].repeat(8, 1),
    )


def test_the_rate_is_flat_and_then_falls_in_a_line():
    assert [adversarial._decay(done, 0.1) for done in (0.0, 0.49)] == [1, 1]
    assert adversarial._decay(0.75, 0.1) == pytest.approx(0.55)
    assert adversarial._decay(1.0, 0.1) == pytest.approx(0.1)


def test_averaged_weights_lag_behind_the_last_ones():
    def trained(averaging: float) -> list[float]:
        torch.manual_seed(0)
        net = Generator(width=4, stem=1, levels=2, identity_size=8)
        start = {k: v.clone() for k, v in net.state_dict().items()}
        judge = Discriminator(width=4)
        steps = schedule(steps=25, averaging=averaging, feature_weight=10.0)
        data = pairs(side=32)
        mean = adversarial.fit(net, judge, data, steps, torch.device("cpu"))
        moved = [
            sum(float((net_.state_dict()[k] - start[k]).abs().sum()) for k in start)
            for net_ in (mean, net)
        ]
        assert moved[0] > 0
        return moved

    mean, last = trained(0.0)
    assert mean == pytest.approx(last)
    mean, last = trained(0.99)
    assert mean < last


def test_the_last_step_is_in_the_weights_that_are_kept():
    """Without a running mean the weights are those after the last step, whichever it is."""
    torch.manual_seed(0)
    net, other = Generator(width=4, stem=2, levels=3, identity_size=8), Discriminator(4)
    made = adversarial.fit(net, other, pairs(side=32), schedule(steps=3), torch.device("cpu"))
    assert all(torch.equal(a, b) for a, b in zip(made.parameters(), net.parameters(), strict=True))


@pytest.mark.parametrize(("start", "learns"), [(0.0, True), (0.5, True), (1.0, False)])
def test_the_discriminator_joins_when_the_schedule_says(start: float, learns: bool):
    torch.manual_seed(0)
    net, other = Generator(width=4, stem=2, levels=3, identity_size=8), Discriminator(4)
    before = [weight.clone() for weight in other.parameters()]
    settings = schedule(steps=2, adversarial_from=start, gradient_weight=1.0)
    adversarial.fit(net, other, pairs(side=32), settings, torch.device("cpu"))
    same = all(torch.equal(a, b) for a, b in zip(before, other.parameters(), strict=True))
    assert same != learns
