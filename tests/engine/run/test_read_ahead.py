"""Frames that threads make ahead: in order, as many as allowed, and with their errors."""

import random
import threading
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from talkgraph import Frames, Graph, Node, node, param
from talkgraph.cache.store import Store
from talkgraph.engine.run.read_ahead import READ_BLOCK, THREADS, ReadAhead, remembered
from talkgraph.engine.run.stopwatch import NOBODY, Stopwatch
from talkgraph.errors import InputError, NodeError

COUNT = 200


class Source:
    """Frames that show their number; made slowly at random, and counted."""

    def __init__(self, slow: float = 0.0, broken: int = -1) -> None:
        self.slow, self.broken = slow, broken
        self.made: list[int] = []
        self.threads: set[int] = set()
        self.frames = Frames.from_function(COUNT, (1, 1, 1), self.read)

    def read(self, start: int, stop: int) -> np.ndarray:
        time.sleep(self.slow * random.Random(start).random())
        if start <= self.broken < stop:
            raise InputError("frame is torn; tear less")
        self.made += range(start, stop)
        self.threads.add(threading.get_ident())
        return np.arange(start, stop, dtype=np.uint8).reshape(-1, 1, 1, 1)


def ahead() -> ReadAhead:
    return ReadAhead(waiting=lambda: Stopwatch().of(NOBODY))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, COUNT - 1), st.integers(1, 60)), max_size=12))
def test_any_reads_give_the_frames(reads):
    with ahead() as threads:
        frames = threads.read(Source(0.0005).frames)
        for start, length in reads:
            stop = min(start + length, COUNT)
            assert frames[start:stop].ravel().tolist() == list(range(start, stop))


@pytest.mark.parametrize("step", [1, 3, READ_BLOCK, 32, COUNT])
def test_read_in_order_each_frame_is_made_once_by_several_threads(step):
    source = Source(0.004)
    with ahead() as threads:
        frames = threads.read(source.frames)
        found = [int(f) for chunk in frames.chunks(step) for f in chunk.ravel()]
    assert found == list(range(COUNT))
    begun = step if step < READ_BLOCK else 0  # read before it was clear that it goes on
    assert sorted(source.made) == sorted([*range(COUNT), *range(begun)])
    assert len(source.threads) > 1 or THREADS == 1


def test_windows_that_overlap_make_frames_once():
    source = Source()
    with ahead() as threads:
        frames = threads.read(source.frames)
        for start in range(0, COUNT, 32):
            first, stop = max(start - 2, 0), min(start + 32, COUNT)
            assert frames[first:stop].ravel().tolist() == list(range(first, stop))
    assert len(source.made) == COUNT


def test_a_slow_reader_finds_a_few_blocks_and_no_more():
    source = Source()
    with ahead() as threads:
        walk = iter(threads.read(source.frames))
        next(walk)
        time.sleep(0.2)
        assert len(source.made) <= (1 + THREADS) * READ_BLOCK


def test_one_frame_makes_one_frame():
    source = Source()
    with ahead() as threads:
        frames = threads.read(source.frames)
        assert frames[0].item() == 0 and frames[150].item() == 150
        time.sleep(0.05)
    assert source.made == [0, 150]


def test_nothing_is_made_ahead_of_frames_that_are_read_once_or_stored():
    once = Frames.from_iterable(3, (1, 1, 1), iter(np.zeros((3, 1, 1, 1), np.uint8)))
    with ahead() as threads:
        assert threads.read(once) is once


def test_an_error_is_raised_where_its_frame_is_read():
    source = Source(0.001, broken=100)
    with ahead() as threads:
        frames = threads.read(source.frames)
        seen = []
        with pytest.raises(InputError, match="torn"):
            for picture in frames:
                seen.append(int(picture.item()))
    assert seen == list(range(100 - 100 % READ_BLOCK))


def test_leaving_ends_the_threads():
    before = threading.active_count()
    with ahead() as threads:
        next(iter(threads.read(Source(0.01).frames)))
    assert threading.active_count() == before


