"""talkgraph: graphs of no-ops, a large array, and streamed frames."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
from measure import MIB, Figures, checked, hash_speed, seconds, serve
from talkgraph_nodes import SIDE, STAGES, BigArray, Bump, Map, MapStored, Mean, Source, source

from talkgraph import Graph, Store

REPETITIONS = 7  # of each side of the comparison with a plain loop, interleaved


def chain(size: int) -> Graph:
    """Each node reads the last one."""
    steps = {f"s{i}": Bump().on(value=f"s{i - 1}" if i else "x") for i in range(size)}
    return Graph("chain", inputs={"x": int}, steps=steps)


def fan(size: int) -> Graph:
    """Each node reads the input."""
    steps = {f"s{i}": Bump().on(value="x") for i in range(size)}
    return Graph("fan", inputs={"x": int}, steps=steps)


def build(folder: Path, size: int) -> Figures:
    """Make and check both shapes."""
    return {"chain": seconds(lambda: chain(size)), "fan": seconds(lambda: fan(size))}


def run(folder: Path, size: int, *, durable: bool = True) -> Figures:
    """All nodes of a chain."""
    graph, store = chain(size), Store(folder, durable=durable)

    def work() -> None:
        assert graph.run({"x": 0}, store=store).output == size

    return {"seconds": seconds(work)}


def run_nofsync(folder: Path, size: int) -> Figures:
    """The same, leaving the sync to the operating system."""
    return run(folder, size, durable=False)


def array(folder: Path, size: int) -> Figures:
    """One large result, memory-mapped, once the process has run something small.

    floor: seconds of mapping the same file without an engine.
    """
    steps = {"array": BigArray().on(mebibytes="mebibytes")}
    graph, store = Graph("array", inputs={"mebibytes": int}, steps=steps), Store(folder)
    chain(1).run({"x": 0}, store=store)

    def work() -> None:
        checked(graph.run({"mebibytes": size}, store=store).output, size)

    taken = seconds(work)
    files = (path for path in folder.rglob("*") if path.is_file())
    largest = max(files, key=lambda path: path.stat().st_size)
    return {
        "seconds": taken,
        "floor": seconds(lambda: checked(np.load(largest, mmap_mode="r"), size)),
    }


def hash_(folder: Path, size: int) -> Figures:
    """The digest of an input."""
    store = Store(folder)
    return hash_speed(lambda value: store.digest_of(value, "benchmark"), size)


def _stream(consumer: Mean | MapStored) -> Graph:
    stages = range(len(STAGES) - isinstance(consumer, MapStored))
    steps = {"source": Source().on(count="count")}
    for i in stages:
        steps[f"map{i}"] = Map(stage=i).on(frames=f"map{i - 1}" if i else "source")
    steps["end"] = consumer.on(frames=f"map{stages[-1]}")
    return Graph("stream", inputs={"count": int}, steps=steps)


def overhead(folder: Path, size: int) -> Figures:
    """Five streamed stages and a consumer, against a loop over the same functions."""
    graph, store = _stream(Mean()), Store(folder)
    plain, engine = [], []
    means: list[float] = []
    graph.run({"count": 1}, store=store)  # code digests and first imports are counted elsewhere

    def loop() -> None:
        means.clear()
        for index in range(size):
            frame = source(index, index + 1)[0]
            for stage in STAGES:
                frame = stage(frame)
            means.append(frame.mean())

    def streamed() -> None:
        made = graph.run({"count": size}, store=store, force="end").output
        assert np.array_equal(made, np.array(means, np.float32))

    for _ in range(REPETITIONS):
        plain.append(seconds(loop))
        engine.append(seconds(streamed))
    ratios = np.array(engine) / np.array(plain)
    return {
        "stream_overhead": float(np.median(ratios)) - 1,
        "stream_plain_ms_per_frame": float(np.median(plain)) / size * 1e3,
    }


def memory(folder: Path, size: int) -> Figures:
    """Five stages, the last one stored: the most memory ever held, mapped files too."""
    began = time.perf_counter()
    result = _stream(MapStored(stage=len(STAGES) - 1)).run({"count": size}, store=Store(folder))
    frames = result.output
    assert len(frames) == size and frames[size - 1].shape == (SIDE, SIDE, 3)
    taken = time.perf_counter() - began
    status = Path("/proc/self/status").read_text()
    kibibytes = int(status.partition("VmHWM:")[2].split()[0])
    return {"stream_rss_mib": kibibytes * 1024 / MIB, "stream_rss_s": taken}


if __name__ == "__main__":
    serve(
        {
            "build": build, "run": run, "run_nofsync": run_nofsync, "array": array,
            "hash": hash_, "overhead": overhead, "memory": memory,
        }
    )  # fmt: skip
