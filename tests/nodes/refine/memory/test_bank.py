"""Retrieval and update: the public implementation's figures, its rule in plain loops, laws."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from talkgraph.nodes.refine.memory.bank import Bank, unit
from tests.models.published_networks import known_2020

KNOWN = known_2020("memory_bank")
SAME = 0.98
seeds = st.integers(0, 10_000)


def bank_of(key, value, age, index):
    return Bank(keys=key.copy(), values=value.copy(), ages=np.rint(age).astype(np.int64),
                indices=np.rint(index).astype(np.int64))  # fmt: skip


def start():
    return bank_of(*(KNOWN[f"{name}0"] for name in ("key", "value", "age", "index")))


def holds(bank, key, value, age, index):
    assert np.abs(bank.keys - key).max() < 1e-6
    assert np.abs(bank.values - value).max() < 1e-6
    assert np.array_equal(bank.ages, np.rint(age))
    assert np.array_equal(bank.indices, np.rint(index))


@pytest.mark.parametrize("count", [1, 3])
def test_it_retrieves_what_the_public_one_does(count):
    bank = start()
    slots, _ = bank.retrieve(KNOWN["loss_query"], count)
    assert np.array_equal(slots, KNOWN[f"retrieved_slot_k{count}"])
    assert np.abs(bank.values[slots] - KNOWN[f"retrieved_value_k{count}"]).max() < 1e-6
    assert np.array_equal(bank.indices[slots], np.rint(KNOWN[f"retrieved_index_k{count}"]))


def test_it_is_updated_as_the_public_one_is():
    bank = start()
    for step in range(12):
        query, feature = (KNOWN[f"update_{name}"][step][None] for name in ("query", "feature"))
        noise = KNOWN["update_noise"][step]
        replaced = bank.update(query, feature, np.array([100 + step]), noise, SAME)
        assert replaced.tolist() == [KNOWN["update_replaced"][step]]
        holds(bank, *(KNOWN[name][step] for name in ("key", "value", "age", "index")))
    given_indices = np.rint(KNOWN["batch_index_in"]).astype(np.int64)
    queries, features = KNOWN["batch_query"], KNOWN["batch_feature"]
    bank.update(queries, features, given_indices, KNOWN["batch_noise"], SAME)
    holds(bank, *(KNOWN[f"batch_{name}"] for name in ("key", "value", "age", "index")))


def drawn(seed, slots=9, size=4, length=5, people=3):
    """A bank that was met before, and rows of queries and features; features repeat."""
    rng = np.random.default_rng(seed)
    who = unit(rng.normal(size=(people, length)))
    bank = Bank(
        keys=unit(rng.normal(size=(slots, size))), values=who[rng.integers(people, size=slots)],
        ages=rng.integers(0, 50, slots), indices=rng.integers(-1, 40, slots),
    )  # fmt: skip
    count = int(rng.integers(1, 6))
    queries = unit(rng.normal(size=(count, size)))
    return bank, queries, who[rng.integers(people, size=count)], rng


def plainly(bank, query, feature, index, noise):
    """The update of one query, said in loops."""
    scores = [sum(a * b for a, b in zip(key, query, strict=True)) for key in bank.keys]
    best = scores.index(max(scores))
    ages = [age + 1 for age in bank.ages]
    keys, values, indices = bank.keys.copy(), bank.values.copy(), bank.indices.copy()
    if sum(a * b for a, b in zip(values[best], feature, strict=True)) > SAME:
        total = keys[best] + query
        keys[best] = total / sum(x * x for x in total) ** 0.5
        ages[best] = 0
    else:
        tired = [age + extra for age, extra in zip(ages, noise, strict=True)]
        oldest = tired.index(max(tired))
        keys[oldest], values[oldest], indices[oldest], ages[oldest] = query, feature, index, 0
    return keys, values, ages, indices


@given(seeds)
def test_one_update_follows_the_rule(seed):
    bank, queries, features, rng = drawn(seed)
    noise = rng.uniform(-4, 4, len(bank.keys)).astype(np.float32)
    keys, values, ages, indices = plainly(bank, queries[0], features[0], 77, noise)
    bank.update(queries[:1], features[:1], np.array([77]), noise, SAME)
    holds(bank, keys, values, np.array(ages), indices)


@given(seeds)
def test_ages_grow_by_one_but_where_a_pair_is_met_or_made(seed):
    bank, queries, features, rng = drawn(seed)
    before = bank.ages.copy()
    noise = rng.uniform(-4, 4, len(before)).astype(np.float32)
    replaced = bank.update(queries, features, np.arange(len(queries)), noise, SAME)
    assert np.isin(bank.ages - before, [1, *(-before)]).all()
    assert ((bank.ages == before + 1) | (bank.ages == 0)).all()
    assert replaced.sum() <= (bank.ages == 0).sum() <= len(queries)
    assert np.allclose(np.linalg.norm(bank.keys, axis=1), 1, atol=1e-5)


@given(seeds, st.integers(1, 12))
def test_retrieval_is_the_best_in_order_whatever_the_order_of_the_pairs(seed, count):
    bank, queries, _, rng = drawn(seed)
    slots, scores = bank.retrieve(queries, count)
    every = queries @ bank.keys.T
    expected = -np.sort(-every, axis=1)[:, :count]
    assert slots.shape == (len(queries), min(count, 9))
    assert np.allclose(scores, expected, atol=1e-6)
    order = rng.permutation(9)
    mixed = Bank(keys=bank.keys[order], values=bank.values[order], ages=bank.ages[order],
                 indices=bank.indices[order])  # fmt: skip
    again, _ = mixed.retrieve(queries, count)
    assert np.array_equal(order[again], slots)


def test_more_strangers_than_pairs_fill_them_all_once():
    bank, _, _, rng = drawn(0, slots=2)
    queries, features = unit(rng.normal(size=(5, 4))), -np.eye(5, dtype=np.float32)
    bank.update(queries, features, np.arange(5), np.zeros(2, np.float32), SAME)
    assert sorted(bank.indices) == [0, 1]


def test_an_empty_bank_is_of_no_frame():
    bank = Bank.empty(6, 4, 3, np.random.default_rng(0))
    assert (bank.indices == -1).all() and (bank.ages == 0).all()
    assert np.allclose(np.linalg.norm(bank.keys, axis=1), 1) and (bank.values >= 0).all()
    assert np.allclose(bank.values.sum(1), 1)
