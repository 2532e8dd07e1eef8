"""`run`, `plan`, `show`, `cache` and `models` on small graphs, in this process."""

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from talkgraph import engine, value
from talkgraph.cache.files import File
from talkgraph.cli.main import main
from talkgraph.engine import Node, graph, node, param
from talkgraph.errors import InputError
from talkgraph.nodes.networks import networks_of

GRAPH = """
graph: greeting
inputs: {text: Path, times: int}
steps:
  read: {node: cli_test_read, on: {text: text}}
  shout: {node: cli_test_shout, params: {mark: "!"}, on: {words: read, times: times}}
output: shout
"""


@node("cli_test_read", version=1)
class Read(Node):
    """The text of a file."""

    def run(self, text: Path) -> str:
        words = text.read_text()
        if not words:
            raise InputError(f"{text}: empty; write something into it")
        if words == "mumble":
            raise InputError("nobody understands it; speak up")
        return words


@node("cli_test_shout", version=1)
class Shout(Node):
    """The words in capitals, in a file."""

    mark: str = param("!", "put at the end")
    scale: float = param(1.0, "unused", ge=0)
    broken: bool = param(False, "fail")

    def run(self, words: str, times: int) -> File:
        if self.broken:
            raise ZeroDivisionError("nothing left")
        engine.note("it is loud")
        path = engine.scratch_folder() / "loud.txt"
        path.write_text((words.upper() + self.mark) * times)
        return File(path)


TONE = """
graph: tone
inputs: {rate: int}
steps:
  tone: {node: cli_test_tone, on: {rate: rate}}
"""


@value("cli_test_tone")
class Tone:
    wave: NDArray[np.float32]
    rate: int


@node("cli_test_tone", version=1)
class MakeTone(Node):
    """A second of a tone."""

    def run(self, rate: int) -> Tone:
        return Tone(wave=np.sin(np.arange(rate, dtype=np.float32)), rate=rate)


