"""The same graph gives the same digests wherever its steps are made."""

import contextlib
import os
import queue
import signal
import socket
import sys
import threading
import time
from concurrent.futures import Future
from pathlib import Path
from types import SimpleNamespace

import attrs
import numpy as np
import pytest

from talkgraph import File, Frames, Graph, Node, Store, engine, node, param, value
from talkgraph.engine import Finished, Note, Progress, Started
from talkgraph.engine.executors import worker
from talkgraph.engine.executors.processes import Processes
from talkgraph.errors import GraphError, InputError, NodeError, StoreError, TalkgraphError


@value("test_executors_pair")
class Pair:
    numbers: np.ndarray
    frames: Frames
    value: int = 0  # a field named like a part of a tree


@node("test_executors_load", version=1)
class Load(Node):
    alter: bool = param(False, "write to the file", keyed=False)

    def run(self, path: Path) -> Pair:
        engine.note("loaded")
        engine.progress(1, 2)
        numbers = np.frombuffer(path.read_bytes(), np.uint8).copy()
        if self.alter:
            path.write_bytes(b"other")
        return Pair(
            numbers=numbers,
            frames=Frames.from_function(
                40, (4, 4, 3), lambda a, b: np.full((b - a, 4, 4, 3), numbers[0], np.uint8)
            ),
        )


@attrs.frozen
class Shift:
    by: int = 0

    def of(self, number):
        return number + self.by


@node("test_executors_shift", version=1)
class Shifted(Node):
    shift: object = param(None, "of a class that no code of the node names")

    def run(self) -> int:
        return self.shift.of(1)


@node("test_executors_invert", version=1, transient=True)
class Invert(Node):
    def run(self, frames: Frames) -> Frames:
        return Frames.from_function(frames.count, frames.shape, lambda a, b: 255 - frames[a:b])


@node("test_executors_mean", version=1)
class Mean(Node):
    add: float = param(0.0, "added")

    def run(self, frames: Frames) -> float:
        return float(np.mean([chunk.mean() for chunk in frames.chunks()])) + self.add


@node("test_executors_meet", version=1)
class Meet(Node):
    """Waits until another one of its kind has begun too."""

    me: str = param("a", "name")
    other: str = param("b", "name of the other one")
    folder: str = param(".", "folder", keyed=False)

    def run(self, x: float) -> float:
        (Path(self.folder) / self.me).touch()
        until(lambda: (Path(self.folder) / self.other).exists())
        return x


@node("test_executors_stay", version=1)
class Stay(Node):
    """Tells its process and stays."""

    folder: str = param(".", "folder", keyed=False)

    def run(self) -> int:
        made = Path(self.folder) / "making"
        made.write_text(str(os.getpid()))
        made.rename(made.with_name("pid"))
        engine.note("here to stay")
        time.sleep(3600)
        return 0


def until(true, limit=300.0):
    """Wait for something that comes sooner or later, however busy the machine is."""
    end = time.monotonic() + limit
    while not true():
        if time.monotonic() > end:  # no assert: pytest rewrites those, and workers see other code
            raise TimeoutError("it never came")
        time.sleep(0.02)


@node("test_executors_write", version=1)
class Write(Node):
    def run(self, a: float, b: float) -> File:
        path = engine.scratch_folder() / "sum.txt"
        path.write_text(f"{a + b} {os.getpid() > 0}")
        return File(path)


@node("test_executors_die", version=1)
class Die(Node):
    """Kills its process as often as a file in the folder says."""

    folder: str = param(".", "folder", keyed=False)
    times: int = param(1, "deaths", keyed=False)

    def run(self, x: float) -> float:
        marks = sorted(Path(self.folder).glob("death*"))
        if len(marks) < self.times:
            (Path(self.folder) / f"death{len(marks)}").touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return x + 1


@node("test_executors_break", version=1)
class Break(Node):
    def run(self, x: float) -> float:
        raise OSError(5, "it broke", Unsendable())


@node("test_executors_exit", version=1)
class Exit(Node):
    def run(self, x: float) -> float:
        sys.exit(3)


class Unsendable(str):
    def __reduce__(self):
        raise TypeError("stays here")


@node("test_executors_gpu", version=1, gpu=True)
class OnGpu(Node):
    name: str = param("a", "name")
    folder: str = param(".", "folder", keyed=False)

    def run(self, x: float) -> str:
        lock = Path(self.folder) / "gpu"
        lock.touch(exist_ok=False)  # fails if another one is on it
        time.sleep(0.3)
        lock.unlink()
        return f"{self.name} on {os.environ.get('CUDA_VISIBLE_DEVICES')}"


