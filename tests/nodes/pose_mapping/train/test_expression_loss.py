import numpy as np
import pytest
import torch

from talkgraph.nodes.agreement import concordance
from talkgraph.nodes.pose_mapping.train.expression_loss import (
    QUIET,
    ExpressionWeights,
    concordance_of,
    expression_loss,
)

NONE = {"mouth": 0.0, "concordance": 0.0, "closure": 0.0}


def sequences(seed=0):
    random = np.random.default_rng(seed)
    made, real = (torch.from_numpy(random.standard_normal((2, 9, 64))) for _ in range(2))
    measured = torch.from_numpy((random.random((2, 9)) > 0.3).astype(float))
    mouth = torch.from_numpy(random.standard_normal((3, 64)))
    closed = torch.from_numpy((random.random((2, 9)) > 0.6).astype(float))
    return made, real, {"measured": measured, "mouth": mouth, "closed": closed}


@pytest.mark.parametrize("term", ["mouth", "closure", "velocity"])
def test_each_term_is_its_formula(term):
    made, real, given = sequences()
    seen = given["measured"].numpy().astype(bool)
    closed = given["closed"].numpy().astype(bool)
    error = ((made - real) @ given["mouth"].T).numpy()
    both = seen[:, 1:] & seen[:, :-1]
    expected = {
        "mouth": (error[seen] ** 2).mean(),
        "closure": (np.maximum(error[..., 0], 0)[seen & closed] ** 2).sum() / seen.sum(),
        "velocity": (np.diff(error, axis=1)[both] ** 2).mean(),
    }[term]
    plain = expression_loss(made, real, ExpressionWeights(**NONE), **given)
    assert float(plain) == pytest.approx(float(((made - real).numpy()[seen] ** 2).mean()))
    more = expression_loss(made, real, ExpressionWeights(**{**NONE, term: 2.0}), **given)
    assert float(more - plain) == pytest.approx(2 * expected)


def test_concordance_is_that_of_the_figures():
    made, real, given = sequences()
    a, b = made @ given["mouth"].T, real @ given["mouth"].T
    found = concordance_of(a, b, given["measured"]).numpy()
    for k in range(2):
        seen = given["measured"][k].numpy().astype(bool)
        for m in range(3):
            x, y = a[k, seen, m].numpy(), b[k, seen, m].numpy()
            scale = x.var() + y.var() + (x.mean() - y.mean()) ** 2
            assert found[k, m] == pytest.approx(concordance(x, y) * scale / (scale + QUIET))


def test_concordance_asks_for_the_spread_that_a_squared_error_shrinks():
    """What is half noise is answered by half of its spread, and more where agreement counts."""
    random = np.random.default_rng(1)
    heard = torch.from_numpy(random.standard_normal((4, 400, 1)))
    real = (heard + torch.from_numpy(random.standard_normal((4, 400, 1)))) / 2**0.5
    given = {
        "measured": torch.ones(4, 400),
        "mouth": torch.ones(1, 1),
        "closed": torch.zeros(4, 400),
    }
    given = {name: x.double() for name, x in given.items()}
    gains = np.linspace(0.1, 1.5, 60)

    def best(concordance):
        weights = ExpressionWeights(**{**NONE, "concordance": concordance})
        losses = [float(expression_loss(g * heard, real, weights, **given)) for g in gains]
        return gains[int(np.argmin(losses))]

    assert best(0.0) == pytest.approx(0.5**0.5, abs=0.05)
    assert best(10.0) > 0.9


def test_sequences_without_a_measured_frame_give_no_gradient():
    made, real, given = sequences()
    made.requires_grad_()
    loss = expression_loss(
        made, real, ExpressionWeights(velocity=1.0), **{**given, "measured": torch.zeros(2, 9)}
    )
    loss.backward()
    assert torch.isfinite(loss) and not made.grad.abs().any()
