"""`cache` with a store at a URL, and `cache export` and `import`."""

import json
import os

import numpy as np
import pytest

from talkgraph import Store
from talkgraph.cli.main import main
from talkgraph.cli.progress import Lines
from talkgraph.engine import Node, Note, node

KEY = "ab" * 32
OTHER = "cd" * 32


@pytest.fixture
def url(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("TALKGRAPH_STORE", raising=False)
    return f"file://{tmp_path}/far"


def put(store, step="words"):
    with store.in_use():
        store.put(KEY, np.arange(2000), facts=lambda: {"graph": "g", "step": step, "node": "n"})


def test_a_store_at_a_url_is_looked_after_where_it_is_near(url, capsys):
    put(Store(url))
    assert main(["cache", "ls", "--store", url]) == 0
    said = capsys.readouterr()
    assert said.out.startswith(KEY[:12]) and "g:words" in said.out
    assert said.err == f"the near tier of {url}: {Store(url).path}\n"
    assert main(["cache", "gc", "--limit", "1", "--store", url, "--json"]) == 0
    said = capsys.readouterr()
    assert json.loads(said.out)["results"] == 1 and "near tier" in said.err
    assert main(["cache", "du", "--store", url, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["store"] == str(Store(url).path)
    assert Store(url).action(KEY) is not None  # it is still at the remote
    assert main(["cache", "verify", "--store", url]) == 0


@node("cli_cache_twice", version=1)
class Twice(Node):
    def run(self, x: int) -> int:
        return x * 2


def test_a_graph_runs_with_a_store_at_a_url(url, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "one.yaml").write_text(
        "graph: one\ninputs: {x: int}\nsteps: {a: {node: cli_cache_twice, on: {x: x}}}\noutput: a\n"
    )
    command = ["one.yaml", "-i", "x=3", "--store", url]
    assert main(["run", *command, "-q"]) == 0
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "another machine"))
    capsys.readouterr()
    assert main(["plan", *command]) == 0
    assert "stored" in capsys.readouterr().out


def test_an_outage_is_said_once_and_at_the_end(url, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "one.yaml").write_text(
        "graph: one\ninputs: {x: int}\nsteps: {a: {node: cli_cache_twice, on: {x: x}}}\noutput: a\n"
    )
    (tmp_path / "far").write_text("a file where the folder should be")
    assert main(["run", "one.yaml", "-i", "x=3", "--store", url, "--report", "r.html"]) == 0
    said = capsys.readouterr().err.splitlines()
    (note,) = [line for line in said if "cannot be reached" in line]
    assert note.startswith(f"note: store {url} cannot be reached") and said[-2] == note
    assert main(["runs", "last", "--store", url]) == 0
    assert note in capsys.readouterr().out.splitlines()
    page = (tmp_path / "r.html").read_text()
    assert page.index("cannot be reached") < page.index("The result")


def test_what_a_stranger_wrote_is_not_obeyed_by_the_terminal(tmp_path, capsys):
    store = Store(tmp_path / "store")
    facts = {"graph": "g", "step": "\x1b[2Jx\nremoved", "node": "n\x07", "notes": ["\x1b[31m"]}
    store.put(KEY, 1, facts=lambda: {**facts, "parameters": {"\r": (0, "\b")}, "inputs": {}})
    for command in (["ls"], ["du"], ["why", KEY], ["rm", KEY]):
        assert main(["cache", *command, "--store", str(store.path)]) == 0
        said = capsys.readouterr().out
        assert all(line.isprintable() for line in said.splitlines()) and "\ufffd[2Jx\ufffdr" in said
    watch = Lines()
    watch(Note("step", "\x1b[31m"))
    assert capsys.readouterr().err == "step: note: \ufffd[31m\n"


def test_why_tells_what_a_result_was_made_from(tmp_path, capsys):
    store = Store(tmp_path / "store")
    facts = {
        "graph": "g", "step": "again", "node": "m", "version": 4, "seconds": 2.5,
        "notes": ["a note"], "parameters": {"size": ["x", "3"]},
        "inputs": {"port": ["f" * 64, "above"]},
        "machine": {"host": "oven", "system": "Linux", "cpu": "8 cores", "gpu": None},
        "talkgraph": "9.9", "python": "CPython 3.99",
    }  # fmt: skip
    for key in (OTHER, KEY):
        store.put(key, key, facts=lambda: facts)
    os.utime(store.action_path(OTHER), (1000, 1000))
    assert main(["cache", "why", "again", "--store", str(store.path)]) == 0
    said = capsys.readouterr().out
    assert said.startswith(KEY)
    for part in (
        "step again of graph g: node m version 4", "in 2.50 s", "on oven: Linux, 8 cores\n",
        "with talkgraph 9.9, CPython 3.99", "parameter size = 3", "port port = above",
        "note: a note", f"1 more of that name: {OTHER[:12]}",
    ):  # fmt: skip
        assert part in said
    store.put(KEY, 1, facts=lambda: {**facts, "machine": "x"})
    assert main(["cache", "why", KEY, "--store", str(store.path)]) == 2
    assert "is not one of ours" in capsys.readouterr().err


def test_export_and_import(tmp_path, capsys):
    one, two, file = (str(tmp_path / name) for name in ("one", "two", "all.zip"))
    put(Store(one))
    assert main(["cache", "export", file, "--store", one]) == 0
    assert capsys.readouterr().out.startswith(f"{file}: 1 results, ")
    assert main(["cache", "export", file, "words", KEY[:9], "--store", one, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["results"] == 1
    assert main(["cache", "import", file, "--store", two]) == 0
    assert capsys.readouterr().out == f"{file}: 1 results\n"
    assert main(["cache", "import", file, "--store", two]) == 0
    assert "1 of them known already" in capsys.readouterr().out
    found = Store(two)
    assert found.load(found.action(KEY)["output"])[1999] == 1999


def test_a_file_may_be_named_from_where_one_is(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    put(Store(tmp_path / "one"))
    assert main(["cache", "export", "all.zip", "--store", "one"]) == 0
    assert capsys.readouterr().out.startswith("all.zip: 1 results, ")
    assert main(["cache", "import", "./all.zip", "--store", "two"]) == 0


def test_refusals_are_one_line(url, tmp_path, capsys):
    store, file = str(tmp_path / "store"), tmp_path / "x.zip"
    file.write_bytes(b"x" * 2000)
    for command, said in (
        (["import", str(file)], "nothing was imported"),
        (["import", str(tmp_path / "nosuch")], "No such file"),
        (["export", str(file), "nosuch"], "no result 'nosuch'"),
        (["export", str(tmp_path / "nosuch" / "x.zip")], "cannot be written"),
    ):
        assert main(["cache", *command, "--store", store]) == 2
        lines = capsys.readouterr().err.splitlines()
        assert len(lines) == 1 and said in lines[0], lines
    assert main(["cache", "ls", "--store", "nosuch://x"]) == 0
    assert main(["cache", "import", str(file), "--store", "nosuch://x"]) == 2
    assert "check the URL" in capsys.readouterr().err


@pytest.mark.parametrize("size", ["much", "-1G", "5X", "nan"])
def test_a_limit_that_is_no_size_is_refused(capsys, size):
    with pytest.raises(SystemExit) as caught:
        main(["cache", "gc", f"--limit={size}"])
    assert caught.value.code == 2
    said = capsys.readouterr().err.splitlines()[-1]
    assert f"'{size}' is no size; write it as 500M or 20G" in said
