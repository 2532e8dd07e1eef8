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


def test_the_table_takes_the_place_of_the_last_one(monkeypatch, tmp_path):
    monkeypatch.setattr(runner, "TESTS", {"broken": broken})
    text = tmp_path / "text.md"
    text.write_text("# Title\n\nbefore\n\n## After\n\nmore\n")
    for scale in ("1", "0.5"):
        monkeypatch.setattr("sys.argv", ["torture", "--scale", scale, "--section", str(text)])
        runner.main()
    found = text.read_text()
    assert found.count(runner.HEAD) == 1 and "| a thing | 500/500 | 1 | 0 |" in found
    assert found.startswith("# Title\n\nbefore\n\n") and "## After\n\nmore\n" in found
    assert found.index("## After") < found.index(runner.HEAD)  # a new section comes last
    text.write_text(f"{runner.HEAD}\n\nold\n\n## After\n\nmore\n")
    runner.main()
    assert text.read_text().endswith("| a thing | 500/500 | 1 | 0 |\n\n## After\n\nmore\n")


def test_a_test_that_fails_by_itself_is_a_violation(monkeypatch, capsys):
    def unable(setting):
        raise OSError("no more")
        yield

    monkeypatch.setattr(runner, "TESTS", {"unable": unable})
    monkeypatch.setattr("sys.argv", ["torture"])
    assert runner.main() == 1
    assert "unable, which did not end" in capsys.readouterr().out
