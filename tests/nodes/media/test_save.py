from __future__ import annotations

import errno
import os
import stat

import pytest

from talkgraph.cache.files import File
from talkgraph.errors import InputError, StoreError
from talkgraph.nodes.media import check_target, save


@pytest.fixture
def made_file(tmp_path):
    (tmp_path / "made").mkdir()
    path = tmp_path / "made" / "video.mp4"
    path.write_bytes(os.urandom(3 << 20))
    return File(path)


def test_copies_whole_under_any_name(tmp_path, made_file):
    target = tmp_path / "my fïlm ☂ 1.mp4"
    save(made_file, target)
    assert target.read_bytes() == made_file.path.read_bytes()
    assert os.listdir(tmp_path) == sorted(["made", target.name]) or len(os.listdir(tmp_path)) == 2
    umask = os.umask(0)
    os.umask(umask)
    assert stat.S_IMODE(target.stat().st_mode) == 0o666 & ~umask


def test_replaces_what_is_there(tmp_path, made_file):
    (tmp_path / "a.mp4").write_text("old")
    save(made_file, tmp_path / "a.mp4")
    assert (tmp_path / "a.mp4").stat().st_size == 3 << 20


def test_relative_name(tmp_path, made_file, monkeypatch):
    monkeypatch.chdir(tmp_path)
    save(made_file, "a.mp4")
    assert (tmp_path / "a.mp4").exists()


def test_missing_folder_and_folder_in_its_place(tmp_path, made_file):
    for check in (check_target, lambda path: save(made_file, path)):
        with pytest.raises(InputError, match=r"none: there is no such folder for a\.mp4; create"):
            check(tmp_path / "none" / "a.mp4")
        with pytest.raises(InputError, match="is a folder; give the name of a file"):
            check(tmp_path / "made")
        with pytest.raises(InputError, match="is not a folder"):
            check(made_file.path / "a.mp4")


@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS])
def test_read_only_folder(tmp_path, made_file, monkeypatch, number):
    # (the tests may run as root, whom no permission stops)
    def refuse(*args, **named):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("tempfile.mkstemp", refuse)
    for check in (check_target, lambda path: save(made_file, path)):
        with pytest.raises(InputError, match=r"may not be written to; give another folder"):
            check(tmp_path / "a.mp4")


@pytest.mark.parametrize("step", ["shutil.copyfileobj", "os.fsync", "os.replace", "os.chmod"])
def test_full_disk_leaves_nothing_behind(tmp_path, made_file, monkeypatch, step):
    (tmp_path / "a.mp4").write_text("old")

    def fail(*args, **named):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(step, fail)
    with pytest.raises(StoreError, match=r"the disk is full, a\.mp4 was not written; free"):
        save(made_file, tmp_path / "a.mp4")
    monkeypatch.undo()
    assert sorted(os.listdir(tmp_path)) == ["a.mp4", "made"]
    assert (tmp_path / "a.mp4").read_text() == "old"


def test_interrupt_leaves_nothing_behind(tmp_path, made_file, monkeypatch):
    def stop(*args, **named):
        raise KeyboardInterrupt

    monkeypatch.setattr("shutil.copyfileobj", stop)
    with pytest.raises(KeyboardInterrupt):
        save(made_file, tmp_path / "a.mp4")
    assert os.listdir(tmp_path) == ["made"]


def test_other_failures_name_the_file(tmp_path, made_file, monkeypatch):
    with pytest.raises(InputError, match="too long"):
        save(made_file, tmp_path / ("x" * 300 + ".mp4"))
    monkeypatch.setattr(
        "os.fsync", lambda _: (_ for _ in ()).throw(OSError(errno.EIO, "I/O error"))
    )
    with pytest.raises(InputError, match=r"a\.mp4: cannot be written \(I/O error\)"):
        save(made_file, tmp_path / "a.mp4")


@pytest.mark.parametrize("there", [True, False])
def test_a_link_stays_and_what_it_leads_to_is_replaced(tmp_path, made_file, there):
    (tmp_path / "other disk").mkdir()
    target = tmp_path / "other disk" / "b.mp4"
    if there:
        target.write_text("old")
    (tmp_path / "way.mp4").symlink_to(target)
    (tmp_path / "a.mp4").symlink_to("way.mp4")
    check_target(tmp_path / "a.mp4")
    save(made_file, tmp_path / "a.mp4")
    assert (tmp_path / "a.mp4").is_symlink() and (tmp_path / "way.mp4").is_symlink()
    assert not target.is_symlink() and target.stat().st_size == 3 << 20
    assert os.listdir(target.parent) == ["b.mp4"]


def test_a_link_into_a_missing_folder_names_it(tmp_path, made_file):
    (tmp_path / "a.mp4").symlink_to(tmp_path / "gone" / "b.mp4")
    with pytest.raises(InputError, match=r"gone: there is no such folder for b\.mp4"):
        check_target(tmp_path / "a.mp4")