def test_time_in_threads_adds_up_and_waiting_is_nobodys():
    clock = Stopwatch()

    def work():
        with clock.of("work"):
            time.sleep(0.05)

    with clock.of("reader"):
        workers = [threading.Thread(target=work) for _ in range(3)]
        for worker in workers:
            worker.start()
        with clock.of(NOBODY):
            for worker in workers:
                worker.join()
    assert clock.seconds("work") >= 0.15
    assert clock.seconds("reader") < 0.05


@node("test_ahead_noise", version=1, transient=True)
class Noise(Node):
    """Frames of their number times the factor, slow ones among them."""

    factor: int = param(1)
    broken: int = param(-1)

    def run(self, frames: Frames) -> Frames:
        def read(start, stop):
            time.sleep(0.003 * random.Random(start * self.factor).random())
            if start <= self.broken < stop:
                raise ZeroDivisionError("no such frame")
            return frames[start:stop] * np.uint8(self.factor)

        return Frames.from_function(len(frames), frames.shape, read)


@node("test_ahead_lazy", version=1)
class Lazy(Node):
    """Stored frames that look one frame back."""

    def run(self, frames: Frames) -> Frames:
        def read(start, stop):
            first = max(start - 1, 0)
            seen = frames[first:stop]
            before = np.concatenate([seen[:1], seen[:-1]]) if first == start else seen[:-1]
            return seen[start - first :] + before

        return Frames.from_function(len(frames), frames.shape, read)


def graph(**noise) -> Graph:
    return Graph(
        "ahead",
        inputs={"frames": Frames},
        steps={
            "one": Noise(factor=3, **noise).on(frames="frames"),
            "two": Noise(factor=5).on(frames="one"),
            "stored": Lazy().on(frames="two"),
        },
    )


def given_frames() -> Frames:
    return Frames.from_array(np.arange(COUNT, dtype=np.uint8).reshape(-1, 1, 1, 1))


def test_a_chain_of_slow_stages_is_stored_in_order(tmp_path):
    for run in range(3):
        result = graph().run({"frames": given_frames()}, store=Store(tmp_path / str(run)))
        shown = (np.arange(COUNT) * 15).astype(np.uint8)
        expected = shown + np.concatenate([shown[:1], shown[:-1]])
        assert result.output.array().ravel().tolist() == expected.tolist()
        assert result.records["one"].seconds > 0


def test_a_chain_that_breaks_keeps_what_was_stored_and_names_its_step(tmp_path):
    store = Store(tmp_path)
    with pytest.raises(NodeError, match="failed: ZeroDivisionError: no such frame"):
        graph(broken=150).run({"frames": given_frames()}, store=store)
    kept = [path for path in tmp_path.glob("partial/*/*") if path.is_file()]
    assert kept and len(kept[0].read_text().split("\n\n")) >= 4  # chunks of 32 before frame 150


def test_what_a_thread_has_just_read_is_not_made_again():
    source = Source()
    frames = remembered(source.frames)
    assert frames[10:20].ravel().tolist() == list(range(10, 20))
    assert frames[12:20].ravel().tolist() == list(range(12, 20)) and frames[15].item() == 15
    assert source.made == list(range(10, 20))
    assert frames[19:21].ravel().tolist() == [19, 20]


@node("test_ahead_both", version=1)
class Both(Node):
    """What two ports show of the same frames."""

    def run(self, frames: Frames, again: Frames) -> Frames:
        def read(start, stop):
            return frames[start:stop] + again[start:stop]

        return Frames.from_function(len(frames), frames.shape, read)


def test_a_stream_with_two_readers_is_made_once(tmp_path):
    source = Source()
    twice = Graph(
        "twice",
        inputs={"frames": Frames},
        steps={
            "one": Noise(factor=3).on(frames="frames"),
            "two": Noise(factor=1).on(frames="one"),
            "both": Both().on(frames="two", again="one"),
        },
    )
    found = twice.run({"frames": source.frames}, store=Store(tmp_path)).output.array()
    assert found.ravel().tolist() == (np.arange(COUNT) * 6 % 256).tolist()
    assert len(source.made) == 2 * COUNT  # once for the key
