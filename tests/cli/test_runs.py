"""`runs`: the last runs, and what became of each step of one."""

import json

import pytest

from talkgraph import Store
from talkgraph.cli.main import main
from talkgraph.engine import Node, node, param
from talkgraph.engine.history import run_records

GRAPH = """
graph: sums
inputs: {x: int}
steps:
  twice: {node: cli_runs_twice, on: {x: x}}
  more: {node: cli_runs_divide, params: {by: 4}, on: {x: twice}}
output: more
"""


@node("cli_runs_twice", version=1)
class Twice(Node):
    def run(self, x: int) -> int:
        return x * 2


@node("cli_runs_divide", version=7)
class Divide(Node):
    by: int = param(1, "divisor")

    def run(self, x: int) -> float:
        return x / self.by


@pytest.fixture
def desk(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TALKGRAPH_STORE", str(tmp_path / "store"))
    (tmp_path / "sums.yaml").write_text(GRAPH)
    return tmp_path


def run(*options):
    return main(["run", "sums.yaml", "-i", "x=3", "-q", *options])


def test_runs_lists_the_last_first_and_shows_one(desk, capsys):
    assert main(["runs"]) == 0
    assert "remembers no run" in capsys.readouterr().out
    assert run() == 0
    assert run("--set", "more.by=0") == 1
    capsys.readouterr()
    failed, done = run_records.runs(Store())
    assert main(["runs"]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith(failed.run_id) and "failed" in first and "division by zero" in first
    assert second.startswith(done.run_id) and "2 of 2 steps ran" in second
    assert main(["runs", "-n", "1"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 1

    for which in ("last", failed.run_id, failed.run_id[:-2]):
        assert main(["runs", which]) == 0
        said = capsys.readouterr().out.splitlines()
        assert said[1].split()[:4] == ["twice", "cli_runs_twice", "v1", "hit"]
        assert said[2].split()[:4] == ["more", "cli_runs_divide", "v7", "failed"]
        assert "division by zero" in said[2]


def test_runs_as_json(desk, capsys):
    run()
    run()
    capsys.readouterr()
    assert main(["runs", "--json"]) == 0
    last, first = json.loads(capsys.readouterr().out)
    assert (first["states"], last["states"]) == ({"run": 2}, {"hit": 2})
    assert (last["graph"], last["outcome"], last["targets"]) == ("sums", "done", ["more"])
    assert main(["runs", "last", "--json"]) == 0
    one = json.loads(capsys.readouterr().out)
    assert one["run_id"] == last["run_id"]
    assert one["steps"]["more"]["parameters"] == {"by": "4"}
    assert one["inputs"]["x"]["value"] == 3


@pytest.mark.parametrize("which", ["nonsense", "../store", ""])
def test_an_unknown_run_is_one_line(desk, capsys, which):
    run()
    run()
    capsys.readouterr()
    assert main(["runs", which]) == 2
    said = capsys.readouterr().err
    assert "`talkgraph runs` lists them" in said and len(said.splitlines()) == 1


@pytest.mark.parametrize(
    "command", [["runs"], ["diff"], ["report", "last"], ["export", "mesh", "last", "-o", "a.glb"]]
)
def test_a_file_in_the_place_of_the_store_is_refused(command, tmp_path, monkeypatch, capsys):
    (tmp_path / "file").write_text("no store")
    monkeypatch.chdir(tmp_path)
    assert main([*command, "--store", str(tmp_path / "file")]) == 2
    assert "a file, not a store; check --store and TALKGRAPH_STORE" in capsys.readouterr().err
