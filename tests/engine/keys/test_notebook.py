"""A node of ten lines, defined in the cell of a notebook, in IPython as it is."""

import json
import subprocess
import sys

import pytest

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


@pytest.mark.parametrize(
    ("classes", "used", "old", "new", "why"),
    [
        ("class Mode(enum.Enum):\n    A = 1", "Mode.A.value", "A = 1", "A = 2", "__main__.Mode"),
        ("Mode = enum.Enum('Mode', {'A': 1})", "Mode.A.value", "1", "2", "__main__.Mode"),
        ("class Mode(enum.Enum):\n    A = 1\nB = Mode.A", "B.value", "1", "2",
         "__main__.Mode, variable B"),
        ("@dataclass\nclass C:\n    x: int = 1", "C().x", "= 1", "= 2", "__main__.C"),
        (
            "@dataclass(frozen=True, slots=True)\nclass C:\n    x: int = 1\nONE = C(5)",
            "ONE.x", "C(5)", "C(6)", "variable ONE",
        ),
        (
            "@dataclass\nclass C:\n    x: list = field(default_factory=lambda: [1])",
            "C().x[0]", "[1]", "[2]", "__main__.C",
        ),
        (
            "@attrs.define\nclass C:\n    x: list = attrs.field(factory=lambda: [1])",
            "C().x[0]", "[1]", "[2]", "__main__.C",
        ),
        (
            "@attrs.define\nclass C:\n    x: int = attrs.field(default=1, converter=lambda x: x)",
            "C().x", "x: x)", "x: -x)", "__main__.C",
        ),
        (
            "@attrs.define\nclass C:\n    def f(self): return 1\nONE = C()",
            "ONE.f()", "return 1", "return 2", "__main__.C",
        ),
        ("class C(NamedTuple):\n    x: int = 1", "C().x", "= 1", "= 2",
         "__main__.C"),
        ("class B:\n    x = 1\nclass C(B):\n    pass", "C.x", "= 1", "= 2", "__main__.B"),
        ("class C:\n    P = re.compile('a')\n    def f(self): return len(self.P.sub('', 'a'))",
         "C().f()", "'a')\n", "'b')\n", "__main__.C"),
        ("f, g = lambda x: x, 1\nh = lambda x: x\n", "f(1) + h(g)", "h = lambda x: x",
         "h = lambda x: -x", "variable h"),
        ("f = functools.partial(divmod, 7)", "f(2)[0]", "7", "9", "variable f"),
        ("@functools.singledispatch\ndef f(x): ...\n@f.register\ndef _(x: int): return 1",
         "f(1)", "return 1", "return 2", "__main__._"),
        ("def f(x: NDArray[np.float64] | None, y: Optional[int] = sin(0)): return 1", "f(1)",
         "return 1", "return 2", "__main__.f"),
    ],
)  # fmt: skip
def test_classes_and_functions_of_all_kinds_count_as_they_are(
    tmp_path, classes, used, old, new, why
):
    imports = (
        "import attrs, enum, functools, re\nimport numpy as np\nfrom numpy import sin\n"
        "from dataclasses import dataclass, field\nfrom typing import NamedTuple, Optional\n"
        "from numpy.typing import NDArray"
    )
    node = NODE.replace("helper(x)", f"int(bool(sin)) * ({used})")
    assert old in classes
    cells = [imports, classes, node, RUN, classes, RUN, classes.replace(old, new), RUN]
    first, second, third, *_ = kernel(tmp_path, *cells, classes, RUN)
    assert second == [first[0], True, "stored"]
    assert third[1:] == [False, f"code of {why} changed"]
    assert kernel(tmp_path, imports, classes, "other = 1", node, RUN) == [second]


def test_a_default_counts_as_it_was_when_the_class_was_made(tmp_path):
    own = NODE.replace("param(2.0,", "param(SHIFT,")
    found = kernel(tmp_path, SHIFT, HELPER, own, "SHIFT = 5", RUN, own, RUN)
    assert [one[0] for one in found] == [8.0, 40.0]
    assert kernel(tmp_path, "SHIFT = 5", HELPER, own, RUN)[0][0] == 40.0
