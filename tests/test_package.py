"""`import talkgraph as tg` shows the way to everything, and costs nothing."""

import os
import subprocess
import sys

import pytest

import talkgraph as tg
from talkgraph.errors import GraphError
from tests.places import ROOT

IMPORT = """
import sys, time
before, start = set(sys.modules), time.perf_counter()
import talkgraph
print(time.perf_counter() - start)
print(*sorted({name.partition(".")[0] for name in set(sys.modules) - before}))
"""


def imported():
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", IMPORT], capture_output=True, text=True, check=True, env=environment
    )
    seconds, modules = done.stdout.splitlines()
    return float(seconds), modules.split()


def test_the_import_takes_less_than_a_tenth_of_a_second():
    seconds, modules = min(imported() for _ in range(3))
    assert seconds < 0.1
    assert modules == ["__future__", "talkgraph"]


def test_stages_and_graphs_are_found_by_their_names():
    assert tg.nodes.albedo.DetailedAlbedo.node_id == "detailed_albedo"
    assert tg.graphs.yi2020.graph().name == "yi2020"
    assert {"albedo", "media", "values"} <= set(dir(tg.nodes))
    assert {"yi2020", "photo", "watch"} <= set(dir(tg.graphs))
    assert {"nodes", "graphs", "graph"} <= set(dir(tg))


@pytest.mark.parametrize("name", [*tg.__all__, *tg._ROOMS])
def test_every_name_of_the_face_is_there(name):
    assert getattr(tg, name) is not None


@pytest.mark.parametrize(
    ("place", "name", "meant"),
    [(tg, "Grap", "Graph"), (tg.nodes, "albdo", "albedo"), (tg.graphs, "phtoo", "photo")],
)
def test_a_name_that_is_not_there_gets_the_nearest(place, name, meant):
    with pytest.raises(AttributeError, match=rf"'{name}' \(did you mean '{meant}'\?\)"):
        getattr(place, name)


def test_a_graph_by_its_name():
    assert "refiner" not in tg.graph("yi2020", quality="draft").steps
    assert "refiner" in tg.graph("yi2020", quality="standard").steps
    with pytest.raises(GraphError, match="did you mean 'photo'"):
        tg.graph("foto")
