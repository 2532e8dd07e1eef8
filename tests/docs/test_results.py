"""The tables of RESULTS.md are those of the measured files beside it."""

import json
import runpy
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "benchmarks"
TEXT = (FOLDER / "RESULTS.md").read_text(encoding="utf-8")
TORTURE = FOLDER / "results" / "torture.json"
FILES = sorted(set((FOLDER / "results").glob("*.json")) - {TORTURE})


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_measurements(path, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["table.py", str(path)])
    monkeypatch.syspath_prepend(str(FOLDER))  # as for a script; tables lie beside it
    assert runpy.run_path(str(FOLDER / "table.py"))["main"]() == 0
    head, _, table = capsys.readouterr().out.partition("\n")
    assert head.startswith("### `") and table.count("\n|") > 3
    assert table.strip() in TEXT


def test_torture():
    rows = json.loads(TORTURE.read_text())["rows"]
    assert len(rows) > 100
    for row in rows:
        cases, count = f"{row['done']:,}/{row['total']:,}", len(row["violations"])
        assert f"| {row['name']} | {cases} | {count} | {row['seconds']:.0f} |\n" in TEXT
