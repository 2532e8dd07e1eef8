"""A value shows itself in one short line, whatever is in it."""

import attrs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import talkgraph.nodes.evaluate.scores
import talkgraph.nodes.face_fit.detect_faces
import talkgraph.nodes.face_model.face_model
import talkgraph.nodes.values  # noqa: F401
from talkgraph.cache.files import File
from talkgraph.cache.frames import Frames
from talkgraph.cache.values import value, value_class, value_names

OURS = [
    value_class(name)
    for name in value_names()
    if value_class(name).__module__.startswith("talkgraph.")
]
CONTENT = st.one_of(
    st.none(),
    st.floats(),
    st.text(max_size=300),
    st.lists(st.text(max_size=50), max_size=30),
    st.dictionaries(st.text(max_size=30), st.text(max_size=3000), max_size=5),
    st.builds(np.zeros, st.tuples(st.integers(0, 50), st.integers(0, 3))),
    st.builds(lambda count: Frames(count, (4, 4, 3), lambda a, b: None), st.integers(1, 9)),
    st.builds(File, st.just("/somewhere/with/a/long/name/of/a/file.mp4")),
)


@pytest.mark.parametrize("cls", OURS, ids=lambda cls: cls.__name__)
@given(data=st.data())
def test_every_value_is_one_line(cls, data):
    fields = {
        field.name: 25.0 if field.validator else data.draw(CONTENT) for field in attrs.fields(cls)
    }
    text = repr(cls(**fields))
    assert text.startswith(f"{cls.__name__}(") and text.endswith(")")
    assert "\n" not in text and len(text) <= 80 * (1 + len(fields))
    assert all(f"{name}=" in text for name in fields)


def test_sizes_take_the_place_of_content():
    @value("shown_in_short")
    class Shown:
        samples: object
        rate: int
        frames: object
        inner: object

    inner = Shown(samples=np.zeros(3, np.int64), rate=1, frames=None, inner=None)
    frames = Frames(25, (8, 9, 3), lambda a, b: None)
    shown = Shown(samples=np.zeros((2, 3), np.float32), rate=16000, frames=frames, inner=inner)
    assert repr(shown) == (
        "Shown(samples=float32[2, 3], rate=16000, frames=Frames(25 x (8, 9, 3)), "
        "inner=Shown(samples=int64[3], rate=1, frames=None, inner=None))"
    )