def graph():
    return Graph(
        "executors",
        inputs={"path": Path, "given": float},
        steps={
            "load": Load().on(path="path"),
            "invert": Invert().on(frames="load.frames"),
            "one": Mean().on(frames="invert"),
            "two": Mean(add=1.0).on(frames="invert"),
            "write": Write().on(a="one", b="two"),
        },
    )


@pytest.fixture
def path(tmp_path):
    made = tmp_path / "in put ü.bin"
    made.write_bytes(bytes(range(7, 50)))
    return made


@pytest.fixture(params=["joblib", "dask"])
def executor(request):
    if request.param == "dask":
        pytest.importorskip("distributed")
        from talkgraph.engine.executors.dask import Dask

        return Dask(workers=2, gpus=1)
    return Processes(2, gpus=1)


def digests(store):
    return {entry.step: store.action(entry.key)["digest"] for entry in store.ls()}


def test_digests_events_and_notes_are_those_of_a_serial_run(executor, path, tmp_path):
    serial, elsewhere = Store(tmp_path / "serial"), Store(tmp_path / "else where")
    alone = graph().run({"path": path}, store=serial)
    said = []
    result = graph().run({"path": path}, store=elsewhere, executor=executor, on_event=said.append)
    assert result.output.path.read_text() == "497.0 True"
    assert digests(elsewhere) == digests(serial)
    assert set(digests(serial)) == {"load", "one", "two", "write"}
    assert result["load.numbers"].tolist() == alone["load.numbers"].tolist()
    assert Note("load", f"{path}: loaded") in said
    assert result.records["load"].notes == (f"{path}: loaded",)
    assert Progress("load", 1, 2) in said
    assert {e.step for e in said if isinstance(e, Started)} >= {"load", "one", "two", "write"}
    assert {e.step for e in said if isinstance(e, Finished)} >= {"load", "one", "invert", "write"}
    assert all(entry["machine"] for entry in map(elsewhere.action, [e.key for e in elsewhere.ls()]))
    assert not list((elsewhere.path / "tmp").iterdir())
    warm = graph().run({"path": path}, store=elsewhere, executor=executor)
    assert all(record.cached for record in warm.records.values())


def test_a_given_value_reaches_the_worker(executor, path, tmp_path):
    frames = Frames.from_function(3, (2, 2, 3), lambda a, b: np.full((b - a, 2, 2, 3), 9, np.uint8))
    pair = Pair(numbers=np.arange(3), frames=frames)
    result = graph().run(
        {"path": path}, store=tmp_path / "s", given={"load": pair}, executor=executor, until="one"
    )
    assert result.output == 246.0


def test_an_object_as_a_parameter_reaches_the_worker(executor, tmp_path):
    shifted = Graph("shifted", steps={"shifted": Shifted(shift=Shift(by=3)).on()})
    assert shifted.run(store=tmp_path, executor=executor).output == 4
    assert shifted.plan(store=tmp_path)["shifted"].state == "hit"


def test_independent_steps_run_side_by_side(executor, tmp_path):
    steps = {
        "one": Meet(me="a", other="b", folder=str(tmp_path)).on(x="x"),
        "two": Meet(me="b", other="a", folder=str(tmp_path)).on(x="x"),
    }
    meet = Graph("meet", inputs={"x": float}, steps=steps)
    result = meet.run({"x": 2.0}, store=tmp_path / "s", executor=executor, until=["one", "two"])
    assert result.output == {"one": 2.0, "two": 2.0}


def test_an_interrupt_ends_the_workers(executor, tmp_path):
    def watch(event):
        if isinstance(event, Note):  # the main thread waits for the step
            signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)

    stay = Graph("stay", steps={"stay": Stay(folder=str(tmp_path)).on()})
    with pytest.raises(KeyboardInterrupt):
        stay.run(store=tmp_path / "s", executor=executor, on_event=watch)
    pid = int((tmp_path / "pid").read_text())
    until(lambda: not Path(f"/proc/{pid}").exists())


def test_who_listens_and_fails_ends_the_run(path, tmp_path):
    def watch(event):
        if isinstance(event, Note):
            raise ValueError("I cannot hear")

    with pytest.raises(ValueError, match="I cannot hear"):
        graph().run({"path": path}, store=tmp_path / "s", executor=Processes(1), on_event=watch)


