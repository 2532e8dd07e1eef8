"""`run` by hand is held to the types of its ports."""

import inspect
import timeit
from pathlib import Path

import pytest

from talkgraph import File, Frames, Node, node, value
from talkgraph.errors import GraphError


@value("test_checked_clip")
class Clip:
    count: int


@value("test_checked_track")
class Track:
    count: int


@node("test_checked_fit", version=1)
class Fit(Node):
    def run(self, track: Track, clip: Clip | None = None, scale: float = 1.0) -> float:
        """Fit."""
        return track.count * scale + (0 if clip is None else clip.count)


@node("test_checked_more", version=1)
class More(Fit):
    def run(self, track: Track, clip: Clip | None = None, scale: float = 1.0) -> float:
        return super().run(track, clip, scale) + 1


def test_what_is_right_passes():
    track, clip = Track(count=2), Clip(count=3)
    assert Fit().run(track) == Fit().run(track=track) == Fit().run(track, None) == 2
    assert Fit().run(track, clip, 2) == Fit().run(track, scale=2, clip=clip) == 7
    assert More().run(track, clip) == 6
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'track'"):
        Fit().run()


@pytest.mark.parametrize("cls", [Fit, More])
@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda fit: fit.run(Clip(count=1)), "port 'track' takes Track, but was given Clip"),
        (lambda fit: fit.run(track=None), "port 'track' takes Track, but was given None"),
        (lambda fit: fit.run(Track(count=1), 3), r"port 'clip' takes Clip \| None, but .* int"),
        (lambda fit: fit.run(Track(count=1), clip="x"), r"port 'clip' takes Clip \| None, .* str"),
    ],
)
def test_what_is_not_is_said(cls, call, said):
    with pytest.raises(GraphError, match=f"node '{cls.node_id}': {said}"):
        call(cls())


def test_frames_and_files_are_looked_at():
    @node("test_checked_mean", version=1)
    class Mean(Node):
        def run(self, frames: Frames, file: File | None = None) -> float:
            return 0.0

    with pytest.raises(GraphError, match="port 'frames' takes Frames, but was given str"):
        Mean().run("film.mp4")


def test_a_file_may_be_named_by_text_and_by_nothing_else():
    @node("test_checked_read", version=1)
    class Read(Node):
        def run(self, audio: Path) -> str:
            return str(audio)

    assert Read().run("a.wav") == Read().run(Path("a.wav")) == "a.wav"
    with pytest.raises(GraphError, match="port 'audio' takes Path, but was given int"):
        Read().run(3)


def test_the_method_looks_like_itself_and_costs_little():
    assert list(inspect.signature(Fit().run).parameters) == ["track", "clip", "scale"]
    assert list(inspect.signature(Fit.run).parameters) == ["self", "track", "clip", "scale"]
    assert Fit().run.__doc__ == Fit.run.__doc__ == "Fit." and Fit.run.__name__ == "run"
    fit, track = Fit(), Track(count=1)
    seconds = min(timeit.repeat(lambda: fit.run(track), number=100, repeat=20)) / 100
    assert seconds < 10e-6 * 3  # on a machine that does other things
