"""One step again, on what it read in an earlier run."""

from pathlib import Path

import numpy as np
import pytest

from talkgraph import Frames, Graph, Node, Store, node, param
from talkgraph.errors import GraphError, InputError

calls: list[str] = []


@node("test_earlier_load", version=1)
class Load(Node):
    def run(self, path: Path) -> np.ndarray:
        calls.append("load")
        return np.frombuffer(path.read_bytes(), np.uint8)


@node("test_earlier_grey", version=1, transient=True)
class Grey(Node):
    def run(self, levels: np.ndarray) -> Frames:
        return Frames.from_function(
            len(levels),
            (1, 1, 3),
            lambda a, b: np.tile(levels[a:b, None, None, None], (1, 1, 1, 3)),
        )


@node("test_earlier_smooth", version=1)
class Smooth(Node):
    by: int = param(1, "by", ge=0)

    def run(self, frames: Frames, path: Path, levels: np.ndarray) -> float:
        calls.append("smooth")
        return float(frames[0 : frames.count].mean()) + self.by + len(levels)


GRAPH = Graph(
    "earlier",
    inputs={"path": Path},
    steps={
        "load": Load().on(path="path"),
        "grey": Grey().on(levels="load"),
        "smooth": Smooth().on(frames="grey", path="path", levels="load"),
    },
)


@pytest.fixture
def path(tmp_path):
    calls.clear()
    made = tmp_path / "numbers"
    made.write_bytes(bytes([1, 2, 3]))
    return made


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store", durable=False)


def test_one_step_runs_again_and_nothing_above_it(path, store):
    first = GRAPH.run({"path": path}, store=store)
    calls.clear()
    again = GRAPH.rerun("smooth", store=store, by=5)
    assert again.output == first.output + 4 and calls == ["smooth"]
    assert GRAPH.rerun("smooth", store=store).output == first.output and calls == ["smooth"]
    assert GRAPH.rerun("smooth", first.run_id, store=store, by=5).output == again.output
    longer = GRAPH.with_params(smooth={"by": 5}).run({"path": path}, store=store)
    assert longer.output == again.output and calls == ["smooth"]  # the keys are the same


def test_what_is_wrong_is_said(path, store, tmp_path):
    with pytest.raises(InputError, match="remembers no run of graph 'earlier' that reached 'smo"):
        GRAPH.rerun("smooth", store=store)
    run = GRAPH.run({"path": path}, store=store).run_id
    with pytest.raises(GraphError, match=r"no step 'smoth' .did you mean"):
        GRAPH.rerun("smoth", store=store)
    with pytest.raises(GraphError, match=r"no parameter 'bye' .did you mean"):
        GRAPH.rerun("smooth", store=store, bye=1)
    other = Graph("other", inputs={"path": Path}, steps={"load": Load().on(path="path")})
    with pytest.raises(InputError, match=f"run {run} is of graph 'earlier'"):
        other.rerun("load", run, store=store)
    path.write_bytes(b"other")
    with pytest.raises(InputError, match=r"input 'path' .* has other content than in run"):
        GRAPH.rerun("smooth", store=store)
    path.write_bytes(bytes([1, 2, 3]))
    store.rm("load")
    with pytest.raises(InputError, match=r"what 'load' gave in run .* is no longer stored; run"):
        GRAPH.rerun("smooth", store=store, by=7)