def test_a_worker_that_dies_is_replaced(executor, path, tmp_path):
    dies = Graph(
        "dies",
        inputs={"path": Path},
        steps={
            **{k: v for k, v in graph().steps.items() if k != "write"},
            "die": Die(folder=str(tmp_path), times=2).on(x="one"),
            "write": Write().on(a="die", b="two"),
        },
    )
    result = dies.run({"path": path}, store=tmp_path / "s", executor=executor)
    assert result.output.path.read_text() == "498.0 True"
    assert len(list(tmp_path.glob("death*"))) == 2


def test_a_step_that_always_kills_its_worker_fails_alone(executor, path, tmp_path):
    dies = Graph(
        "dies",
        inputs={"path": Path},
        steps={
            **{k: v for k, v in graph().steps.items() if k != "write"},
            "die": Die(folder=str(tmp_path), times=1000).on(x="one"),
            "write": Write().on(a="die", b="two"),
            "fine": Write().on(a="one", b="two"),
        },
    )
    store = Store(tmp_path / "s")
    with pytest.raises(NodeError, match=r"step 'die' .* its process died each time") as caught:
        dies.run({"path": path}, store=store, executor=executor, until=["write", "fine"])
    assert caught.value.step == "die" and list(caught.value.failures) == ["die"]
    assert "fine" in {entry.step for entry in store.ls()}
    assert store.verify() == []


def test_a_worker_may_take_long_to_come_back(path, tmp_path):
    dask = pytest.importorskip("dask")
    pytest.importorskip("distributed")
    from talkgraph.engine.executors.dask import Dask

    die = Die(folder=str(tmp_path), times=1).on(x="x")
    dies = Graph("dies", inputs={"x": float}, steps={"die": die})
    with dask.config.set({"distributed.deploy.lost-worker-timeout": "0 s"}):  # as a slow restart
        assert dies.run({"x": 1.0}, store=tmp_path / "s", executor=Dask(workers=1)).output == 2.0


def test_workers_that_come_and_die_at_once_have_been_there(monkeypatch, tmp_path):
    pytest.importorskip("distributed")
    from talkgraph.engine.executors import dask

    class Client:
        """Of a scheduler that has no workers whenever one looks."""

        def subscribe_topic(self, topic, handler):
            self.news = handler

        def scheduler_info(self, n_workers):
            return {}

    class Stir(threading.Event):
        """Waits for no time to pass, but for what the test says."""

        said = queue.Queue()

        def wait(self, timeout=None):
            looks.append(timeout)
            return self.said.get()

    looks = []
    monkeypatch.setattr(dask, "threading", SimpleNamespace(Event=Stir, Thread=threading.Thread))
    client = Client()
    jobs = dask._Jobs(client, Store(tmp_path), guarded=False)
    waiting = Future()
    jobs._sent[waiting] = "at the scheduler"
    for count in range(1, 4):
        until(lambda: len(looks) == count)  # noqa: B023
        client.news((0.0, {"action": "add-worker"}))
        assert jobs._stir.is_set()
        Stir.said.put(True)
    until(lambda: len(looks) == 4)
    assert not waiting.done() and set(looks) == {dask._PATIENCE}
    Stir.said.put(False)
    with pytest.raises(StoreError, match="the Dask scheduler has no workers"):
        waiting.result(60)
    jobs._closed = True
    Stir.said.put(True)


def failure_beside_others(node, words, executor, path, folder):
    """What is said of a step that fails; what does not read from it is made all the same."""
    fails = Graph("fails", inputs={"path": Path}, steps={**graph().steps, "bad": node.on(x="one")})
    store = Store(folder / "s")
    with pytest.raises(NodeError, match=rf"step 'bad' .* failed: {words}") as caught:
        fails.run({"path": path}, store=store, executor=executor, until=["bad", "write"])
    assert "write" in {entry.step for entry in store.ls()}
    return caught.value


def test_a_failure_names_its_step_and_others_finish(executor, path, tmp_path):
    error = failure_beside_others(Break(), r"OSError: \[Errno 5\]", executor, path, tmp_path)
    assert error.inputs["x"].startswith("one @ ")


def test_a_step_that_ends_its_process_fails_alone(executor, path, tmp_path):
    error = failure_beside_others(Exit(), r"it called exit\(3\)", executor, path, tmp_path)
    assert error.step == "bad"


def test_a_cluster_of_our_own_says_nothing(path, tmp_path, capfd, recwarn):
    pytest.importorskip("distributed")
    with socket.socket() as taken:
        with contextlib.suppress(OSError):  # somebody else has it already
            taken.bind(("127.0.0.1", 8787))  # where Dask would have its page
            taken.listen()
        graph().run({"path": path}, store=tmp_path / "s", executor=engine.executor("dask", 1))
    assert capfd.readouterr() == ("", "")
    assert not [str(one.message) for one in recwarn if "8787" in str(one.message)]


