"""A third party's package: found by name in Python, in graph files and on the command line."""

import json
import os
import shutil
import subprocess
import sys

import pytest

from talkgraph.cli import samples
from tests.places import ROOT

EXAMPLE = ROOT / "tests/engine/example_plugin"

BY_NAME = """
import sys
from pathlib import Path
import talkgraph as tg
from tests.places import ROOT
from talkgraph.engine import node_class

Loudness = node_class("loudness")
graph = tg.Graph.from_yaml(Path(sys.argv[1]).read_text())
assert type(graph.steps["loud"].node) is Loudness and graph.steps["loud"].node.rate == 10
result = graph.run({"audio": sys.argv[2]}).output
print(type(result).__name__, result.decibels.shape, round(float(result.decibels.max())))
print([record.cached for record in graph.run({"audio": sys.argv[2]}).records.values()])
"""

YAML = """
graph: mine
inputs: {audio: Path}
steps:
  speech: {node: read_speech, on: {audio: audio}}
  loud: {node: loudness, params: {rate: 10}, on: {speech: speech}}
output: loud
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The folder that the example is installed into, by its own build from its own pyproject."""
    source = tmp_path_factory.mktemp("source") / "example"
    shutil.copytree(EXAMPLE, source)  # building leaves files behind
    folder = tmp_path_factory.mktemp("site")
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-deps",
         "--no-build-isolation", "--no-index", "--target", folder, source],
        check=True,
    )  # fmt: skip
    return folder


@pytest.fixture
def desk(tmp_path, monkeypatch, installed):
    """A folder with a graph file in it, the example installed, and a store."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", f"{installed}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
    monkeypatch.setenv("TALKGRAPH_STORE", str(tmp_path / "store"))
    (tmp_path / "mine.yaml").write_text(YAML)
    return tmp_path


def python(*words):
    return subprocess.run([sys.executable, *map(str, words)], capture_output=True, text=True)


def talkgraph(*words):
    return python("-m", "talkgraph.cli", *words)


def test_in_python_and_in_a_graph_file(desk):
    done = python("-c", BY_NAME, "mine.yaml", samples.speech())
    assert done.stderr == ""
    first, second = done.stdout.splitlines()
    assert first.startswith("Loudness (5") and second == "[True, True]"


def test_on_the_command_line(desk):
    assert "loudness" in talkgraph("show").stdout.split()
    assert 'n2["loudness<br>loudness"]' in talkgraph("show", "loudness").stdout
    audio = f"audio={samples.speech()}"
    ran = talkgraph("run", "loudness", "-i", audio, "--set", "loudness.rate=10", "--json", "-q")
    assert ran.returncode == 0, ran.stderr
    planned = talkgraph("plan", "mine.yaml", "-i", audio)
    assert "2 hit" in planned.stdout  # one content, whatever the graph and the step are called
    wrong = talkgraph("plan", "loudness", "-i", audio, "--set", "loudness.rate=0")
    assert wrong.returncode == 2
    assert "node 'loudness': parameter 'rate' is 0.0, expected > 0 Hz" in wrong.stderr


def test_it_is_in_the_schema_for_editors(desk):
    found = json.loads(talkgraph("show", "--schema").stdout)
    assert "loudness" in found["$defs"]["step"]["properties"]["node"]["enum"]


@pytest.fixture
def broken(desk, monkeypatch):
    """Another installed package, whose import fails."""
    folder = desk / "other site"
    facts = folder / "broken-1.0.dist-info"
    facts.mkdir(parents=True)
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: broken\nVersion: 1.0\n")
    (facts / "entry_points.txt").write_text(
        "[talkgraph.nodes]\nshaky = broken_stage\n[talkgraph.graphs]\nshaky = broken_stage:graph\n"
    )
    (folder / "broken_stage.py").write_text("import a_library_that_is_not_here\n")
    monkeypatch.setenv("PYTHONPATH", f"{folder}{os.pathsep}{os.environ['PYTHONPATH']}")


def test_a_broken_package_is_one_clear_line_and_breaks_no_other(desk, broken):
    audio = f"audio={samples.speech()}"
    assert talkgraph("plan", "loudness", "-i", audio).returncode == 0
    assert talkgraph("plan", "mine.yaml", "-i", audio).returncode == 0
    shown = talkgraph("show", "shaky")
    assert shown.returncode == 2 and shown.stderr == (
        "talkgraph show: graph 'shaky' of broken_stage:graph cannot be loaded (No module named "
        "'a_library_that_is_not_here'); repair or uninstall that package\n"
    )
    (desk / "mine.yaml").write_text(YAML.replace("node: loudness", "node: shaky"))
    planned = talkgraph("plan", "mine.yaml", "-i", audio)
    assert planned.returncode == 2 and planned.stderr == (
        "talkgraph plan: mine.yaml: unknown node 'shaky'; nodes 'shaky' of broken_stage cannot be "
        "loaded (No module named 'a_library_that_is_not_here'); repair or uninstall that package\n"
    )
    schema = talkgraph("show", "--schema")
    assert schema.returncode == 0 and schema.stderr.startswith(
        "talkgraph show: left out: nodes 'shaky' of broken_stage cannot be loaded"
    )
    assert "loudness" in schema.stdout
