"""pipefunc with its disk cache, without the shared one in memory before it: that one only costs.

The time to build grows with the square of the length. A key is made of a pipeline's inputs alone,
so a warm run looks up the one node that is asked for; here each is asked for, to have a time per
node. It does not sync to disk.
"""

from __future__ import annotations

from pathlib import Path

from measure import Figures, big_array, bump, checked, hash_speed, seconds, serve
from pipefunc import PipeFunc, Pipeline
from pipefunc.cache import DiskCache, to_hashable


def chain(size: int, folder: Path | None = None) -> Pipeline:
    """Each node reads the last one."""
    return _pipeline([(f"s{i}", f"s{i - 1}" if i else "x") for i in range(size)], folder)


def fan(size: int, folder: Path | None = None) -> Pipeline:
    """Each node reads the input."""
    return _pipeline([(f"s{i}", "x") for i in range(size)], folder)


def _pipeline(edges: list[tuple[str, str]], folder: Path | None) -> Pipeline:
    functions = [
        PipeFunc(bump, output_name=name, renames={"value": source}, cache=True)
        for name, source in edges
    ]
    options = {"cache_dir": folder, "with_lru_cache": False}
    kind = {"cache_type": "disk", "cache_kwargs": options} if folder else {}
    return Pipeline(functions, **kind)


def build(folder: Path, size: int) -> Figures:
    """Make and check both shapes."""
    return {
        "chain": seconds(lambda: chain(size).topological_generations),
        "fan": seconds(lambda: fan(size).topological_generations),
    }


def run(folder: Path, size: int) -> Figures:
    """All nodes of a chain: the last one if the cache is empty, else one after the other."""
    wanted = [f"s{i}" for i in range(size)] if any(folder.glob("*")) else [f"s{size - 1}"]
    pipeline = chain(size, folder)
    _ = pipeline.topological_generations

    def work() -> None:
        for name in wanted:
            value = pipeline.run(name, kwargs={"x": 0})
        assert value == size

    return {"seconds": seconds(work)}


def array(folder: Path, size: int) -> Figures:
    """One large result, once the process has run something small."""
    options = {"cache_dir": folder, "with_lru_cache": False}
    chain(1, folder).run("s0", kwargs={"x": 0})
    made = PipeFunc(big_array, output_name="array", cache=True)
    pipeline = Pipeline([made], cache_type="disk", cache_kwargs=options)
    assert isinstance(pipeline.cache, DiskCache)
    return {"seconds": seconds(lambda: checked(pipeline("array", mebibytes=size), size))}


def hash_(folder: Path, size: int) -> Figures:
    """The key of an argument."""
    return hash_speed(to_hashable, size)


if __name__ == "__main__":
    serve({"build": build, "run": run, "array": array, "hash": hash_})
