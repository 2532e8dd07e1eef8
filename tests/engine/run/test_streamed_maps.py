"""Streamed stages that map pictures: one after the other, each stage billed its own time."""

import time

import numpy as np

from talkgraph import Frames, Graph, Node, node, param
from talkgraph.cache.store import Store

PICTURES, SLOW = 4, 0.1  # s per picture
done: list[str] = []


@node("test_streamed_map", version=1, transient=True)
class Stage(Node):
    name: str = param("")
    seconds: float = param(0.0)

    def run(self, frames: Frames) -> Frames:
        def work(picture):
            done.append(self.name)
            time.sleep(self.seconds)
            return picture + np.uint8(1)

        return frames.map(work)


@node("test_streamed_consumer", version=1)
class Total(Node):
    def run(self, frames: Frames) -> int:
        return sum(int(picture.sum()) for picture in frames)


def test_pictures_go_through_streamed_maps_one_by_one_and_time_is_billed_to_each(tmp_path):
    graph = Graph(
        "maps",
        inputs={"frames": Frames},
        steps={
            "slow": Stage(name="slow", seconds=SLOW).on(frames="frames"),
            "quick": Stage(name="quick").on(frames="slow"),
            "total": Total().on(frames="quick"),
        },
    )
    done.clear()
    frames = Frames.from_array(np.zeros((PICTURES, 2, 2, 3), np.uint8))
    result = graph.run({"frames": frames}, store=Store(tmp_path))
    assert result.output == PICTURES * 12 * 2
    assert done == ["slow", "quick"] * PICTURES
    assert result.records["slow"].seconds >= PICTURES * SLOW
    assert result.records["quick"].seconds < result.records["slow"].seconds
