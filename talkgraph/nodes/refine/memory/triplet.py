"""The layer that makes the spatial feature, trained by the threshold triplet loss.

Of the pairs whose keys are most like a query, those whose identity agrees with the query's by more
than a threshold shall be nearer than those whose does not (Yoo et al. 2019, section 3.3).
"""

from __future__ import annotations

from collections.abc import Callable

import attrs
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from talkgraph.nodes.refine.memory.bank import Bank
from talkgraph.nodes.values import Floats


@attrs.frozen(kw_only=True)
class MemorySchedule:
    """How to train: the parameters of the same names of `build_refiner_memory`."""

    steps: int
    batch: int
    learning_rate: float
    same: float
    margin: float
    nearest: int
    age_noise: float
    seed: int


def triplet_loss(
    queries: Tensor, features: Tensor, keys: Tensor, values: Tensor, schedule: MemorySchedule
) -> Tensor:
    """The loss of every query, `[shape=(B,)]`.

    Pairs that are left out count as cosine 0, as in the public implementation: of an empty set, or
    of one of negative cosines, the largest is 0.
    """
    scores = queries @ keys.T
    near, slots = scores.topk(min(schedule.nearest, scores.shape[1]), dim=1)
    agree = (values[slots] * features[:, None]).sum(-1)
    same = (agree > schedule.same).to(near.dtype)
    positive, negative = (near * same).amax(1), (near * (1 - same)).amax(1)
    return F.relu(negative - positive + schedule.margin)


def train(
    layer: nn.Linear,
    bank: Bank,
    spatial: Floats,
    features: Floats,
    schedule: MemorySchedule,
    progress: Callable[[float, float], None],
) -> list[float]:
    """Train the layer and fill the bank, in place; returns the loss of every step.

    As the paper has it, the memory is updated after each step of the layer, by a fresh query; the
    GAN that is trained after each update there is given the true features, never the memory's, so
    that training it elsewhere gives the same.

    Args:
        spatial: of the network in front of the layer, `[shape=(N, D)]`.
        features: identity features of the same frames, `[shape=(N, n)]`, of length 1.
    """
    rng = np.random.default_rng(schedule.seed)
    optimiser = torch.optim.Adam(layer.parameters(), lr=schedule.learning_rate)
    # Views: the bank changes under the loss.
    keys, values = torch.from_numpy(bank.keys), torch.from_numpy(bank.values)
    waiting = np.empty(0, np.int64)
    losses = []
    for step in range(schedule.steps):
        while len(waiting) < schedule.batch:
            waiting = np.concatenate([waiting, rng.permutation(len(spatial))])
        chosen, waiting = waiting[: schedule.batch], waiting[schedule.batch :]
        seen, who = torch.from_numpy(spatial[chosen]), torch.from_numpy(features[chosen])
        loss = triplet_loss(query(layer, seen), who, keys, values, schedule).mean()
        optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        with torch.no_grad():
            fresh = query(layer, seen).numpy()
        noise = rng.uniform(-schedule.age_noise, schedule.age_noise, len(keys)).astype(np.float32)
        bank.update(fresh, features[chosen], chosen, noise, schedule.same)
        losses.append(float(loss.detach()))
        progress(step + 1, schedule.steps)
    return losses


def query(layer: nn.Linear, spatial: Tensor) -> Tensor:
    """The spatial feature of length 1."""
    return F.normalize(layer(spatial), dim=1)
