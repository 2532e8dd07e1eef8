"""A node of ten lines, defined in the cell of a notebook, in IPython as it is."""

import json
import subprocess
import sys

NODE = '''
from talkgraph import Graph, Node, Store, node, param

@node("notebook_scale", version=1)
class Scale(Node):
    """Scale a number."""
    factor: float = param(2.0, "factor", gt=0)

    def run(self, x: float) -> float:
        return helper(x) * self.factor
'''
HELPER = "def helper(x):\n    return x + SHIFT"
SHIFT = "SHIFT = 1"
RUN = """
graph = Graph("notebook", inputs={"x": float}, steps={"scale": Scale().on(x="x")})
result = graph.run({"x": 3}, store=store)
"""

KERNEL = """
import json, sys
from IPython.core.interactiveshell import InteractiveShell
from talkgraph import Store

sys.path.insert(0, "")
sys.dont_write_bytecode = True
shell = InteractiveShell.instance()
shell.push({"store": Store(sys.argv[1], durable=False)})
for cell in json.load(sys.stdin):
    done = shell.run_cell(cell, store_history=True, silent=False)
    if not done.success:
        sys.exit(1)
    record = shell.user_ns.pop("result", None)
    if record is not None:
        record = record.records["scale"]
        said = [shell.user_ns["graph"].run({"x": 3}, store=shell.user_ns["store"]).output]
        sys.stderr.write(json.dumps([*said, record.cached, record.reason]) + "\\n")
"""


