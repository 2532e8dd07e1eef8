"""`talkgraph nodes`: the index of all nodes, and one of them."""

import code
import inspect
import io
import json
from contextlib import redirect_stdout

import pytest

from talkgraph.cli.main import main
from talkgraph.engine import Node, node, node_class, node_ids, param
from talkgraph.engine.declare import registry


@pytest.fixture
def third_party(monkeypatch):
    node_ids()  # loads ours, which would be forgotten with what is defined below
    monkeypatch.setattr(registry, "_nodes", dict(registry._nodes))

    @node("of_others", version=3)
    class OfOthers(Node):
        """Does something else."""

        size: int = param(3, "how large", unit="px", ge=1)

        def run(self, word: str) -> int: ...

    return OfOthers


def test_the_index_goes_down_the_chain(capsys, third_party):
    assert main(["nodes"]) == 0
    out = capsys.readouterr().out
    heads = [line for line in out.splitlines() if line and not line.startswith(" ")]
    assert heads.index("media") < heads.index("face_fit") < heads.index("render")
    assert third_party.__module__ in heads[heads.index("evaluate") :]
    assert out.index("  detect_faces ") < out.index("  track_face ") < out.index("  fit_face ")
    assert "  of_others             str -> int\n    Does something else." in out


def test_one_node_tells_all(capsys):
    assert main(["nodes", "mfcc"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("mfcc v1, talkgraph.nodes.audio_features.mfcc.Mfcc\n\n")
    about, _, rest = inspect.getdoc(node_class("mfcc")).partition("Example:")
    assert about in out and rest[rest.index("Parameters") :] in out


def example(page):
    """The lines between the heads of the example and of what follows."""
    lines = page.splitlines()
    start = lines.index("Example:") + 1
    heads = [at for at, line in enumerate(lines) if at > start and line.startswith("-----")]
    return lines[start : heads[0] - 1]


class Pasted(code.InteractiveConsole):
    """A plain prompt into which lines are pasted; keeps what it says of errors."""

    def __init__(self, *, runs):
        super().__init__({})
        self.said = ""
        self.runs = runs

    def write(self, data):
        self.said += data

    def runcode(self, code):
        if self.runs:
            super().runcode(code)


@pytest.mark.parametrize("id", ["mfcc", "take_sound"])  # the second has a block
def test_an_example_runs_as_pasted(capsys, id):
    assert main(["nodes", id]) == 0
    lines = example(capsys.readouterr().out)
    prompt, printed = Pasted(runs=True), io.StringIO()
    with redirect_stdout(printed):
        for line in [*lines, ""]:
            prompt.push(line)
    assert not prompt.said
    expected = [line.removeprefix("# ") for line in lines if line.startswith("# ")]
    assert expected and printed.getvalue().splitlines() == expected


def test_a_prompt_takes_every_example(capsys):
    """That they also run, with no name but what they import, is tested with the documentation."""
    ours = [id for id in node_ids() if node_class(id).__module__.startswith("talkgraph.")]
    for id in ours:
        main(["nodes", id])
        prompt = Pasted(runs=False)
        for line in [*example(capsys.readouterr().out), ""]:
            more = prompt.push(line)
        assert not prompt.said and not more, id


def test_json(capsys, third_party):
    assert main(["nodes", "of_others", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["inputs"] == {"word": {"type": "str", "required": True}}
    assert facts["output"] == "int" and facts["version"] == 3
    assert facts["parameters"]["size"] == {
        "type": "int", "needed": False, "default": 3, "unit": "px", "bounds": {"ge": 1},
        "choices": None, "keyed": True, "help": "how large",
    }  # fmt: skip
    assert main(["nodes", "--json"]) == 0
    stages = json.loads(capsys.readouterr().out)
    assert [one["id"] for one in stages["render"]] == ["render", "export_mesh"]


def test_an_unknown_id_gets_the_nearest(capsys):
    assert main(["nodes", "fit_fac"]) == 2
    assert capsys.readouterr().err == (
        "talkgraph nodes: unknown node 'fit_fac' (did you mean 'fit_face'?)\n"
    )
