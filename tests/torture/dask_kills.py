"""Workers of a Dask cluster are killed while graphs run on it; the results stay those of a serial
run."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import threading
import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from talkgraph import Frames, Graph, Node, Store, node, param
from talkgraph.engine.executors.dask import Dask
from tests.torture.row import Row, Setting

KILLS = 200
WIDTH, LENGTH = 6, 4  # of the graph: chains and steps in each
WORKERS = 3
PAUSE = 0.4  # s between kills, on average; a worker needs about 2 s to come back


@node("torture_make", version=1)
class Make(Node):
    """Frames from a seed, slowly."""

    seed: int = param(0, "seed")

    def run(self) -> Frames:
        picture = np.random.default_rng(self.seed).integers(0, 256, (8, 8, 3), np.uint8)

        def read(start: int, stop: int) -> Any:
            time.sleep(0.03)
            return np.stack([picture + np.uint8(i) for i in range(start, stop)])

        return Frames.from_function(100, (8, 8, 3), read)


@node("torture_turn", version=1)
class Turn(Node):
    """Frames upside down, slowly."""

    def run(self, frames: Frames) -> Frames:
        def read(start: int, stop: int) -> Any:
            time.sleep(0.03)
            return frames[start:stop][:, ::-1] + np.uint8(1)

        return Frames.from_function(len(frames), frames.shape, read)


def graph(seed: int) -> Graph:
    """Some chains of stored frame stages."""
    steps = {}
    for chain in range(WIDTH):
        steps[f"c{chain}-0"] = Make(seed=seed * WIDTH + chain).on()
        for place in range(1, LENGTH):
            steps[f"c{chain}-{place}"] = Turn().on(frames=f"c{chain}-{place - 1}")
    return Graph("kills", steps=steps)


def ends() -> list[str]:
    """The last step of each chain."""
    return [f"c{chain}-{LENGTH - 1}" for chain in range(WIDTH)]


def dask_kills(setting: Setting) -> Iterator[Row]:
    """Kill workers until there were enough; each run must end, with the digests of a serial one."""
    import dask
    from distributed import Nanny, Scheduler, SpecCluster

    total = setting.count(KILLS)
    violations: list[str] = []
    rng = random.Random(setting.seed)
    workers = {
        place: {"cls": Nanny, "options": {"nthreads": 1, "host": "127.0.0.1"}}
        for place in range(WORKERS)
    }
    scheduler = {"cls": Scheduler, "options": {"dashboard": False, "host": "127.0.0.1"}}
    kills = runs = 0
    dask.config.set({"distributed.deploy.lost-worker-timeout": "1 h"})  # as Dask() does
    with SpecCluster(workers=workers, scheduler=scheduler, silence_logs=50) as cluster:
        executor = Dask(cluster.scheduler_address)
        while kills < total:
            store = Store(setting.folder / f"run {runs}")
            serial = Store(setting.folder / f"serial {runs}", durable=False)
            expected = _digests(graph(runs), serial, None)
            done = threading.Event()
            counted = [0]
            killer = threading.Thread(
                target=_kill, args=(cluster, rng, done, counted, total - kills), daemon=True
            )
            killer.start()
            try:
                found = _digests(graph(runs), store, executor)
                if found != expected:
                    violations.append(f"run {runs}: other digests")
            except Exception as error:
                violations.append(f"run {runs}: {type(error).__name__}: {error}")
            done.set()
            killer.join()
            kills += counted[0]
            if damage := store.verify():
                violations.append(f"run {runs}: {damage[0]}")
            runs += 1
    yield Row(f"Dask workers killed, in {runs} runs", kills, total, violations)


def _digests(made: Graph, store: Store, executor: Dask | None) -> dict[str, str]:
    result = made.run(store=store, until=ends(), executor=executor)
    found = {}
    for name in made.steps:
        record = store.action(result.records[name].key or "")
        found[name] = record["digest"] if record else "missing"
    return found


def _kill(
    cluster: Any, rng: random.Random, done: threading.Event, counted: list[int], most: int
) -> None:
    while counted[0] < most and not done.wait(rng.uniform(0, 2 * PAUSE)):
        nannies = [nanny for nanny in cluster.workers.values() if nanny.pid]
        if nannies:
            with contextlib.suppress(OSError):
                os.kill(rng.choice(nannies).pid, signal.SIGKILL)
                counted[0] += 1
