"""What is refused before any work: output and input paths."""

import os
import sys
from pathlib import Path

import pytest

from talkgraph.cli.output import check_input, check_output
from talkgraph.errors import InputError


def test_a_good_path_passes_and_nothing_is_left_behind(tmp_path):
    check_output(tmp_path / "mein Video – 影片.mp4")
    assert list(tmp_path.iterdir()) == []


def test_an_existing_output_may_be_replaced(tmp_path):
    (tmp_path / "talk.mp4").write_bytes(b"old")
    check_output(tmp_path / "talk.mp4")
    assert (tmp_path / "talk.mp4").read_bytes() == b"old"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("talk", "end its name in .mp4"),
        ("talk.mpp4", "did you mean '.mp4'"),
        ("nowhere/talk.mp4", "no such folder"),
        ("file/talk.mp4", "not a folder"),
        ("folder.mp4", "is a folder"),
    ],
)
def test_a_bad_path_is_refused_by_name(tmp_path, name, words):
    (tmp_path / "file").write_bytes(b"x")
    (tmp_path / "folder.mp4").mkdir()
    with pytest.raises(InputError, match=words) as caught:
        check_output(tmp_path / name)
    assert str((tmp_path / name).parent) in str(caught.value)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder_is_refused(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(InputError, match="may not be written"):
        check_output(tmp_path / "talk.mp4")
    tmp_path.chmod(0o700)


def test_the_output_never_replaces_an_input(tmp_path):
    video = tmp_path / "me.mp4"
    video.write_bytes(b"x")
    (tmp_path / "link.mp4").symlink_to(video)
    with pytest.raises(InputError, match="would replace an input"):
        check_output(tmp_path / "link.mp4", [video])


def test_inputs_are_looked_at_first(tmp_path):
    (tmp_path / "empty.wav").touch()
    for name, words in [
        ("no.wav", "no such speech file"),
        (".", "a folder"),
        ("empty.wav", "is empty"),
    ]:
        with pytest.raises(InputError, match=words):
            check_input(tmp_path / name, "speech")


@pytest.mark.skipif(sys.platform != "linux", reason="needs a file that gives an error when read")
def test_an_input_that_cannot_be_read_is_refused():
    words = r"/proc/self/mem: the video file cannot be read \(Input/output error\); check"
    with pytest.raises(InputError, match=words):
        check_input(Path("/proc/self/mem"), "video")
