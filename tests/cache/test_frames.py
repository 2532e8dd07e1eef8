"""Frames as users meet them, without a store."""

import numpy as np
import pytest

from talkgraph.cache import CHUNK, Frames


@pytest.fixture
def array():
    return np.random.default_rng(0).integers(0, 255, (2 * CHUNK + 3, 2, 3, 3), dtype=np.uint8)


def test_reads_agree_with_the_array(array):
    frames = Frames.from_function(len(array), (2, 3, 3), lambda a, b: array[a:b])
    np.testing.assert_array_equal(frames[-1], array[-1])
    np.testing.assert_array_equal(frames[5:9], array[5:9])
    np.testing.assert_array_equal(frames[:], frames.array())
    np.testing.assert_array_equal(np.stack(list(frames)), array)
    assert [len(chunk) for chunk in frames.chunks()] == [CHUNK, CHUNK, 3]
    assert frames[4:4].shape == (0, 2, 3, 3)


def test_out_of_range_and_steps_are_refused(array):
    frames = Frames.from_array(array)
    for index in (len(array), -len(array) - 1):
        with pytest.raises(IndexError):
            frames[index]
    with pytest.raises(IndexError, match="step of 1"):
        frames[::2]


def test_single_pass_frames_say_when_they_are_read_out_of_turn(array):
    frames = Frames.from_iterable(len(array), (2, 3, 3), iter(array))
    np.testing.assert_array_equal(frames[:4], array[:4])
    with pytest.raises(ValueError, match="stand at 4, frame 0"):
        frames[0]
    np.testing.assert_array_equal(frames[4:6], array[4:6])


def test_arrays_of_another_kind_are_refused():
    with pytest.raises(ValueError, match="uint8"):
        Frames.from_array(np.zeros((2, 2, 2, 3)))


def test_maps_go_through_every_picture_in_order_and_any_range_is_read_alone(array):
    asked = []

    def read(start, stop):
        asked.append((start, stop))
        return array[start:stop]

    frames = Frames.from_function(len(array), array.shape[1:], read)
    mapped = frames.map(lambda picture: picture // 2).map(lambda picture: picture + 1)
    assert np.array_equal(mapped.array(), array // 2 + 1)
    asked.clear()
    assert np.array_equal(mapped[3:5], array[3:5] // 2 + 1)
    assert asked == [(3, 5)]
    assert np.array_equal(frames.array(), array)


def test_a_map_may_change_the_shape(array):
    frames = Frames.from_array(array)
    shape = (array.shape[1], array.shape[2], 1)
    grey = frames.map(lambda picture: picture[..., :1], shape)
    assert grey.shape == shape
    assert np.array_equal(grey.map(lambda picture: 255 - picture).array(), 255 - array[..., :1])


@pytest.mark.parametrize("work", [lambda p: p[:1], lambda p: p.astype(np.float32)])
def test_a_map_that_breaks_its_promise_is_refused(array, work):
    with pytest.raises(ValueError, match="promised"):
        Frames.from_array(array).map(work).array()


def test_a_map_of_single_pass_frames_is_single_pass(array):
    mapped = Frames.from_iterable(len(array), array.shape[1:], iter(array)).map(np.flipud)
    assert mapped.once
    assert np.array_equal(mapped.array(), array[:, ::-1])
    with pytest.raises(ValueError, match="single-pass"):
        mapped.array()


def test_maps_of_maps_make_one_picture_after_the_other(array):
    done = []

    def stage(name):
        return lambda picture: (done.append(name), picture)[1]

    Frames.from_array(array[:2]).map(stage("a")).map(stage("b")).array()
    assert done == ["a", "b", "a", "b"]
