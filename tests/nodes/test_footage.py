from __future__ import annotations

import os
import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from talkgraph.cache.files import File
from talkgraph.errors import StoreError
from talkgraph.nodes.footage import open_footage
from talkgraph.nodes.media import ReadVideo
from talkgraph.nodes.values import Footage
from tests.nodes.media import made_media as made

COUNT = 70


@pytest.fixture(scope="module")
def footage(tmp_path_factory):
    path = tmp_path_factory.mktemp("clip") / "a.mp4"
    return ReadVideo().run(made.write_video(path, [k / 25 for k in range(COUNT)]))


@pytest.fixture(scope="module")
def forwards(footage):
    return open_footage(footage).array()


def test_forwards(footage, forwards):
    assert forwards.shape == (COUNT, 120, 160, 3) and forwards.dtype == np.uint8
    assert [made.index_of(image) for image in forwards] == list(range(COUNT))


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(order=st.lists(st.integers(0, COUNT - 1), max_size=12), kept=st.integers(1, 200_000))
def test_any_order_gives_the_same_pixels(footage, forwards, order, kept):
    frames = open_footage(footage, cache_bytes=kept)
    for index in order:
        assert np.array_equal(frames[index], forwards[index])


def test_backwards_and_in_runs(footage, forwards):
    frames = open_footage(footage, cache_bytes=1)
    assert all(np.array_equal(frames[k], forwards[k]) for k in reversed(range(COUNT)))
    assert np.array_equal(frames[13:45], forwards[13:45])
    assert np.array_equal(np.concatenate(list(frames.chunks(7))), forwards)


def test_a_returned_picture_may_be_changed(footage, forwards):
    frames = open_footage(footage)
    frames[4][:] = 0
    assert np.array_equal(frames[4], forwards[4])


def test_threads_take_turns(footage, forwards):
    frames, wrong = open_footage(footage, cache_bytes=100_000), []

    def walk(seed):
        for index in np.random.default_rng(seed).integers(0, COUNT, 40):
            if not np.array_equal(frames[int(index)], forwards[index]):
                wrong.append(index)

    threads = [threading.Thread(target=walk, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_process_reads_on_its_own(footage, forwards):
    frames = open_footage(footage)
    frames[0]
    child = os.fork()
    if child == 0:
        same = all(np.array_equal(frames[k], forwards[k]) for k in range(20, 30))
        os._exit(0 if same else 1)
    same = all(np.array_equal(frames[k], forwards[k]) for k in range(1, 40))
    assert os.waitpid(child, 0)[1] == 0 and same


@pytest.mark.parametrize("suffix", ["mp4", "png"])
def test_lost_or_broken_file(tmp_path, suffix):
    path = tmp_path / f"a.{suffix}"
    frames = open_footage(
        Footage(file=File(path), fps=25.0, count=2, width=64, height=64, speech=None)
    )
    with pytest.raises(StoreError, match=r"working copy .* cannot be read"):
        frames[0]
    Path(path).write_bytes(b"broken")
    with pytest.raises(StoreError, match=r"working copy .* cannot be read"):
        frames[1]
