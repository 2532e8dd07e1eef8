import attrs
import numpy as np

from talkgraph.cache.frames import Frames
from talkgraph.nodes.refine.general.examples import Example, example_of, kept_back
from tests.nodes.refine.small import clip, identity, track


def made(moments=3, measured=None, person="ann"):
    rendered, real = clip(count=12)
    tracked = track(12, 32)
    if measured is not None:
        tracked = attrs.evolve(tracked, measured=measured)
    return example_of(
        Frames.from_array(rendered),
        Frames.from_array(real),
        tracked,
        identity(),
        name="a clip",
        person=person,
        size=32,
        margin=2.0,
        moments=moments,
    )


def test_a_moment_is_four_rendered_frames_and_the_last_two_real_ones():
    rendered, real = clip(count=12)
    example = made()
    assert example.rendered.shape == (3, 4, 32, 32, 3) and example.real.shape == (3, 2, 32, 32, 3)
    assert (example.rendered[0] == rendered[:4]).all() and (example.real[0] == real[2:4]).all()
    assert (example.rendered[-1] == rendered[-4:]).all() and (example.real[-1] == real[-2:]).all()
    for mask in (example.face, example.mouth, example.eyes):
        assert mask.shape == (3, 32, 32) and mask.dtype == np.uint8


def test_moments_end_where_the_face_was_measured():
    measured = np.zeros(12, bool)
    measured[6:8] = True
    assert len(made(measured=measured).rendered) == 1
    assert made(measured=np.zeros(12, bool)) is None


def test_an_example_is_read_as_it_was_written(tmp_path):
    example = made()
    example.save(tmp_path / "one.npz")
    again = Example.load(tmp_path / "one.npz")
    for name, value in attrs.asdict(example).items():
        assert np.array_equal(getattr(again, name), value)


def test_every_nth_person_is_kept_back_with_all_clips():
    examples = [made(person=person) for person in ("bob", "ann", "bob", "cat", "dan")]
    learned, unseen = kept_back(examples, 2)
    assert [one.person for one in learned] == ["ann", "cat"]
    assert [one.person for one in unseen] == ["bob", "bob", "dan"]
    assert kept_back(examples, 0) == (examples, [])
