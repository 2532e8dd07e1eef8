"""`diff`: what differs between two runs."""

import json

import pytest

from talkgraph import Store
from talkgraph.cli.main import main
from talkgraph.engine import Node, node, param
from talkgraph.engine.history.run_records import runs
from talkgraph.report.page import write_report
from talkgraph.report.run_values import RunValues

GRAPH = """
graph: sums
inputs: {x: int}
steps:
  more: {node: cli_diff_divide, on: {x: x}}
"""


@node("cli_diff_divide", version=7)
class Divide(Node):
    by: int = param(1, "divisor")

    def run(self, x: int) -> float:
        return x / self.by


@pytest.fixture
def desk(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TALKGRAPH_STORE", str(tmp_path / "store"))
    (tmp_path / "sums.yaml").write_text(GRAPH)
    for settings in ((), ("--set", "more.by=2")):
        assert main(["run", "sums.yaml", "-i", "x=3", "-q", *settings]) == 0
    return tmp_path


def test_the_last_two_runs_are_compared_unless_others_are_named(desk, capsys):
    capsys.readouterr()
    after, before = runs(Store())
    assert main(["diff"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"{before.run_id} -> {after.run_id}: 2 differences",
        "more  parameter by  1 -> 2",
        "more  figure        3 -> 1.5",
    ]
    assert main(["diff", "last", before.run_id]) == 0
    assert "more  parameter by  2 -> 1" in capsys.readouterr().out
    assert main(["diff", "last", "last"]) == 0
    assert capsys.readouterr().out.endswith(": nothing differs\n")


def test_differences_as_json(desk, capsys):
    capsys.readouterr()
    assert main(["diff", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["before"] < told["after"]
    assert told["differences"][0] == {
        "what": "parameter", "step": "more", "name": "by", "before": "1", "after": "2",
    }  # fmt: skip


def test_a_run_that_is_not_there_is_said(desk, capsys):
    assert main(["diff", "last~9", "last"]) == 2
    assert "there is no run 'last~9'; `talkgraph runs` lists them" in capsys.readouterr().err


def test_the_page_tells_what_differs_from_the_run_before(desk):
    store = Store()
    after, before = runs(store)
    pages = []
    for run in (after, before):
        with RunValues(run, store) as values:
            write_report(values, desk / "page.html")
        pages.append((desk / "page.html").read_text())
    assert f"2 differences from run {before.run_id}" in pages[0]
    assert "parameter by" in pages[0]
    assert "Compared with the run before" not in pages[1]
