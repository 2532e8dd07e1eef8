"""The runner counts what it is told, and fails when a promise is broken."""

import json

import pytest

from tests.torture import __main__ as runner
from tests.torture.row import Row


def broken(setting):
    total = setting.count(1000)
    yield Row("a thing", total, total, [f"{setting.folder.name}: broke"])


def test_a_violation_is_printed_recorded_and_fails(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(runner, "TESTS", {"broken": broken})
    monkeypatch.setattr(
        "sys.argv", ["torture", "broken", "--scale", "0.5", "--json", str(tmp_path / "t.json")]
    )
    assert runner.main() == 1
    printed = capsys.readouterr().out
    assert "500/500" in printed and "broke" in printed and "1 violations" in printed
    found = json.loads((tmp_path / "t.json").read_text())
    assert found["rows"][0]["total"] == 500 and found["scale"] == 0.5


def test_an_unknown_name_is_refused(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["torture", "nosuch"])
    with pytest.raises(SystemExit):
        runner.main()
    assert "no test nosuch" in capsys.readouterr().err