def test_steps_that_use_the_gpu_never_meet(executor, path, tmp_path):
    many = Graph(
        "gpu",
        inputs={"path": Path},
        steps={
            **{k: v for k, v in graph().steps.items() if k != "write"},
            **{f"gpu{i}": OnGpu(name=str(i), folder=str(tmp_path)).on(x="one") for i in range(4)},
        },
    )
    result = many.run(
        {"path": path},
        store=tmp_path / "s",
        executor=executor,
        until=[f"gpu{i}" for i in range(4)],
    )
    assert len(set(result.output.values())) == 4


def test_a_scheduler_without_gpus_gets_one_such_step_at_a_time(tmp_path):
    distributed = pytest.importorskip("distributed")
    from talkgraph.engine.executors.dask import Dask

    names = [f"gpu{i}" for i in range(3)]
    steps = {name: OnGpu(name=name, folder=str(tmp_path)).on(x="x") for name in names}
    gpu = Graph("gpu", inputs={"x": float}, steps=steps)
    said = []
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=False, dashboard_address=None
    ) as cluster:
        gpu.run(
            {"x": 1.0},
            store=tmp_path / "s",
            until=names,
            executor=Dask(cluster.scheduler_address),
            on_event=said.append,
        )
    notes = [one.text for one in said if isinstance(one, Note)]
    assert len(notes) == 1 and "are made one at a time; start workers with --resources" in notes[0]


def test_an_input_that_changes_meanwhile_is_noticed_by_the_worker(executor, path, tmp_path):
    store = Store(tmp_path / "s")
    alters = graph().with_params(load={"alter": True})
    with pytest.raises(InputError, match="changed while it was being used"):
        alters.run({"path": path}, store=store, until="load", executor=executor)
    assert store.ls() == []


def test_a_scheduler_without_workers_is_said(path, tmp_path, monkeypatch):
    distributed = pytest.importorskip("distributed")
    from talkgraph.engine.executors import dask

    monkeypatch.setattr(dask, "_PATIENCE", 1.0)
    scheduler = {"cls": distributed.Scheduler, "options": {"dashboard": False}}
    with (
        distributed.SpecCluster(workers={}, scheduler=scheduler) as cluster,
        pytest.raises(StoreError, match="the Dask scheduler has no workers; start some"),
    ):
        graph().run(
            {"path": path}, store=tmp_path / "s", executor=dask.Dask(cluster.scheduler_address)
        )


def test_a_scheduler_that_is_not_there_is_said(path, tmp_path, monkeypatch):
    pytest.importorskip("distributed")
    from talkgraph.engine.executors import dask

    monkeypatch.setattr(dask, "_WAIT", 1.0)
    with pytest.raises(InputError, match=r"no Dask scheduler answers at tcp://127\.0\.0\.1:1 "):
        graph().run({"path": path}, store=tmp_path / "s", executor=dask.Dask("tcp://127.0.0.1:1"))


def test_dask_that_is_not_installed_is_said(path, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(InputError, match=r"needs Dask: pip install 'talkgraph\[dask\]'"):
        graph().run({"path": path}, store=tmp_path / "s", executor="dask")


class Stale:
    """A worker that has other code of the nodes than who planned the run."""

    remote = True

    @contextlib.contextmanager
    def session(self, store):
        def submit(job, emit):
            found = {
                name: attrs.evolve(one, code=attrs.evolve(one.code, digest="0" * 64))
                for name, one in job.found.items()
            }
            future = Future()
            try:
                future.set_result(worker.make(attrs.evolve(job, found=found), [], store, emit))
            except Exception as error:
                future.set_exception(error)
            return future

        yield submit


def test_a_worker_with_other_code_makes_nothing(path, tmp_path):
    words = r"step 'load': this worker has other code of node 'test_executors_load'; install"
    store = Store(tmp_path / "s")
    with pytest.raises(TalkgraphError, match=words):
        graph().run({"path": path}, store=store, executor=Stale())
    assert store.ls() == []


def test_an_unknown_executor_or_a_missing_input_is_said(tmp_path):
    with pytest.raises(InputError, match=r"there is no executor 'dsk' \(did you mean 'dask'\?\)"):
        engine.executor("dsk")
    with pytest.raises(GraphError, match="graph 'executors' needs input 'path'; give path="):
        graph().run({}, store=tmp_path / "s", executor="joblib")
