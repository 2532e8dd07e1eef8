"""The threshold triplet loss, and what training by it does."""

import numpy as np
import pytest
import torch

from talkgraph.nodes.refine.memory.bank import Bank, unit
from talkgraph.nodes.refine.memory.triplet import MemorySchedule, query, train, triplet_loss
from tests.models.published_networks import known_2020

KNOWN = known_2020("memory_bank")
SCHEDULE = MemorySchedule(
    steps=300, batch=2, learning_rate=1e-2, same=0.98, margin=0.3, nearest=3, age_noise=4.0, seed=0
)


def test_the_loss_is_that_of_the_public_implementation():
    tensors = [torch.from_numpy(KNOWN[name]) for name in
               ("loss_query", "loss_feature", "key0", "value0")]  # fmt: skip
    loss = triplet_loss(*tensors, SCHEDULE)
    assert np.abs(loss.numpy() - KNOWN["loss"]).max() < 1e-6
    assert float(loss.mean()) == pytest.approx(float(KNOWN["loss_batch"]), abs=1e-6)


def test_training_brings_people_together_and_apart():
    """Two people, told apart by one number of many that vary more."""
    rng = np.random.default_rng(0)
    who = np.arange(40) % 2
    spatial = rng.normal(size=(40, 6)).astype(np.float32)
    spatial[:, 0] = 2 * who - 1
    features = np.eye(2, dtype=np.float32)[who]
    torch.manual_seed(0)
    layer = torch.nn.Linear(6, 4)
    bank = Bank.empty(30, 4, 2, rng)

    def apart():
        with torch.no_grad():
            keys = query(layer, torch.from_numpy(spatial)).numpy()
        cosines, same = keys @ keys.T, who[:, None] == who
        return cosines[same].mean() - cosines[~same].mean()

    before = apart()
    told = []
    losses = train(layer, bank, spatial, features, SCHEDULE, lambda *at: told.append(at))
    assert told[-1] == (300, 300) and len(losses) == 300
    assert apart() > before + 0.3
    assert np.mean(losses[-50:]) < np.mean(losses[:50])
    # What is retrieved for frames that were seen is who is in them.
    with torch.no_grad():
        slots, _ = bank.retrieve(query(layer, torch.from_numpy(spatial)).numpy(), 1)
    assert (bank.values[slots[:, 0]].argmax(1) == who).mean() > 0.95


def test_the_seed_decides():
    rng = np.random.default_rng(1)
    spatial, features = rng.normal(size=(8, 5)).astype(np.float32), unit(rng.normal(size=(8, 3)))

    def keys():
        torch.manual_seed(2)
        bank = Bank.empty(6, 4, 3, np.random.default_rng(3))
        train(torch.nn.Linear(5, 4), bank, spatial, features, SCHEDULE, lambda *_: None)
        return bank.keys

    assert np.array_equal(keys(), keys())
