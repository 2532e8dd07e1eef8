"""The identity of this machine: made once, for the user's eyes alone."""

import os
import stat
from concurrent.futures import ThreadPoolExecutor

import pytest

from talkgraph.errors import InputError
from talkgraph.nodes.media.credentials import local, local_identity


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    return tmp_path / "talkgraph" / "local-signer.pem"


def test_it_is_made_once_and_nobody_else_reads_it(home):
    first, second = local_identity(), local_identity()
    assert first == second and first.local and first.kept and first.algorithm == "es256"
    assert stat.S_IMODE(os.stat(home).st_mode) == 0o600
    assert os.listdir(home.parent) == [home.name]
    assert first.chain.count(b"BEGIN CERTIFICATE") == 2


def test_processes_that_make_it_at_once_agree():
    with ThreadPoolExecutor(8) as threads:
        assert len({one.key for one in threads.map(lambda _: local_identity(), range(8))}) == 1


def test_it_serves_once_where_nothing_can_be_kept(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "file"))
    assert not local_identity().kept


def test_a_damaged_one_is_refused(home):
    home.parent.mkdir()
    home.write_text("garbage")
    with pytest.raises(InputError, match="remove it, and a new one will be made"):
        local_identity()


@pytest.mark.parametrize(
    ("platform", "variable", "end"),
    [("win32", "LOCALAPPDATA", "talkgraph"), ("darwin", "HOME", "Application Support/talkgraph")],
)
def test_it_lies_where_the_system_keeps_such_data(tmp_path, monkeypatch, platform, variable, end):
    monkeypatch.setattr("sys.platform", platform)
    monkeypatch.setenv(variable, str(tmp_path))
    assert local.folder().as_posix().startswith(str(tmp_path))
    assert local.folder().as_posix().endswith(end)
