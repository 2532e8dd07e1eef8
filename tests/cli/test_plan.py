"""`plan` says why each step would run, for every kind of change, as a user makes it."""

import json
import subprocess
import sys
import textwrap

import pytest

NODES = """
    from pathlib import Path
    import numpy as np
    from talkgraph import Frames, Node, node, param
    from recipe import spice

    @node("plan_read", version=1)
    class Read(Node):
        def run(self, text: Path) -> int:
            return len(text.read_text().strip())

    @node("plan_cook", version=1)
    class Cook(Node):
        heat: float = param(2.0, "heat")
        threads: int = param(1, "threads", keyed=False)

        def run(self, amount: int, guests: int, salt: int | None = None) -> float:
            return spice(amount * self.heat) + guests + (salt or 0)

    @node("plan_fry", version=1)
    class Fry(Node):
        heat: float = param(2.0, "heat")

        def run(self, amount: int, guests: int) -> float:
            return amount * self.heat + guests

    @node("plan_film", version=1, transient=True)
    class Film(Node):
        grey: int = param(7, "grey")

        def run(self, level: float) -> Frames:
            return Frames(8, (2, 2, 3), lambda a, b: np.full((b - a, 2, 2, 3), self.grey, np.uint8))

    @node("plan_mean", version=1)
    class Mean(Node):
        def run(self, frames: Frames) -> float:
            return float(frames[0:8].mean())
    """

RECIPE = """
    def spice(amount):
        return amount + 1
    """

GRAPH = """
    graph: dinner
    inputs: {text: Path, guests: int}
    steps:
      read: {node: plan_read, on: {text: text}}
      cook: {node: plan_cook, on: {amount: read, guests: guests}}
      film: {node: plan_film, on: {level: cook}}
      mean: {node: plan_mean, on: {frames: film}}
    output: mean
    """

TOOL = "import sys, nodes\nfrom talkgraph.cli.main import main\nsys.exit(main(sys.argv[1:]))\n"


