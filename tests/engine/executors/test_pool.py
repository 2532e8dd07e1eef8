"""Slots, and new tries when a worker died."""

from concurrent.futures import Future
from types import SimpleNamespace

import pytest

from talkgraph.engine.executors.pool import Retries, Slots, WorkerDied, gpu_names
from talkgraph.errors import NodeError


def job(name):
    node = SimpleNamespace(node_id="test")
    return SimpleNamespace(name=name, step=SimpleNamespace(node=node))


class Workers:
    """What was begun, in order, as futures that the test ends."""

    def __init__(self):
        self.begun = []

    def make(self, name):
        future = Future()
        self.begun.append((name, future))
        return future

    def end(self, place, error=None):
        future = self.begun[place][1]
        future.set_exception(error) if error else future.set_result(place)

    @property
    def names(self):
        return [name for name, _ in self.begun]


def test_a_slot_takes_one_job_and_the_next_in_line_follows():
    slots, workers = Slots(["a", "b"]), Workers()
    made = [slots.run(lambda slot, i=i: workers.make((i, slot))) for i in range(4)]
    assert workers.names == [(0, "a"), (1, "b")]
    workers.end(1)
    assert workers.names[2:] == [(2, "b")] and made[1].result() == 1
    workers.end(0, ValueError("x"))
    assert workers.names[3:] == [(3, "a")]
    with pytest.raises(ValueError):
        made[0].result()


def test_nothing_that_waits_begins_once_slots_are_closed():
    slots, workers = Slots(["a"]), Workers()
    for i in range(2):
        slots.run(lambda slot, i=i: workers.make(i))
    slots.close()
    workers.end(0)
    assert workers.names == [0]


def test_a_slot_that_was_used_is_used_again():
    slots, workers = Slots(["a", "b"]), Workers()
    for i in range(3):
        slots.run(lambda slot: workers.make(slot))
        workers.end(i)
    assert workers.names == ["a", "a", "a"]


def test_jobs_of_workers_that_died_are_made_again_one_at_a_time():
    retries, workers = Retries(), Workers()
    deadly = retries.run(job("deadly"), lambda: workers.make("deadly"))
    beside = retries.run(job("beside"), lambda: workers.make("beside"))
    workers.end(0, WorkerDied())
    workers.end(1, WorkerDied())  # blamed too
    assert workers.names[2:] == ["deadly"]
    workers.end(2, WorkerDied())
    assert workers.names[3:] == ["beside"]
    workers.end(3)
    assert beside.result() == 3 and workers.names[4:] == ["deadly"]
    workers.end(4, WorkerDied())
    with pytest.raises(NodeError, match=r"step 'deadly' \(test\) failed: its process died each"):
        deadly.result()


def test_another_error_is_final():
    retries, workers = Retries(), Workers()
    failed = retries.run(job("a"), lambda: workers.make("a"))
    workers.end(0, OSError("x"))
    with pytest.raises(OSError):
        failed.result()
    assert workers.names == ["a"]


@pytest.mark.parametrize(
    ("visible", "count", "names"),
    [
        ("3,1", None, ["3", "1"]),
        ("3,1", 3, ["3", "1", "3"]),
        ("", None, []),
        ("", 2, ["0", "1"]),
        ("GPU-8f", 1, ["GPU-8f"]),
    ],
)
def test_gpus_are_named_as_cuda_names_them(visible, count, names, monkeypatch):
    monkeypatch.delenv("TALKGRAPH_DEVICE", raising=False)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert gpu_names(count) == names
    monkeypatch.setenv("TALKGRAPH_DEVICE", "cpu")
    assert count is not None or gpu_names() == []