@pytest.fixture
def desk(tmp_path, monkeypatch):
    """A folder with a graph file and a text file, and a store beside them."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TALKGRAPH_STORE", str(tmp_path / "store"))
    (tmp_path / "greeting.yaml").write_text(GRAPH)
    (tmp_path / "grüße an alle.txt").write_text("hello")
    return tmp_path


INPUTS = ["-i", "text=grüße an alle.txt", "-i", "times=2"]


def test_a_run_makes_the_file_and_a_second_one_computes_nothing(desk, capsys):
    arguments = ["run", "greeting.yaml", *INPUTS, "-o", "out.txt", "--json"]
    assert main(arguments) == 0
    first = json.loads(capsys.readouterr().out)
    assert (desk / "out.txt").read_text() == "HELLO!HELLO!"
    assert [stage["cached"] for stage in first["stages"].values()] == [False, False]
    assert main(arguments) == 0
    printed = capsys.readouterr()
    second = json.loads(printed.out)
    assert [stage["cached"] for stage in second["stages"].values()] == [True, True]
    assert "2 stages from the store" in printed.err
    assert "it is loud" in printed.err


def test_json_gives_the_value_that_came_out(desk, capsys):
    """Plain data whole, however long; of others the kind, and the digest that `runs` has, too."""
    (desk / "grüße an alle.txt").write_text("hello " * 50)
    said = ["-q", "--json"]
    assert main(["run", "greeting.yaml", *INPUTS, "--until", "read", *said]) == 0
    assert json.loads(capsys.readouterr().out)["output"] == "hello " * 50
    assert main(["run", "greeting.yaml", *INPUTS, *said]) == 0
    path = Path(json.loads(capsys.readouterr().out)["output"])
    assert path.suffix == ".txt" and path.read_text().startswith("HELLO")
    (desk / "tone.yaml").write_text(TONE)
    assert main(["run", "tone.yaml", "-i", "rate=8", *said]) == 0
    whole = json.loads(capsys.readouterr().out)["output"]
    assert main(["runs", "last", "--json"]) == 0
    [step] = json.loads(capsys.readouterr().out)["steps"].values()
    assert whole == {"kind": "Tone", "digest": step["result"]}
    until = ["--until", "tone.wave", "--until", "tone.rate"]
    assert main(["run", "tone.yaml", "-i", "rate=8", *until, *said]) == 0
    parts = json.loads(capsys.readouterr().out)["output"]
    assert parts["tone.rate"] == 8 and parts["tone.wave"]["kind"] == "ndarray"
    assert len(parts["tone.wave"]["digest"]) == 64


def test_the_store_may_be_a_url(desk, capsys, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(desk / "caches"))
    words = ["run", "greeting.yaml", *INPUTS, "-q", "--store", f"file://{desk}/far"]
    assert main(words) == 0
    assert len(list((desk / "far/actions").rglob("*.json"))) == 2
    assert not (desk / "file:").exists()


def test_quiet_says_nothing(desk, capsys):
    assert main(["run", "greeting.yaml", *INPUTS, "-o", "out.txt", "--quiet"]) == 0
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("", "")


def test_settings_change_parameters(desk):
    settings = ["--set", "shout.mark=?", "--set", "shout.scale=2"]
    assert main(["run", "greeting.yaml", *INPUTS, "-o", "out.txt", "-q", *settings]) == 0
    assert (desk / "out.txt").read_text() == "HELLO?HELLO?"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["greting.yaml", *INPUTS], "greting.yaml: no such graph file"),
        (["phtoo", *INPUTS], "did you mean 'photo'"),
        (["greeting.yaml", "-i", "txet=a"], "did you mean 'text'"),
        (["greeting.yaml", "-i", "text"], "not of the form name=value"),
        (["greeting.yaml", "-i", "text=nowhere.txt", "-i", "times=2"], "nowhere.txt"),
        (["greeting.yaml", "-i", "text=empty.txt", "-i", "times=2"], "empty.txt: empty"),
        (["greeting.yaml", "-i", "text=m.txt", "-i", "times=2"], "m.txt: nobody understands it"),
        (["greeting.yaml", "-i", "text=greeting.yaml"], "needs input 'times'"),
        (["greeting.yaml", "-i", "text=greeting.yaml", "-i", "times=two"], "expected int"),
        (["greeting.yaml", *INPUTS, "--set", "shuot.mark=?"], "did you mean 'shout'"),
        (["greeting.yaml", *INPUTS, "--set", "shout.marc=?"], "did you mean 'mark'"),
        (["greeting.yaml", *INPUTS, "--set", "shout.scale=loud"], "scale"),
        (["greeting.yaml", *INPUTS, "--set", "shout.scale=-1"], "scale"),
        (["greeting.yaml", *INPUTS, "--set", "mark=?"], "step.parameter=value"),
        (["greeting.yaml", *INPUTS, "--until", "shuot"], "did you mean 'shout'"),
        (["greeting.yaml", *INPUTS, "-o", "nowhere/out.txt"], "nowhere"),
        (["greeting.yaml", *INPUTS, "-o", "out.txt", "--until", "read"], "makes no file"),
        (
            ["greeting.yaml", *INPUTS, "-o", "out.txt", "--until", "read", "--until", "shout"],
            "--output takes one file",
        ),
        (["greeting.yaml", *INPUTS, "--quality", "best"], "--quality is for named graphs"),
        (
            ["greeting.yaml", *INPUTS, "--set", "shout.mark=a", "--set", "shout.mark=b"],
            "--set shout.mark=b: 'shout.mark' is given twice; give it once",
        ),
        (
            ["greeting.yaml", *INPUTS, "--executor", "joblib", "--scheduler", "tcp://a:1"],
            "--scheduler is for dask, not joblib",
        ),
        (["greeting.yaml", *INPUTS, "--workers", "0"], "--workers 0: give 1 or more"),
        (["latin.yaml", *INPUTS], "latin.yaml: the graph file cannot be read"),
        (["broken.yaml", *INPUTS], "broken.yaml"),
        (["typo.yaml", *INPUTS], "did you mean 'cli_test_shout'"),
    ],
)
def test_what_the_user_can_mend_is_one_line_and_exit_code_2(desk, capsys, arguments, words):
    (desk / "empty.txt").touch()
    (desk / "m.txt").write_text("mumble")
    (desk / "broken.yaml").write_text("graph: [")
    (desk / "latin.yaml").write_bytes("graph: grüße".encode("latin-1"))
    (desk / "typo.yaml").write_text(GRAPH.replace("cli_test_shout", "cli_test_shuot"))
    before = sorted(desk.glob("*"))
    assert main(["run", *arguments, "--quiet"]) == 2
    printed = capsys.readouterr()
    assert words in printed.err
    assert len(printed.err.splitlines()) == 1
    assert printed.out == ""
    assert [path for path in sorted(desk.glob("*")) if path.name != "store"] == before


def test_a_node_that_breaks_is_exit_code_1_and_debug_shows_where(desk, capsys):
    arguments = ["run", "greeting.yaml", *INPUTS, "--set", "shout.broken=true"]
    assert main([*arguments, "-o", "out.txt"]) == 1
    plain = capsys.readouterr().err
    assert "step 'shout' (cli_test_shout) failed: ZeroDivisionError: nothing left" in plain
    assert "Traceback" not in plain
    assert not (desk / "out.txt").exists()
    assert main([*arguments, "--debug"]) == 1
    assert "Traceback" in capsys.readouterr().err


def test_ctrl_c_is_exit_code_130_with_a_word_on_the_cache(desk, capsys, monkeypatch):
    def interrupt(self, text: Path) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr(Read, "run", interrupt)
    assert main(["run", "greeting.yaml", *INPUTS, "-o", "out.txt"]) == 130
    assert "finished stages are kept" in capsys.readouterr().err
    assert not (desk / "out.txt").exists()


def test_plan_says_what_would_run_and_runs_nothing(desk, capsys):
    assert main(["plan", "greeting.yaml", *INPUTS, "--json"]) == 0
    steps = json.loads(capsys.readouterr().out)["steps"]
    assert [step["state"] for step in steps.values()] == ["run", "pending"]
    assert not list(desk.glob("store/actions/**/*.json"))
    main(["run", "greeting.yaml", *INPUTS, "-q"])
    assert main(["plan", "greeting.yaml", *INPUTS, "--set", "shout.mark=?"]) == 0
    printed = capsys.readouterr().out
    assert "1 hit, 1 run" in printed
    assert "mark" in printed


def test_show_draws_every_step_and_edge(desk, capsys):
    assert main(["show", "greeting.yaml"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "flowchart TD",
        '  n0(["text: Path"])',
        '  n1(["times: int"])',
        '  n2["read<br>cli_test_read"]',
        '  n3["shout<br>cli_test_shout"]',
        "  n0 --> n2",
        '  n2 -- "words" --> n3',
        "  n1 --> n3",
        "  style n3 stroke-width:3px",
    ]
    assert main(["show", "greeting.yaml", "--format", "yaml", "--set", "shout.mark=?"]) == 0
    (desk / "again.yaml").write_text(capsys.readouterr().out)
    assert main(["run", "again.yaml", *INPUTS, "-o", "out.txt", "-q"]) == 0
    assert (desk / "out.txt").read_text() == "HELLO?HELLO?"


def test_show_without_a_name_lists_the_graphs(capsys):
    assert main(["show"]) == 0
    assert {"photo", "yi2020"} <= set(capsys.readouterr().out.split())


def test_cache_lists_explains_removes_and_verifies(desk, capsys):
    main(["run", "greeting.yaml", *INPUTS, "-q"])
    assert main(["cache", "ls", "--json"]) == 0
    entries = json.loads(capsys.readouterr().out)
    assert {entry["step"] for entry in entries} == {"read", "shout"}
    assert main(["cache", "ls"]) == 0
    assert "greeting:shout" in capsys.readouterr().out
    assert main(["cache", "why", entries[0]["key"][:12]]) == 0
    assert "of graph greeting" in capsys.readouterr().out
    assert main(["cache", "why", "cli_test_shout", "--json"]) == 0
    made = json.loads(capsys.readouterr().out)
    assert (made["step"], made["version"], made["parameters"]["mark"]) == ("shout", 1, "'!'")
    assert made["inputs"]["words"]["source"] == "read"
    assert made["notes"] == ["it is loud"]
    assert set(made["machine"]) == {"host", "system", "cpu", "gpu"}
    assert main(["cache", "verify"]) == 0
    assert "is whole" in capsys.readouterr().out
    assert main(["cache", "rm", "shout"]) == 0
    assert main(["cache", "rm", "shout"]) == 2
    assert "no result 'shout'" in capsys.readouterr().err
    assert main(["cache", "gc", "--limit", "0"]) == 0
    capsys.readouterr()
    assert main(["cache", "ls", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == []
    assert main(["cache", "du", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["steps"] == {}


def test_cache_verify_finds_a_flipped_bit(desk, capsys):
    main(["run", "greeting.yaml", *INPUTS, "-q"])
    blob = next(path for path in (desk / "store" / "blobs").rglob("*") if path.is_file())
    blob.chmod(0o600)
    blob.write_bytes(bytes([blob.read_bytes()[0] ^ 1]) + blob.read_bytes()[1:])
    assert main(["cache", "verify"]) == 2
    assert "changed content" in capsys.readouterr().out
    assert main(["cache", "verify"]) == 0


def test_a_store_that_cannot_be_made_is_refused(desk, capsys):
    (desk / "file").touch()
    assert main(["run", "greeting.yaml", *INPUTS, "--store", "file/store"]) == 2
    assert "file/store: Not a directory" in capsys.readouterr().err


def test_models_of_a_graph_are_those_that_its_steps_load(desk, capsys, monkeypatch):
    text = "graph: g\nsteps: {a: {node: load_network, params: {name: general-mapping-mfcc}}}\n"
    (desk / "g.yaml").write_text(text)
    assert main(["models", "pull", "--graph", "g.yaml", "--json"]) == 0
    assert list(json.loads(capsys.readouterr().out)) == ["general-mapping-mfcc"]
    found = networks_of(graph("yi2020", quality="standard"))
    assert found[0] == "face-detector" and {"face-identity", "voice-activity"} < set(found)
    assert len(found) == len(set(found))
    assert "face-identity" not in networks_of(graph("photo"))


def test_models_that_do_not_exist_are_refused_with_the_nearest(desk, capsys, monkeypatch):
    monkeypatch.setenv("TALKGRAPH_MODELS", str(desk / "models"))
    assert main(["models", "list", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    here = {row["name"] for row in rows if row["state"] != "absent"}
    assert here == {row["name"] for row in rows if row["source"] == "shipped with talkgraph"}
    assert all(row["licence"] for row in rows)
    assert main(["models", "convert", "arcface", str(desk / "a.onnx")]) == 2
    assert "'arcface' is not converted from a published file" in capsys.readouterr().err
    for action in ("where", "pull", "verify"):
        assert main(["models", action, "face-detektor"]) == 2
        assert "did you mean 'face-detector'" in capsys.readouterr().err
    assert main(["models", "where", "face-detector"]) == 2
    assert "talkgraph models pull face-detector" in capsys.readouterr().err
    assert main(["models", "where"]) == 0
    assert capsys.readouterr().out.strip() == str(desk / "models")