class Kitchen:
    """A user's folder: nodes, a helper, a graph, inputs and a store; each call is a process."""

    def __init__(self, folder):
        self.folder = folder
        for name, text in (
            ("nodes.py", NODES),
            ("recipe.py", RECIPE),
            ("dinner.yaml", GRAPH),
            ("tool.py", TOOL),
            ("menu.txt", "soup"),
            ("feast.txt", "everything"),
        ):
            self.write(name, text)  # fmt: skip

    def write(self, name, text):
        (self.folder / name).write_text(textwrap.dedent(text))

    def edit(self, name, old, new):
        text = (self.folder / name).read_text()
        assert old in text
        (self.folder / name).write_text(text.replace(old, new))

    def call(self, command, *options, text="menu.txt", guests="2"):
        words = [command, "dinner.yaml", "-i", f"text={text}", "-i", f"guests={guests}", *options]
        done = subprocess.run(
            [sys.executable, "tool.py", *words, "--store", "store"], cwd=self.folder,
            capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        return done.stdout

    def why(self, *options, **inputs):
        """Step -> "state: reason", where it is no plain hit."""
        steps = json.loads(self.call("plan", "--json", *options, **inputs))["steps"]
        plain = ("hit: stored", "streamed: made where it is needed, not stored")
        said = {name: f"{step['state']}: {step['reason']}" for name, step in steps.items()}
        return {name: text for name, text in said.items() if text not in plain}


@pytest.fixture(scope="module")
def kitchen(tmp_path_factory):
    """Everything was made once."""
    made = Kitchen(tmp_path_factory.mktemp("küche mit raum"))
    assert made.why() == {
        "read": "run: first run",
        "cook": "pending: waits for read",
        "film": "pending: waits for cook",
        "mean": "pending: waits for film",
    }
    made.call("run", "-q")
    assert made.why() == {}
    return made


BELOW = {"film": "pending: waits for cook", "mean": "pending: waits for film"}


def test_a_parameter_of_a_stored_and_of_a_streamed_step(kitchen):
    heat = {"cook": "run: parameter heat changed from 2.0 to 3.5", **BELOW}
    assert kitchen.why("--set", "cook.heat=3.5") == heat
    assert kitchen.why("--set", "cook.heat=2.0", "--set", "cook.threads=9") == {}
    assert kitchen.why("--set", "film.grey=8") == {
        "film": "streamed: parameter grey changed from 7 to 8", "mean": "run: input film changed",
    }  # fmt: skip


def test_inputs(kitchen):
    assert kitchen.why(guests="3") == {"cook": "run: input guests changed from 2 to 3", **BELOW}
    feast = kitchen.why(text="feast.txt")
    assert feast["read"] == "run: input text changed from menu.txt to feast.txt"
    assert feast["cook"] == "pending: waits for read"
    kitchen.write("copy.txt", "soup")
    assert kitchen.why(text="copy.txt") == {}  # the name of a file is not its content
    kitchen.write("menu.txt", "pie")
    assert kitchen.why()["read"] == "run: input text (menu.txt) has other content"
    kitchen.write("menu.txt", "soup")
    assert kitchen.why() == {}


def test_force_and_until(kitchen):
    assert kitchen.why("--force", "read")["read"] == "run: forced"
    assert kitchen.why("--until", "read", guests="5") == {}


def test_ports_and_nodes(kitchen):
    kitchen.edit("dinner.yaml", "guests: guests}", "guests: guests, salt: guests}")
    assert kitchen.why() == {"cook": "run: port salt was not bound", **BELOW}
    kitchen.write("dinner.yaml", GRAPH)
    kitchen.edit("dinner.yaml", "guests: guests}", "guests: read}")
    assert kitchen.why() == {"cook": "run: port guests reads read, before guests", **BELOW}
    kitchen.write("dinner.yaml", GRAPH)
    kitchen.edit("dinner.yaml", "plan_cook", "plan_fry")
    assert kitchen.why() == {
        "cook": "run: first run of this node here; before, it was plan_cook", **BELOW,
    }  # fmt: skip
    kitchen.write("dinner.yaml", GRAPH)
    kitchen.edit("dinner.yaml", "read:", "look:")
    kitchen.edit("dinner.yaml", "amount: read", "amount: look")
    kitchen.edit("dinner.yaml", "graph: dinner", "graph: supper")
    assert kitchen.why() == {}  # names are not content
    kitchen.write("dinner.yaml", GRAPH)


def test_code(kitchen):
    kitchen.edit("recipe.py", "amount + 1", "amount + 2")
    assert kitchen.why() == {"cook": "run: code of recipe.spice changed", **BELOW}
    kitchen.write("recipe.py", "# a comment\n" + textwrap.dedent(RECIPE))
    assert kitchen.why() == {}
    kitchen.edit("nodes.py", "(salt or 0)", "2 * (salt or 0)")
    assert kitchen.why() == {"cook": "run: code of the node changed", **BELOW}
    kitchen.write("nodes.py", NODES)
    kitchen.edit("nodes.py", '"plan_film", version=1', '"plan_film", version=2')
    assert kitchen.why() == {
        "film": "streamed: version changed from 1 to 2", "mean": "run: input film changed",
    }  # fmt: skip
    kitchen.write("nodes.py", NODES)
    kitchen.edit(
        "nodes.py", '    grey: int = param(7, "grey")\n',
        '    grey: int = param(7, "grey")\n    frame: int = param(0, "frame")\n',
    )  # fmt: skip
    kitchen.edit("nodes.py", "self.grey, np", "self.grey + self.frame, np")
    assert kitchen.why()["film"] == (
        "streamed: parameter frame is new (0); code of the node changed"
    )
    kitchen.write("nodes.py", NODES)
    assert kitchen.why() == {}


def test_the_table_for_people(kitchen):
    said = kitchen.call("plan", "--set", "cook.heat=3.5").splitlines()
    assert said[0] == "plan of dinner: 1 hit, 1 run, 2 pending"
    assert said[1].split() == ["step", "node", "state", "why"]
    assert said[3].split(maxsplit=3) == [
        "cook", "plan_cook", "run", "parameter heat changed from 2.0 to 3.5",
    ]  # fmt: skip


def test_results_that_are_gone_or_damaged(kitchen):
    key = json.loads(kitchen.call("plan", "--json"))["steps"]["cook"]["key"]
    record = kitchen.folder / "store" / "actions" / key[:2] / f"{key}.json"
    data = record.read_bytes()
    record.unlink()
    assert kitchen.why()["cook"] == "run: its result is no longer in the store"
    record.write_bytes(data[:-10])
    said = kitchen.why()["cook"]
    assert said.startswith("run: stored record") and "damaged" in said
    record.write_bytes(data)
    assert kitchen.why() == {}


def test_a_run_says_the_same_reason_and_keeps_it(kitchen):
    why = kitchen.why("--set", "cook.heat=4")["cook"]
    kitchen.call("run", "-q", "--set", "cook.heat=4")
    done = subprocess.run(
        [sys.executable, "tool.py", "runs", "last", "--json", "--store", "store"],
        cwd=kitchen.folder, capture_output=True, text=True, check=True,
    )  # fmt: skip
    steps = json.loads(done.stdout)["steps"]
    assert f"{steps['cook']['state']}: {steps['cook']['reason']}" == why
