"""The memory of a clip: what it holds, what it retrieves, what is refused."""

import numpy as np
import pytest

from talkgraph.cache.frames import Frames
from talkgraph.cache.store import Store
from talkgraph.engine import Graph
from talkgraph.errors import InputError
from talkgraph.nodes.refine.build_refiner_memory import BuildRefinerMemory
from talkgraph.nodes.refine.memory.example import tiny_spatial
from talkgraph.nodes.refine.memory.recall import Recall
from talkgraph.nodes.values import IdentityTrack, OnnxModel, RefinerMemory

SMALL = {"slots": 40, "key_size": 6, "steps": 400, "learning_rate": 1e-2, "batch": 2, "nearest": 8}


def two_people(count=20):
    """Frames that are red or blue, with noise, and who is seen in them."""
    rng = np.random.default_rng(0)
    who = np.arange(count) // 3 % 2
    pictures = rng.integers(60, 120, (count, 24, 24, 3), dtype=np.uint8)
    pictures[who == 0, ..., 0] += 100
    pictures[who == 1, ..., 2] += 100
    vectors = np.eye(2, 8, dtype=np.float32)[who]
    track = IdentityTrack(vectors=vectors, measured=np.ones(count, bool))
    return Frames.from_array(pictures), track, who


def test_a_frame_retrieves_who_is_in_it():
    frames, track, who = two_people()
    memory = BuildRefinerMemory(**SMALL).run(frames, track, tiny_spatial())
    found = Recall(memory, 1, "refine").features(frames.array())
    assert np.array_equal(found.argmax(1), who)
    assert np.allclose(np.linalg.norm(memory.keys, axis=1), 1, atol=1e-5)
    assert memory.ages.min() >= 0 and memory.indices.min() >= 0
    assert np.allclose(memory.values, track.vectors[memory.indices])
    assert len(memory.keys) < 40  # no pair that was never filled


def test_it_goes_on_from_a_general_memory():
    frames, track, _ = two_people()
    general = BuildRefinerMemory(**SMALL).run(frames, track, tiny_spatial())
    strangers = IdentityTrack(vectors=np.roll(track.vectors, 3, axis=1), measured=track.measured)
    dark = Frames.from_array((frames.array() // 3).astype(np.uint8))
    more = BuildRefinerMemory(**{**SMALL, "key_size": 99}).run(
        dark, strangers, tiny_spatial(), general
    )
    assert more.keys.shape[1] == 6 and more.weight.shape == general.weight.shape
    kept = (more.values[:, None] == general.values[None]).all(-1).any(0)
    assert kept.all() and len(more.keys) > len(general.keys)


def test_the_seed_decides_and_only_so_many_frames_are_read():
    frames, track, _ = two_people()
    node = BuildRefinerMemory(**{**SMALL, "steps": 20, "most_frames": 5})
    one, same = (node.run(frames, track, tiny_spatial()) for _ in range(2))
    other = node.with_params(seed=1).run(frames, track, tiny_spatial())
    assert (np.array_equal(one.keys, same.keys) and one.keys.shape != other.keys.shape) or (
        not np.array_equal(one.keys, other.keys)
    )
    assert set(one.indices) <= {0, 5, 10, 14, 19}


def test_it_is_stored_as_plain_arrays(tmp_path):
    frames, track, _ = two_people(6)
    steps = {
        "memory": BuildRefinerMemory(**{**SMALL, "steps": 10}).on(
            rendered="frames", identities="track", network="net"
        )
    }
    graph = Graph(
        "m", inputs={"frames": Frames, "track": IdentityTrack, "net": OnnxModel}, steps=steps
    )
    inputs = {"frames": frames, "track": track, "net": tiny_spatial()}
    store = Store(tmp_path / "store")
    first = graph.run(inputs, store=store).output
    again = graph.run(inputs, store=store)
    assert again.records["memory"].cached and isinstance(again.output, RefinerMemory)
    for name in ("weight", "bias", "keys", "values", "ages", "indices"):
        assert np.array_equal(getattr(first, name), getattr(again.output, name)), name


def test_what_does_not_fit_is_refused():
    frames, track, _ = two_people(6)
    node = BuildRefinerMemory(**{**SMALL, "steps": 1})
    with pytest.raises(InputError, match="got 5 rendered frames and 6 identity features"):
        node.run(Frames.from_array(frames.array()[:5]), track, tiny_spatial())
    with pytest.raises(InputError, match="build_refiner_memory needs square RGB frames"):
        node.run(Frames.from_array(np.zeros((6, 8, 9, 3), np.uint8)), track, tiny_spatial())
    general = node.run(frames, track, tiny_spatial())
    longer = IdentityTrack(vectors=np.eye(6, 12, dtype=np.float32), measured=track.measured)
    with pytest.raises(InputError, match="features of length 8, those of the clip have 12"):
        node.run(frames, longer, tiny_spatial(), general)
