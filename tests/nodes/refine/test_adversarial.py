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
        "l1_weight": 100.0, "attention_weight": 2.0, "smoothness_weight": 1e-5,
        "feature_weight": 0.0, "averaging": 0.0,
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


def first_batch(data: Pairs, **changes) -> list[np.ndarray]:
    return [t.numpy() for t in next(adversarial._batches(data, schedule(**changes)))]


def which(real: np.ndarray, data: Pairs) -> int:
    """The frame of the clip that a network input shows."""
    shown = np.rint((real.transpose(1, 2, 0) + 1) * 127.5)
    return int(np.abs(data.real - shown).sum((1, 2, 3)).argmin())


def test_an_epoch_shows_every_frame_once_with_its_own_window():
    data = pairs()
    seen = []
    for window, real, identity, weight in adversarial._batches(data, schedule(steps=3)):
        assert identity.shape == (2, 8)
        assert (weight == 1).all()
        for w, r in zip(window.numpy(), real.numpy(), strict=True):
            k = which(r, data)
            assert (identity[len(seen) % 2] == k).all()  # who is seen in that very frame
            seen.append(k)
            newest = np.rint((w[6:].transpose(1, 2, 0) + 1) * 127.5)
            assert np.array_equal(newest, data.rendered[k])
            oldest = np.rint((w[:3].transpose(1, 2, 0) + 1) * 127.5)
            assert np.array_equal(oldest, data.rendered[max(k - 2, 0)])
    assert sorted(seen) == list(range(6))


def test_brightness_dims_rendered_and_real_alike():
    data = pairs()
    plain, dimmed = first_batch(data), first_batch(data, brightness=0.3)
    for before, after in zip(plain[:2], dimmed[:2], strict=True):
        inside = after < 0.999
        gain = ((after + 1) / np.maximum(before + 1, 1e-3))[0][inside[0] & (before[0] > -0.5)]
        assert gain.std() < 1e-4
        assert abs(gain.mean() - 1) > 0.01
    assert dimmed[0].max() <= 1


def test_shifts_move_everything_together_and_repeat_the_border():
    weights = np.random.default_rng(1).uniform(1, 5, (6, 16, 16)).astype(np.float32)
    data = pairs(weights=weights)
    plain, moved = first_batch(data), first_batch(data, shift=0.25)
    found = [
        (down, right)
        for down in range(-4, 5)
        for right in range(-4, 5)
        if all(
            np.array_equal(np.roll(a, (down, right), (2, 3))[..., 4:-4, 4:-4], b[..., 4:-4, 4:-4])
            for a, b in zip((*plain[:2], plain[3]), (*moved[:2], moved[3]), strict=True)
        )
    ]
    assert len(found) == 1
    assert found != [(0, 0)]
    down, right = found[0]
    row = plain[1][0, 0, 0 if down > 0 else -1]
    border = moved[1][0, 0, 0 if down > 0 else -1]
    assert np.array_equal(border[4:-4], np.roll(row, right)[4:-4])


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


def test_pictures_are_mirrored_together_and_seldom_or_always():
    data = pairs()
    plain, mirrored = first_batch(data), first_batch(data, mirrored=1.0)
    for a, b in zip(plain[:2], mirrored[:2], strict=True):
        assert np.array_equal(a[..., ::-1], b)


def test_the_last_step_is_in_the_weights_that_are_kept():
    """Without a running mean the weights are those after the last step, whichever it is."""
    torch.manual_seed(0)
    net, other = Generator(width=4, stem=2, levels=3, identity_size=8), Discriminator(4)
    made = adversarial.fit(net, other, pairs(side=32), schedule(steps=3), torch.device("cpu"))
    assert all(torch.equal(a, b) for a, b in zip(made.parameters(), net.parameters(), strict=True))
