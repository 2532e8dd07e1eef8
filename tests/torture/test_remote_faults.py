"""Short versions of the faults of the network and of the kills of an upload."""

from tests.torture import remote_faults
from tests.torture.row import Setting
from tests.torture.s3_faults import FAULTS


def test_every_kind_of_network_fault_once(tmp_path):
    [row] = remote_faults.faults(Setting(tmp_path, scale=0))
    assert row.violations == []
    assert row.done >= len(FAULTS) >= 25 and row.total > 1000


def test_some_kills_of_uploads_and_downloads(tmp_path):
    rows = list(remote_faults.kills(Setting(tmp_path, scale=0)))
    assert [row.violations for row in rows] == [[], [], [], []]
    assert [row.done for row in rows] == [1, 1, 1, 1]
    requests_up, files_up, requests_down, files_down = (row.total for row in rows)
    assert requests_up > requests_down > 4 and files_up > files_down > 20


def believing(self, blob):
    """A download that is published without a look at its digest."""
    with self._temporary() as temp:
        self.objects.download(f"blobs/{blob[0][:2]}/{blob[0]}{blob[1]}", temp, blob[2])
        self._folder.blobs.adopt(blob, temp)
    return True


def test_a_remote_that_is_believed_is_noticed(tmp_path, monkeypatch):
    monkeypatch.setattr(remote_faults.remote.Remote, "_fetch", believing)
    monkeypatch.setattr(remote_faults, "FAULTS", {"zeros": FAULTS["zeros"]})
    [row] = remote_faults.faults(Setting(tmp_path, scale=0))
    assert any("other content" in text for text in row.violations), row.violations
