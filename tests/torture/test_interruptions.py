"""Kills, power cuts and faults, in short; and that these tests notice what they are for."""

import pytest

from talkgraph.cache import disk
from tests.torture import faults, kills, power, seams, sudden
from tests.torture.row import Setting


@pytest.mark.parametrize(
    "test", [kills.everywhere, sudden.puts, sudden.resumes, power.cuts, faults.everywhere,
             faults.recovery],
    ids=["kills", "puts", "resumes", "power", "faults", "recovery"],
)  # fmt: skip
def test_short(test, tmp_path):
    rows = list(test(Setting(tmp_path, 0.02)))
    assert rows and all(row.done for row in rows)
    assert [text for row in rows for text in row.violations] == []


def test_the_power_cuts_notice_a_missing_sync(tmp_path, monkeypatch):
    real = disk.draft
    monkeypatch.setattr(
        disk, "draft", lambda parts, to, durable, *mode: real(parts, to, False, *mode)
    )
    rows = power.cuts(Setting(tmp_path, 0.2))
    assert any(next(rows).violations for _ in range(3))


def test_a_seam_numbers_what_is_done(tmp_path):
    seam = seams.Counting()
    with seams.using(seam):
        disk.write(tmp_path / "one" / "two", [b"x"], tmp_path, True)
    assert seam.names == [
        "create", "write", "sync", "close", "rename", "mkdir", "rename", "sync_path", "sync_path",
    ]  # fmt: skip
    with pytest.raises(seams.Killed), seams.using(seams.Killing(5)):
        disk.write(tmp_path / "one" / "three", [b"x"], tmp_path, True)
    assert len(list(tmp_path.iterdir())) == 2 and not (tmp_path / "one" / "three").exists()