def kernel(tmp_path, *cells):
    """What each run in a fresh kernel gave: value, whether it was cached, and why."""
    done = subprocess.run(
        [sys.executable, "-c", KERNEL, tmp_path / "store"],
        input=json.dumps(cells), capture_output=True, text=True, cwd=tmp_path,
        env={"IPYTHONDIR": str(tmp_path / "ipython"), "PATH": "", "HOME": str(tmp_path)},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return [json.loads(line) for line in done.stderr.splitlines() if line.startswith("[")]


def test_results_last_across_cells_and_kernels(tmp_path):
    first = kernel(tmp_path, SHIFT, HELPER, NODE, RUN, RUN, "unrelated = 1", RUN)
    assert first == [[8.0, False, "first run"]] + [[8.0, True, "stored"]] * 2
    # a new kernel: other cell numbers, the cells in one, another cell before
    assert kernel(tmp_path, "other = 2", "\n".join((SHIFT, HELPER, NODE)), RUN) == [
        [8.0, True, "stored"]
    ]


def test_an_edited_cell_reruns_what_uses_it_and_nothing_else(tmp_path):
    found = kernel(
        tmp_path,
        SHIFT, HELPER, NODE, RUN,
        "def unrelated():\n    return 5", RUN,
        NODE.replace('"""Scale a number."""', '"""Times."""  # better'), RUN,
        HELPER.replace("x + SHIFT", "x - SHIFT"), RUN,
        "SHIFT = 10", RUN,
        NODE.replace("helper(x) *", "helper(x) +"), RUN,
        SHIFT, HELPER, NODE, RUN,
    )  # fmt: skip
    assert found == [
        [8.0, False, "first run"],
        [8.0, True, "stored"],
        [8.0, True, "stored"],
        [4.0, False, "code of __main__.helper changed"],
        [-14.0, False, "code of variable SHIFT changed"],
        [-5.0, False, "code of the node changed"],
        [8.0, True, "stored"],
    ]


def test_it_plans_and_says_what_is_wrong(tmp_path):
    plan = 'assert graph.plan({"x": 4}, store=store)["scale"].reason.startswith("input x")'
    wrong = (
        "try:\n    Scale(factor=0)\nexcept Exception as error:\n"
        "    assert \"'factor' is 0.0, expected > 0\" in str(error)\n"
    )
    assert len(kernel(tmp_path, SHIFT, HELPER, NODE, RUN, plan, wrong)) == 1


def test_an_edited_module_beside_the_notebook_reruns_what_uses_it(tmp_path):
    beside = tmp_path / "beside.py"
    own = NODE.replace("helper(x)", "beside.helper(x)")
    for text, expected in [
        ("def helper(x):\n    return x + 1\n", [8.0, False, "first run"]),
        ("def helper(x):\n    'Add.'\n    return x + 1\n", [8.0, True, "stored"]),
        ("def helper(x):\n    return x + 2\n", [10.0, False, "code of beside.helper changed"]),
    ]:
        beside.write_text(text)
        assert kernel(tmp_path, "import beside", own, RUN) == [expected]
    named = ["from beside import helper", NODE, RUN]
    assert kernel(tmp_path, *named)[0][:2] == [10.0, False]
    beside.write_text("def helper(x):\n    return x\n")
    assert kernel(tmp_path, *named)[0][:2] == [6.0, False]


VALUE = """
import numpy as np
from talkgraph import value

@value("notebook_pair")
class Pair:
    a: np.ndarray
    b: int
"""
USES_VALUE = """
@node("notebook_pair", version=1)
class MakePair(Node):
    def run(self, x: float) -> Pair:
        return Pair(a=np.arange(4), b=int(x))

@node("notebook_scale", version=1)
class Scale(Node):
    def run(self, pair: Pair) -> float:
        return float(pair.a.sum() + pair.b)
"""
RUN_PAIR = """
graph = Graph("pair", inputs={"x": float}, steps={
    "pair": MakePair().on(x="x"), "scale": Scale().on(pair="pair")})
result = graph.run({"x": 3}, store=store, executor=EXECUTOR)
"""


def test_a_value_class_of_a_cell_counts_by_its_fields(tmp_path):
    cells = [NODE, VALUE, USES_VALUE, "EXECUTOR = None", RUN_PAIR, RUN_PAIR]
    changed = VALUE.replace("b: int", "b: int\n    c: int = 0")
    assert kernel(tmp_path, *cells, changed, USES_VALUE, RUN_PAIR) == [
        [9.0, False, "first run"],
        [9.0, True, "stored"],
        [9.0, False, "input pair changed; code of __main__.Pair changed"],
    ]


def test_nodes_and_values_of_cells_reach_worker_processes(tmp_path):
    cells = [NODE, VALUE, USES_VALUE, "EXECUTOR = 'joblib'", RUN_PAIR, RUN_PAIR]
    assert kernel(tmp_path, *cells) == [[9.0, False, "first run"], [9.0, True, "stored"]]


def test_a_changed_global_is_seen_however_the_node_was_imported(tmp_path):
    own = NODE.replace("from talkgraph import Graph, Node, Store, node, param", "")
    for name in ("@node", "(Node)", "param("):
        own = own.replace(name, name.replace(name.strip("@()"), f"tg.{name.strip('@()')}"))
    cells = ["import talkgraph as tg\nfrom talkgraph import Graph", SHIFT, HELPER, own, RUN]
    found = kernel(tmp_path, *cells, "SHIFT = 2", RUN, SHIFT, RUN)
    assert [one[:2] for one in found] == [[8.0, False], [10.0, False], [8.0, True]]


PAIR = """
from talkgraph import value

@value("notebook_sum")
class Pair:
    left: float
    right: float = 0.0

def helper(x):
    return sum_of(Pair(left=x))

def sum_of(pair: Pair):
    return pair.left + pair.right
"""


def test_a_value_of_a_cell_counts_by_its_fields_and_its_code(tmp_path):
    method = "    @property\n    def sum(self):\n        return self.left + self.right\n"
    with_method = PAIR.replace("0.0\n", "0.0\n" + method).replace(
        "return pair.left + pair.right", "return pair.sum"
    )
    cells = [PAIR, NODE, RUN, PAIR, RUN, PAIR.replace("= 0.0", "= 1.0"), RUN]
    cells += [with_method, RUN, with_method.replace("self.left +", "2 +"), RUN, with_method, RUN]
    found = kernel(tmp_path, *cells)
    assert [one[:2] for one in found] == [
        [6.0, False], [6.0, True], [8.0, False], [6.0, False], [4.0, False], [6.0, True]
    ]  # fmt: skip
    assert found[2][2] == "code of __main__.Pair changed"


MAKE = """
def make(k):
    def inner(x, more=0):
        return x + k + more
    return inner
"""


def test_what_a_helper_carries_with_it_counts(tmp_path):
    """Values of the function that made it, and of its defaults, as they are in it."""
    later = "def helper(x, more=SHIFT):\n    return x + more"
    cells = [NODE, MAKE, "helper = make(1)", RUN, "helper = make(2)", RUN, "helper = make(1)", RUN]
    found = kernel(tmp_path, *cells, SHIFT, later, RUN, "SHIFT = 5", RUN, later, RUN)
    assert [one[0] for one in found] == [8.0, 10.0, 8.0, 8.0, 8.0, 16.0]
    assert [one[1] for one in found[:4]] == [False, False, True, False]
    assert kernel(tmp_path, NODE, "SHIFT = 5", later, RUN)[0][0] == 16.0
    recursive = "def outer():\n    def inner(x):\n        return 1 if x < 1 else inner(x - 1) + k\n"
    recursive += "    k = helper_of(1)\n    return inner\nhelper_of = lambda x: x\nhelper = outer()"
    first, second = kernel(tmp_path, NODE, recursive, RUN, recursive.replace("1)\n", "2)\n"), RUN)
    assert (first[0], second[0]) == (8.0, 14.0)
