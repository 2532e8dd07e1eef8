"""Streams whose nodes say how far they look: a local change recomputes what it reaches."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from talkgraph import Frames, Graph, Node, Store, node, param, value
from talkgraph.cache import CHUNK
from talkgraph.errors import GraphError

made: list[tuple[str, int, int]] = []


@pytest.fixture(autouse=True)
def _fresh():
    made.clear()


@value("test_receptive_field_motion", per_frame=("angle",))
class Motion:
    angle: np.ndarray
    scale: float


@node("test_receptive_field_motion", version=1)
class ToMotion(Node):
    scale: float = param(1.0, "scale")

    def run(self, angles: np.ndarray) -> Motion:
        return Motion(angle=angles * 2, scale=self.scale)


def picture(values):
    return np.repeat(values.astype(np.uint8), 48).reshape(-1, 4, 4, 3)


@node("test_receptive_field_draw", version=1, receptive_field={"motion": 0})
class Draw(Node):
    add: int = param(0, "added")

    def run(self, motion: Motion, model: float = 0.0) -> Frames:
        def read(a, b):
            made.append(("draw", a, b))
            return picture(motion.angle[a:b] * motion.scale + self.add + model)

        return Frames.from_function(len(motion.angle), (4, 4, 3), read)


@node("test_receptive_field_thin", version=1, transient=True, receptive_field={"motion": 0})
class Thin(Node):
    def run(self, motion: Motion) -> Frames:
        return Frames.from_function(
            len(motion.angle), (4, 4, 3), lambda a, b: picture(motion.angle[a:b])
        )


@node("test_receptive_field_blur", version=1, receptive_field={"frames": (2, 1)})
class Blur(Node):
    """The mean of two frames before to one after."""

    def run(self, frames: Frames) -> Frames:
        def read(a, b):
            made.append(("blur", a, b))
            return np.stack(
                [
                    frames[max(t - 2, 0) : min(t + 2, len(frames))].mean(0).astype(np.uint8)
                    for t in range(a, b)
                ]
            )

        return Frames.from_function(len(frames), frames.shape, read)


def graph(blurred="draw"):
    return Graph(
        "windows",
        inputs={"angles": np.ndarray},
        steps={
            "motion": ToMotion().on(angles="angles"),
            "draw": Draw().on(motion="motion"),
            "thin": Thin().on(motion="motion"),
            "blur": Blur().on(frames=blurred),
        },
    )


def chunks(kind):
    return sorted(a // CHUNK for what, a, b in made if what == kind)


@pytest.mark.parametrize("blurred", ["draw", "thin"])
def test_a_change_at_the_end_recomputes_the_end(tmp_path, blurred):
    store = Store(tmp_path, durable=False)
    angles = np.arange(5 * CHUNK) % 100
    first = graph(blurred).run({"angles": angles}, store=store).output.array()
    made.clear()
    other = angles.copy()
    other[-3:] += 5
    again = graph(blurred).run({"angles": other}, store=store).output.array()
    if blurred == "draw":  # of stored frames whole chunks are compared, and chunk 3 looks into 4
        assert chunks("draw") == [4] and chunks("blur") == [3, 4]
    else:
        assert chunks("blur") == [4]
    np.testing.assert_array_equal(first[: 4 * CHUNK], again[: 4 * CHUNK])
    fresh = graph(blurred).run({"angles": other}, store=tmp_path / "fresh").output.array()
    np.testing.assert_array_equal(again, fresh)


def test_a_longer_input_keeps_what_was_there(tmp_path):
    angles = np.arange(4 * CHUNK) % 100
    graph().run({"angles": angles}, store=tmp_path)
    made.clear()
    longer = np.concatenate([angles, angles])
    result = graph().run({"angles": longer}, store=tmp_path).output.array()
    assert chunks("draw") == [4, 5, 6, 7] and chunks("blur") == [3, 4, 5, 6, 7]
    fresh = graph().run({"angles": longer}, store=tmp_path / "fresh").output.array()
    np.testing.assert_array_equal(result, fresh)


def test_what_is_not_in_a_window_counts_as_a_whole(tmp_path):
    angles = np.arange(2 * CHUNK)
    graph().run({"angles": angles}, store=tmp_path)
    for change in ({"motion": {"scale": 2.0}}, {"draw": {"add": 3}}):
        made.clear()
        graph().with_params(**change).run({"angles": angles}, store=tmp_path)
        assert chunks("draw") == [0, 1] and chunks("blur") == [0, 1]
    made.clear()
    graph().run({"angles": angles}, store=tmp_path)
    assert not made


@node("test_receptive_field_recall", version=1, receptive_field={"frames": (CHUNK, CHUNK)})
class Recall(Node):
    """The frames, or with a memory the mean of two that are far from each other."""

    def sight(self, ports):
        return self.receptive_field if "memory" in ports else {"frames": (0, 0)}

    def run(self, frames: Frames, memory: float | None = None) -> Frames:
        def read(a, b):
            made.append(("recall", a, b))
            return frames[a:b]

        return Frames.from_function(len(frames), frames.shape, read)


@pytest.mark.parametrize("ports", [{}, {"memory": "memory"}])
def test_a_free_port_may_shorten_the_reach(tmp_path, ports):
    steps = {"motion": ToMotion().on(angles="angles"), "draw": Draw().on(motion="motion")}
    recalled = Graph(
        "recalled",
        inputs={"angles": np.ndarray, "memory": float},
        steps={**steps, "recall": Recall().on(frames="draw", **ports)},
        output="recall",
    )
    angles = np.arange(5 * CHUNK) % 100
    recalled.run({"angles": angles, "memory": 0.0}, store=tmp_path).output.array()
    made.clear()
    other = angles.copy()
    other[-3:] += 5
    recalled.run({"angles": other, "memory": 0.0}, store=tmp_path).output.array()
    assert chunks("recall") == ([3, 4] if ports else [4])


@settings(max_examples=15)
@given(data=st.data())
def test_any_change_anywhere_gives_what_a_fresh_run_gives(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("windows")
    count = data.draw(st.integers(1, 3 * CHUNK))
    angles = np.arange(count) % 60
    for _ in range(3):
        result = graph().run({"angles": angles}, store=folder / "kept").output.array()
        fresh = graph().run({"angles": angles}, store=folder / "fresh").output.array()
        Store(folder / "fresh").gc(0)
        np.testing.assert_array_equal(result, fresh)
        angles = angles.copy()
        angles[data.draw(st.integers(0, count - 1))] = data.draw(st.integers(0, 100))
        angles = angles[: data.draw(st.integers(1, count))]
        count = len(angles)


@pytest.mark.parametrize("read", [lambda one: one * 2, np.asarray, lambda one: one.shape])
def test_a_field_that_is_not_declared_cannot_be_read(tmp_path, read):
    """Its change would go unnoticed: keys of chunks hold the declared fields alone."""

    @node("test_receptive_field_part", version=1, receptive_field={"motion.angle": 0})
    class Part(Node):
        peek: bool = param(False, "read the other field")

        def run(self, motion: Motion) -> Frames:
            if self.peek:
                read(motion.scale)
            return Frames.from_function(
                len(motion.angle), (4, 4, 3), lambda a, b: picture(motion.angle[a:b])
            )

    steps = {"motion": ToMotion().on(angles="angles"), "part": Part().on(motion="motion")}
    whole = Graph("part", inputs={"angles": np.ndarray}, steps=steps)
    inputs = {"angles": np.arange(20)}
    assert whole.run(inputs, store=tmp_path).output.array()[3, 0, 0, 0] == 6
    with pytest.raises(GraphError, match=r"reads 'motion.scale', which its receptive_field does"):
        whole.with_params(part={"peek": True}).run(inputs, store=tmp_path)


def test_a_port_that_is_not_there_is_said():
    with pytest.raises(GraphError, match=r"names port 'frame' \(did you mean 'frames'\?\)"):

        @node("test_receptive_field_wrong", version=1, receptive_field={"frame": 0})
        class Wrong(Node):
            def run(self, frames: Frames) -> Frames:
                return frames
