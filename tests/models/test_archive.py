"""Hostile archives: whatever they hold, nothing is written and only exact plain files are read."""

import contextlib
import io
import os
import tarfile
import zipfile

import pytest

from talkgraph.errors import ModelError
from talkgraph.models import archive
from talkgraph.models.archive import read_tar, read_zip

WANTED = {"package/model.bin": 4}
DATA = b"good"


def make_zip(path, members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in members:
            file.writestr(name, data)
    return path


def make_tar(path, members):
    with tarfile.open(path, "w:gz") as file:
        for name, data, kind in members:
            info = tarfile.TarInfo(name)
            info.type, info.size = kind, len(data) if kind == tarfile.REGTYPE else 0
            if kind in (tarfile.SYMTYPE, tarfile.LNKTYPE):
                info.linkname = data.decode()
            file.addfile(info, io.BytesIO(data))
    return path


@pytest.fixture
def folder(tmp_path):
    """A folder with one archive to come; afterwards nothing else may be anywhere near it."""
    inside = tmp_path / "inside"
    inside.mkdir()
    yield inside
    assert [p.name for p in tmp_path.iterdir()] == ["inside"]
    assert {p.name for p in inside.iterdir()} <= {"a.zip", "a.tgz"}


EVIL_NAMES = [
    "../package/model.bin", "/package/model.bin", "/tmp/evil", "package/../../evil", "C:\\evil",
    "package\\model.bin", "./package/model.bin", "package/model.bin/", "package/MODEL.bin",
    "package/model.bin\u200b", "package//model.bin", "~/evil", "a" * 300,
]  # fmt: skip


@pytest.mark.parametrize("name", EVIL_NAMES)
def test_other_names_are_not_what_was_asked_for(folder, name):
    with pytest.raises(ModelError, match="holds no file"):
        read_zip(make_zip(folder / "a.zip", [(name, DATA)]), WANTED)
    with pytest.raises(ModelError, match=r"holds no file|not the expected"):
        read_tar(make_tar(folder / "a.tgz", [(name, DATA, tarfile.REGTYPE)]), WANTED)


def test_the_file_is_read_among_evil_neighbours(folder):
    members = [(name, b"evil") for name in EVIL_NAMES] + [("package/model.bin", DATA)]
    assert read_zip(make_zip(folder / "a.zip", members), WANTED) == {"package/model.bin": DATA}
    tar = make_tar(folder / "a.tgz", [(n, d, tarfile.REGTYPE) for n, d in members])
    assert read_tar(tar, WANTED) == {"package/model.bin": DATA}


@pytest.mark.parametrize(
    "kind",
    [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE,
     tarfile.BLKTYPE],
)  # fmt: skip
def test_links_and_devices_of_the_right_name_are_refused(folder, kind):
    tar = make_tar(folder / "a.tgz", [("package/model.bin", b"/etc/passwd", kind)])
    with pytest.raises(ModelError, match="not the expected"):
        read_tar(tar, WANTED)


def test_a_zip_symlink_is_refused(folder):
    info = zipfile.ZipInfo("package/model.bin")
    info.external_attr = 0o120777 << 16
    with zipfile.ZipFile(folder / "a.zip", "w") as file:
        file.writestr(info, b"/etc")
    with pytest.raises(ModelError, match="not the expected"):
        read_zip(folder / "a.zip", WANTED)


@pytest.mark.parametrize("data", [b"", b"toolong", b"x" * 10_000_000])
def test_another_size_is_refused(folder, data):
    with pytest.raises(ModelError, match="not the expected"):
        read_zip(make_zip(folder / "a.zip", [("package/model.bin", data)]), WANTED)
    tar = make_tar(folder / "a.tgz", [("package/model.bin", data, tarfile.REGTYPE)])
    with pytest.raises(ModelError, match="not the expected"):
        read_tar(tar, WANTED)


def test_a_zip_that_lies_about_the_size(folder):
    make_zip(folder / "a.zip", [("package/model.bin", b"x" * 100_000)])
    data = (folder / "a.zip").read_bytes().replace((100_000).to_bytes(4, "little"), DATA_SIZE)
    (folder / "a.zip").write_bytes(data)
    with pytest.raises(ModelError):
        read_zip(folder / "a.zip", WANTED)


DATA_SIZE = (4).to_bytes(4, "little")


def test_a_tar_bomb_is_stopped(folder, monkeypatch):
    monkeypatch.setattr(archive, "_TAR_LIMIT", 100_000)
    tar = make_tar(folder / "a.tgz", [("filler", bytes(1_000_000), tarfile.REGTYPE)])
    with pytest.raises(ModelError, match="unpacks to more"):
        read_tar(tar, WANTED)


def test_every_cut_is_noticed_and_every_flip_is_survived(folder):
    zipped = make_zip(folder / "a.zip", [("package/model.bin", DATA)]).read_bytes()
    tarred = make_tar(folder / "a.tgz", [("package/model.bin", DATA, tarfile.REGTYPE)]).read_bytes()
    for read, path, whole in (
        (read_zip, folder / "a.zip", zipped),
        (read_tar, folder / "a.tgz", tarred),
    ):
        for length in range(0, len(whole), 3):
            path.write_bytes(whole[:length])
            with contextlib.suppress(ModelError):
                assert read(path, WANTED) == {"package/model.bin": DATA}
        for at in range(len(whole)):
            path.write_bytes(whole[:at] + bytes([whole[at] ^ 0x41]) + whole[at + 1 :])
            # A changed content has the right length here and fails its sha256 later.
            with contextlib.suppress(ModelError):
                assert len(read(path, WANTED)["package/model.bin"]) == 4


def test_a_missing_archive(tmp_path):
    for read in (read_zip, read_tar):
        with pytest.raises(ModelError, match="damaged"):
            read(tmp_path / "none", WANTED)


def test_nothing_named_in_an_archive_is_opened(folder, monkeypatch):
    tar = make_tar(folder / "a.tgz", [("package/model.bin", DATA, tarfile.REGTYPE)])
    made = []
    monkeypatch.setattr(os, "mkdir", lambda *a, **k: made.append(a))
    monkeypatch.setattr(os, "symlink", lambda *a, **k: made.append(a))
    read_tar(tar, WANTED)
    assert not made
