"""The docstring of `talkgraph.nodes` is the index of the chain, and true."""

import re

import pytest

from talkgraph import nodes
from talkgraph.engine import node_class, node_ids
from talkgraph.engine.declare.description import ports_line
from tests.places import ROOT

SHARED = {"geometry", "prosody", "training"}


def index():
    """Stage -> id -> ports, as the docstring has it."""
    found = {}
    for line in re.sub(r"\n {8,}", " ", nodes.__doc__).splitlines():  # long lines go on below
        stage, node = re.match(r"(\w+)  +\S", line), re.match(r"    (\w+) +(.*->.*)", line)
        if stage:
            found[stage[1]] = {}
        elif node:
            found[list(found)[-1]][node[1]] = node[2]
    return found


def ours():
    classes = map(node_class, node_ids())
    return [cls for cls in classes if cls.__module__.startswith("talkgraph.nodes.")]


def test_every_folder_is_a_stage_of_the_index():
    folders = {path.parent.name for path in (ROOT / "talkgraph/nodes").glob("*/__init__.py")}
    assert set(index()) == folders - SHARED
    rest = nodes.__doc__.partition("Shared by the stages:")[2]
    shared = set(re.findall(r"`(\w+)`", rest))
    assert shared >= SHARED
    assert shared - SHARED == {
        path.stem for path in (ROOT / "talkgraph/nodes").glob("*.py") if path.stem != "__init__"
    }


def test_every_node_stands_in_its_stage_with_its_ports():
    true = {}
    for cls in ours():
        true.setdefault(cls.__module__.split(".")[2], {})[cls.node_id] = ports_line(cls)
    assert index() == true


def test_the_chain_is_in_order():
    """What a stage takes is made by a stage above it, but for a finished video."""
    made = {"Path"}
    ends = {"write_video", "reopen_video"}  # in the stage of the start, which reads files
    for id in [id for stage in index().values() for id in stage if id not in ends]:
        takes, _, makes = ports_line(node_class(id)).partition(" -> ")
        needed = {one for one in takes.split(", ") if not one.endswith("?") and one != "()"}
        given = {one for name in needed for one in name.split(" | ")} - {
            "None",
            "Crop",
            "View",
            "Frames",
        }
        assert given <= made, id
        made |= set(makes.split(" | "))


@pytest.mark.parametrize("cls", ours(), ids=lambda cls: cls.node_id)
def test_help_tells_parameters_ports_and_an_example(cls):
    text = cls.__doc__
    assert "\nPorts\n-----\n" in text
    for field in cls.__attrs_attrs__:
        assert f"\n{field.name} : " in text
        assert field.metadata["talkgraph"]["help"], field.name
    assert "\nExample:\n    >>> " in text  # run by tests/docs
