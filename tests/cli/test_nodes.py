"""`talkgraph nodes`: the index of all nodes, and one of them."""

import json

import pytest

from talkgraph.cli.main import main
from talkgraph.engine import Node, node, node_class, param
from talkgraph.engine.declare import registry


@pytest.fixture
def third_party(monkeypatch):
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
    assert node_class("mfcc").__doc__ in out


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
