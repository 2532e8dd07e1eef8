"""Uploads and outputs: random names, limits while streaming, nothing outside the folder."""

import asyncio
import os
import re
import stat

import pytest

from talkgraph.errors import InputError
from talkgraph.studio.files import Files, TooLarge, in_words


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    made = Files(largest=1000, room=1500)
    yield made
    made.close()


def receive(files, *chunks, label="x.wav", error=None):
    async def stream():
        for chunk in chunks:
            yield chunk
        if error is not None:
            raise error

    return asyncio.run(files.receive(stream(), label))


def contents(files):
    return [path.name for path in files.folder.iterdir() if path.name != "lock"]


HOSTILE = [
    "../../etc/passwd", "/etc/passwd", "..\\..\\x", "a\0b", "a\nb\r\nSet-Cookie: x", "", ".", "..",
    "x" * 5000, "\u202egnp.exe", "con", "-rf", "~root", "$(id)", "\ud800",
]  # fmt: skip


@pytest.mark.parametrize("label", HOSTILE)
def test_no_name_of_a_client_takes_part_in_a_path(files, label):
    upload = receive(files, b"data", label=label)
    assert upload.path.parent == files.folder
    assert re.fullmatch("upload-[0-9a-f]{32}", upload.path.name)
    assert upload.path.read_bytes() == b"data"
    assert len(upload.label) <= 80 and upload.label.isprintable() and upload.label
    assert upload.id not in str(upload.path)


def test_the_folder_is_private_and_goes_at_the_end(files):
    upload = receive(files, b"data")
    assert stat.S_IMODE(files.folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(upload.path.stat().st_mode) == 0o600
    files.close()
    assert not files.folder.exists()


def test_the_folder_of_a_killed_studio_is_swept_away_by_the_next(files, tmp_path):
    child = os.fork()
    if child == 0:  # a studio that is killed while it holds somebody's face
        Files().folder.joinpath("face").write_text("x")
        os.kill(os.getpid(), 9)
    os.waitpid(child, 0)
    others = [tmp_path / "talkgraph-studio-without-a-lock", tmp_path / "talkgraph-other"]
    for folder in others:
        folder.mkdir()
    link = tmp_path / "talkgraph-studio-link"
    link.symlink_to(files.folder)
    assert len(list(tmp_path.glob("talkgraph-studio-*/face"))) == 1
    other = Files()
    assert list(tmp_path.glob("talkgraph-studio-*/face")) == []
    assert all(folder.is_dir() for folder in (*others, files.folder, link, other.folder))
    other.close()


def test_an_upload_is_cut_off_at_the_limit_and_leaves_nothing(files):
    written = []

    def chunks():
        for _ in range(100):
            written.append(100)
            yield bytes(100)

    with pytest.raises(TooLarge, match="larger than"):
        receive(files, *chunks())
    assert contents(files) == []
    with pytest.raises(InputError, match="is empty"):
        receive(files)
    with pytest.raises(ConnectionError):
        receive(files, b"half", error=ConnectionError())
    assert contents(files) == []
    receive(files, bytes(1000))
    with pytest.raises(TooLarge, match="start the studio anew"):
        receive(files, bytes(501))
    receive(files, bytes(500))


def test_a_limit_stops_the_reading(files):
    taken = 0

    async def endless():
        nonlocal taken
        while True:
            taken += 100
            yield bytes(100)

    with pytest.raises(TooLarge):
        asyncio.run(files.receive(endless(), "x"))
    assert taken <= 1100


def test_an_output_is_found_by_its_id_alone(files, tmp_path):
    folder = files.new_folder()
    path = folder / "output.mp4"
    path.write_bytes(b"video")
    id = files.publish(path, "talk.mp4")
    found = files.output(id)
    assert (found.path, found.name, found.media_type) == (path, "talk.mp4", "video/mp4")
    for other in (str(path), "output.mp4", "../" + id, id + "/", id.upper(), "", "."):
        if other != id:
            assert files.output(other) is None
    files.withdraw([id, None], folder)
    assert files.output(id) is None and not folder.exists()


def test_links_are_followed_before_an_output_is_given(files, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("secret")
    evil = tmp_path / (files.folder.name + "-evil")
    evil.mkdir()
    (evil / "x").write_text("secret")
    folder = files.new_folder()
    inside = folder / "real.mp4"
    inside.write_text("fine")
    for number, target in enumerate([secret, evil / "x", "/etc/passwd", "/dev/zero", tmp_path]):
        link = folder / f"{number}.mp4"
        link.symlink_to(target)
        assert files.output(files.publish(link, "x")) is None, target
    (folder / "up").symlink_to(tmp_path)
    assert files.output(files.publish(folder / "up" / "secret", "x")) is None
    assert files.output(files.publish(folder / ".." / ".." / "secret", "x")) is None
    os.mkfifo(folder / "pipe")
    for odd in (folder, folder / "pipe", folder / "gone"):
        assert files.output(files.publish(odd, "x")) is None
    (folder / "link.mp4").symlink_to(inside)
    assert files.output(files.publish(folder / "link.mp4", "x")).path == inside


def test_messages_name_files_as_their_owner_does(files):
    upload = receive(files, b"x", label="grüße <b>.wav")
    text = f"{upload.path}: is silent; record '{upload.path}' again"
    labels = files.labels()
    assert in_words(text, labels) == "grüße <b>.wav: is silent; record 'grüße <b>.wav' again"
    earlier = f"/tmp/talkgraph-studio-ab_c/upload-{'0' * 32}: is quiet"
    assert in_words(earlier, labels) == "the file: is quiet"
    changed = f"input changed from upload-{'0' * 32} to {upload.path.name}"
    assert in_words(changed, labels) == "input changed from the file to grüße <b>.wav"
    assert in_words("/home/me/x.wav: stays", labels) == "/home/me/x.wav: stays"
