"""An edit that can change a result changes the key; an edit that cannot does not."""

import importlib
import itertools
import os
import subprocess
import sys
import textwrap

import pytest

from talkgraph import Graph, Store
from talkgraph.engine.keys.code import code_digest
from talkgraph.errors import KeyingError

FILES = {
    "__init__.py": "",
    "stage.py": '''
        """A stage."""
        from __future__ import annotations
        import numpy as np
        from talkgraph import Node, node, param
        from PKG import constants
        from PKG.helpers import helper as renamed, unused
        from PKG.public import reexported
        from PKG import configured, filled
        from PKG.filled import TABLE as FILLED, tables
        from . import sibling

        configured.setting = 1  # what is set from outside counts as it is

        def local_helper(x):
            """Docstring."""
            return x + OFFSET  # comment

        OFFSET = 1
        TABLE = {}
        TABLE["a"] = 1

        class Base:
            def shared(self):
                return 1

        @node("code_stage", version=1)
        class Stage(Base, Node):
            """Stage docstring."""
            size: int = param(3, "help text", ge=0)

            def run(self, x: int = 0) -> int:
                """Run docstring."""
                from PKG.lazy import software
                import PKG.deep.inner
                import PKG.aliased as al
                if x < 0:
                    return al.whole.gone
                return (
                    renamed(local_helper(x)) + constants.K + software.rasterise(TABLE["a"])
                    + PKG.deep.inner.value() + sibling.sib() + reexported() + self.size
                    + configured.offset() + 0 * (len(FILLED) + len(tables))
                    + 0 * filled.kind(1) + 0 * filled.Plugin.known[0]().value()
                )

        def not_used():
            return 1
        ''',
    "constants.py": "K = 2\nUNUSED = 3\n",
    "helpers.py": """
        import math
        def helper(x):
            return second(x)
        def second(x: "Annotated") -> int:
            return x * 2
        def unused():
            return 1
        class Annotated:
            pass
        """,
    "public.py": "from PKG.helpers2 import reexported\n",
    "helpers2.py": "def reexported():\n    return 0\n",
    "lazy/__init__.py": "",
    "lazy/software.py": """
        try:
            import numba
        except ImportError:
            numba = None
        def rasterise(x):
            return x
        """,
    "deep/__init__.py": "",
    "deep/inner.py": "def value():\n    return 0\n",
    "aliased/__init__.py": "",
    "aliased/whole.py": "gone = 1\n",
    "configured.py": "setting = 0\ndef offset():\n    return 0 * setting\n",
    "filled.py": """
        from functools import singledispatch
        TABLE = {}
        tables = []
        def fill(table):
            table["x"] = 1
        fill(TABLE)
        def stage(function):
            tables.append(function)
            return function
        @tables.append
        def first():
            return 1
        @stage
        def second():
            return 2
        def third():
            return 3
        LEVEL = 1
        def set_level():
            global LEVEL
            LEVEL = 4
        set_level()
        @singledispatch
        def kind(x):
            return LEVEL
        @kind.register
        def _(x: int):
            return 5
        @kind.register
        def _(x: str):
            return 6
        class Plugin:
            known = []
            @classmethod
            def add(cls, name):
                return cls.known.append
            def __init_subclass__(cls):
                Plugin.known.append(cls)
        class One(Plugin):
            def value(self):
                return 7
        @Plugin.add("two")
        def two():
            return 8
        """,
    "sibling.py": "from .helpers2 import *\ndef sib():\n    return reexported()\n",
    "other.py": "X = 1\n",
}
counter = itertools.count()


class Package:
    def __init__(self, folder):
        self.name = f"codepkg{next(counter)}"
        self.folder = folder / self.name
        self.store = Store(folder / "store", durable=False)
        for name, text in FILES.items():
            self.write(name, textwrap.dedent(text).replace("PKG", self.name))

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def edit(self, name, old, new):
        path = self.folder / name
        text = path.read_text()
        assert old in text, (old, text)
        path.write_text(text.replace(old, new))

    def load(self):
        for name in [n for n in sys.modules if n.partition(".")[0] == self.name]:
            del sys.modules[name]
        importlib.invalidate_caches()
        return importlib.import_module(f"{self.name}.stage").Stage

    def digest(self):
        return code_digest(self.load(), self.store).digest


@pytest.fixture
def package(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    return Package(tmp_path)


COUNTS = [
    ("stage.py", "x < 0", "x < 1"),
    ("stage.py", "OFFSET = 1", "OFFSET = 2"),
    ("stage.py", "x + OFFSET", "x - OFFSET"),
    ("stage.py", 'TABLE["a"] = 1', 'TABLE["a"] = 2'),
    ("stage.py", "        return 1\n", "        return 2\n"),
    ("constants.py", "K = 2", "K = 3"),
    ("helpers.py", "return second(x)", "return second(x) + 1"),
    ("helpers.py", "x * 2", "x * 3"),
    ("helpers.py", "class Annotated:\n    pass", "class Annotated:\n    x = 1"),
    ("helpers2.py", "return 0", "return 1"),
    ("lazy/software.py", "return x", "return -x"),
    ("deep/inner.py", "return 0", "return 1"),
    ("aliased/whole.py", "gone = 1", "gone = 2"),
    ("sibling.py", "return reexported()", "return -reexported()"),
    ("configured.py", "return 0 ", "return 1 "),
    ("stage.py", "configured.setting = 1", "configured.setting = 2"),
    ("filled.py", 'table["x"] = 1', 'table["x"] = 2'),
    ("filled.py", "return 1", "return 10"),
    ("filled.py", "return 2", "return 20"),
    ("filled.py", "LEVEL = 4", "LEVEL = 40"),
    ("filled.py", "return 5", "return 50"),
    ("filled.py", "return 6", "return 60"),
    ("filled.py", "return 7", "return 70"),
    ("filled.py", "return 8", "return 80"),
]
DOES_NOT_COUNT = [
    ("stage.py", "# comment", "# another comment"),
    ("stage.py", '"""Docstring."""', '"""Another docstring,\n    longer."""'),
    ("stage.py", '    """Docstring."""\n', ""),
    ("stage.py", "Stage docstring", "Docstring of the stage"),
    ("stage.py", "Run docstring", "Docstring of run"),
    ("stage.py", "help text", "better help"),
    ("stage.py", "ge=0", "ge=-1"),
    ("stage.py", "return x + OFFSET", "return (\n        x +    OFFSET\n    )"),
    ("stage.py", "def not_used():\n    return 1", "def not_used():\n    return 2"),
    ("constants.py", "UNUSED = 3", "UNUSED = 4"),
    ("helpers.py", "def unused():\n    return 1", "def unused():\n    return 2"),
    ("helpers.py", "def helper", "\n\n\ndef helper"),
    ("other.py", "X = 1", "X = 2"),
    ("filled.py", "return 3", "return 30"),
    ("__init__.py", "", "VERSION = 3\n"),
]


@pytest.mark.parametrize(("name", "old", "new"), COUNTS, ids=lambda text: text[:20])
def test_an_edit_that_counts(package, name, old, new):
    before = package.digest()
    package.edit(name, old, new)
    assert package.digest() != before
    package.edit(name, new, old)
    assert package.digest() == before


@pytest.mark.parametrize(("name", "old", "new"), DOES_NOT_COUNT, ids=lambda text: text[:20])
def test_an_edit_that_does_not_count(package, name, old, new):
    before = package.digest()
    if old:
        package.edit(name, old, new)
    else:
        package.write(name, new)
    assert package.digest() == before


PARAMETERS = """
import functools
from talkgraph import Node, node, param

def helper(thing):
    return thing

@node("code_parameters", version=1)
class Stage(Node):
    size: int = param(3, "size")
    BODY
    def run(self, x: int = 0) -> int:
        BODY
        return x + self.size
"""


@pytest.mark.parametrize(
    ("where", "line", "counts"),
    [
        ("run", "pass", False),
        ("run", "other = lambda other, more: more", False),
        ("class", "def helper(self):\n        return self.size", False),
        ("class", "@property\n    def double(self):\n        return 2 * self.size", False),
        ("class", "@staticmethod\n    def shift(other: int) -> int:\n        return 1", False),
        ("run", "self.new", True),
        ("run", "helper(self)", True),
        ("run", "x = f'{self}'", True),
        ("run", "self.__dict__", True),
        ("run", "self.with_params(size=4)", True),
        ("run", "super().on", True),
        ("run", "locals()", True),
        ("run", "helper(Stage)", True),
        ("class", "get = lambda one: one", True),
        ("class", "@functools.cache\n    def shift(self):\n        return 1", True),
        ("class", "@classmethod\n    def make(cls):\n        return helper(cls)", True),
        ("class", "def method(this):\n        return helper(this)", True),
    ],
    ids=str,
)
def test_a_new_parameter_counts_once_code_may_read_it(package, where, line, counts):
    def key(parameter):
        text = PARAMETERS.replace("    BODY\n    def", f"    {parameter}\n    BODY\n    def")
        inside = line if where == "run" else "pass"
        above = line if where == "class" else ""
        text = text.replace("        BODY", f"        {inside}").replace("    BODY", f"    {above}")
        package.write("stage.py", text)
        compile(text, "stage.py", "exec")
        graph = Graph("parameters", steps={"stage": package.load()().on()})
        return graph.plan(store=package.store)["stage"].key

    assert (key("new: int = param(5, 'new')") != key("")) == counts
    assert (key("new: int = param(5, 'new')") != key("new: int = param(6)")) == counts


def test_a_default_counts_as_the_value_that_it_gives(package):
    def key():
        graph = Graph("default", steps={"stage": package.load()().on()})
        return graph.plan(store=package.store)["stage"].key

    before = key()
    package.edit("stage.py", "param(3,", "param(4,")
    assert key() != before
    package.edit("stage.py", "param(4,", "param(3,")
    assert key() == before


def test_a_rename_of_the_class_does_not_count(package):
    before = package.digest()
    package.edit("stage.py", "class Stage(", "class Renamed(")
    for name in [n for n in sys.modules if n.partition(".")[0] == package.name]:
        del sys.modules[name]
    renamed = importlib.import_module(f"{package.name}.stage").Renamed
    assert code_digest(renamed, package.store).digest == before


def test_results_follow_an_edit_of_a_helper(package):
    """The wrong result that other engines give: edit a helper, get the stale answer."""

    def run():
        graph = Graph("code", steps={"stage": package.load()().on()})
        result = graph.run(store=package.store)
        return result.output, result.records["stage"]

    first, record = run()
    assert not record.cached and first == 2 + 2 + 1 + 3
    assert run()[1].cached
    package.edit("helpers.py", "x * 2", "x * 5")
    second, record = run()
    assert second == first + 3 and not record.cached
    assert record.reason == f"code of {package.name}.helpers.second changed"
    package.edit("stage.py", "# comment", "# other")
    assert run()[1].cached
    package.edit("helpers.py", "x * 5", "x * 2")
    third, record = run()
    assert third == first and record.cached  # A, B, A: two runs in all


def test_a_module_that_was_edited_after_its_import_counts_as_it_runs(package):
    """The old code runs until it is imported again; its results must not get the new code's key."""
    stage = package.load()
    before = code_digest(stage, package.store).digest
    package.edit("helpers.py", "x * 2", "x * 9")
    assert code_digest(stage, package.store).digest == before
    assert code_digest(stage, Store(package.folder / "other store")).digest == before
    assert package.digest() != before


def test_an_edit_between_import_and_first_digest_does_not_count(package):
    """The key is that of the code that was loaded, whatever its file says by now."""
    before = package.digest()
    stage = package.load()
    package.edit("helpers.py", "x * 2", "x * 9")
    assert code_digest(stage, package.store).digest == before
    assert package.digest() != before


def test_a_module_that_cannot_be_imported_is_refused(package):
    """A module that is imported when the node runs may be broken without anybody's knowing."""
    package.edit("lazy/software.py", "return x", "return ) x")
    with pytest.raises(KeyingError, match=r"lazy.* cannot be imported \(SyntaxError: .*; mend it"):
        package.digest()


def test_a_node_of_a_function_counts_what_it_closes_over(tmp_path):
    from talkgraph import Node, node

    store = Store(tmp_path, durable=False)

    def make(factor):
        @node("code_closure", version=1)
        class Times(Node):
            def run(self, x: int) -> int:
                return x * factor

        return Times

    assert code_digest(make(2), store).digest == code_digest(make(2), store).digest
    assert code_digest(make(2), store).digest != code_digest(make(3), store).digest
    graphs = [Graph("g", inputs={"x": int}, steps={"a": make(k)().on(x="x")}) for k in (2, 3)]
    assert [graph.run({"x": 5}, store=store).output for graph in graphs] == [10, 15]
    with pytest.raises(KeyingError, match=r"variable 'factor'.* a builtins.generator has no"):
        code_digest(make(x for x in ()), store)


SCRIPT = """
import sys
from talkgraph import Graph, Node, Store, node
import beside

def helper(x):
    return x + 1

@node("code_script", version=1)
class Stage(Node):
    def run(self) -> int:
        return helper(beside.value())

result = Graph("script", steps={"a": Stage().on()}).run(store=Store(sys.argv[1], durable=False))
print(result.output, result.records["a"].cached)
"""


def test_a_script_and_the_module_beside_it(tmp_path):
    (tmp_path / "main.py").write_text(SCRIPT)
    (tmp_path / "beside.py").write_text("def value():\n    return 1\n")

    def go():
        command = [sys.executable, "main.py", "store"]
        done = subprocess.run(
            command, cwd=tmp_path, capture_output=True, text=True,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        )  # fmt: skip
        assert not done.stderr, done.stderr
        return done.stdout.split()

    assert go() == ["2", "False"]
    assert go() == ["2", "True"]
    (tmp_path / "beside.py").write_text("def value():\n    return 10\n")
    assert go() == ["11", "False"]
    (tmp_path / "main.py").write_text(SCRIPT.replace("x + 1", "x + 2"))
    assert go() == ["12", "False"]
    (tmp_path / "beside.py").write_text("def value():\n    '''Ten.'''\n    return 10  # ten\n")
    assert go() == ["12", "True"]


def test_code_that_lies_in_no_file_counts_as_any_other(tmp_path):
    def go(text):
        command = [sys.executable, "-c", text.replace("import beside", ""), str(tmp_path / "store")]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()

    script = SCRIPT.replace("beside.value()", "1")
    assert [go(script), go(script)] == [["2", "False"], ["2", "True"]]
    assert go(script.replace("x + 1", "x + 2")) == ["3", "False"]


CELLS = {
    "imports": "import math\nfrom talkgraph import Node, node\nFACTOR = 2",
    "helper": "def helper(x):\n    return second(x) * FACTOR",
    "second": "def second(x):\n    return x + 1",
    "node": (
        "@node('code_cell', version=1)\nclass Stage(Node):\n    'Doc.'\n"
        "    def run(self) -> int:\n        return helper(3)"
    ),
}


def test_a_notebook(tmp_path, monkeypatch):
    import code as interpreter
    import linecache
    import types

    store = Store(tmp_path, durable=False)
    module = types.ModuleType("notebook")
    monkeypatch.setitem(sys.modules, "notebook", module)
    run_number = itertools.count()

    def execute(**cells):
        for text in cells.values():
            name = f"<cell {next(run_number)}>"
            linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
            console = interpreter.InteractiveInterpreter(vars(module))
            console.runcode(compile(text, name, "exec"))
        graph = Graph("n", steps={"stage": module.Stage().on()})
        record = graph.run(store=store).records["stage"]
        return graph.run(store=store).output, record.cached, record.reason

    assert execute(**CELLS) == (8, False, "first run")
    assert execute(**CELLS)[:2] == (8, True)
    assert execute(a=CELLS["node"].replace("Doc", "Other"))[:2] == (8, True)
    assert execute(a="FACTOR = 3") == (12, False, "code of variable FACTOR changed")
    assert execute(a=CELLS["second"].replace("1", "2")) == (
        15, False, "code of notebook.second changed",
    )  # fmt: skip
    assert execute(a=CELLS["node"].replace("3", "4"))[:2] == (18, False)


def test_all_our_own_nodes_have_a_digest(tmp_path):
    from pathlib import Path

    import talkgraph
    from talkgraph.engine.declare.registry import _nodes

    root = Path(talkgraph.__file__).parent
    for path in sorted((root / "nodes").rglob("*.py")):
        if "@node(" in path.read_text():
            name = ".".join(("talkgraph", *path.relative_to(root).with_suffix("").parts))
            importlib.import_module(name.removesuffix(".__init__"))
    store = Store(tmp_path, durable=False)
    ours = [kind for kind in _nodes.values() if kind.__module__.startswith("talkgraph.")]
    assert len(ours) > 30
    for kind in ours:
        parts = code_digest(kind, store).parts
        assert not [
            part for part in parts if part.startswith(("talkgraph.engine", "talkgraph.cache"))
        ]
        assert "talkgraph" not in parts


SMALL = """
from pathlib import Path
from talkgraph import Node, node
import PKG.used as used
from PKG import paths

def more(cls):
    cls.k = 1
    return cls

HERE = Path(__file__).parent

@more
@node("code_small", version=1)
class Stage(Node):
    def run(self) -> str:
        return f"{EXPRESSION}"
"""


def small(package, expression, used=""):
    """Digest of a node that computes an expression, from a package with one more module."""
    package.write("paths.py", "")
    if not (package.folder / "used").is_dir():
        package.write("used.py", used)
    text = SMALL.replace("PKG", package.name).replace("EXPRESSION", expression)
    package.write("stage.py", text)
    return package.digest()


@pytest.mark.parametrize(
    ("maker", "old", "new"),
    [
        ("globals()['A'] = 1", "= 1", "= 2"),
        ("globals().update(A=1)", "=1", "=2"),
        ("import sys\nsetattr(sys.modules[__name__], 'A', 1)", "1)", "2)"),
        ("for name in 'AB':\n    globals()[name] = name * 1", "* 1", "* 2"),
    ],
)
def test_a_name_that_is_made_at_import_counts(package, maker, old, new):
    before = small(package, "used.A", maker)
    assert small(package, "used.A", maker.replace(old, new)) != before
    assert small(package, "used.A", f"{maker}\nOTHER = 3") == before


@pytest.mark.parametrize("table", ["{'A': 'PKG.used.late'}", "{'A': '.late'}"])
def test_a_name_that_a_package_loads_when_it_is_read_counts(package, table):
    lazy = (
        f"import importlib\nTABLE = {table.replace('PKG', package.name)}\n"
        "def __getattr__(name):\n"
        "    if name not in TABLE:\n        raise AttributeError(name)\n"
        "    return getattr(importlib.import_module(TABLE[name], __name__), name)\n"
    )

    def digest(late):
        package.write("used/__init__.py", lazy)
        package.write("used/late.py", late)
        return small(package, "used.A")

    before = digest("A = 1")
    assert digest("A = 2") != before
    assert digest("A = 1\nB = 2") == before


def test_a_decorator_beside_that_of_the_node_counts(package):
    before = small(package, "self.k")
    package.edit("stage.py", "cls.k = 1", "cls.k = 2")
    assert package.digest() != before


@pytest.mark.parametrize("place", ["TABLE", "paths.TABLE", "by_default()", "(HERE / 'table.txt')"])
def test_a_data_file_that_the_code_names_or_that_is_declared_counts(package, place):
    """A `Path` of a module, or of a default, by what is in the file; else what `@node` declares."""
    package.write("table.txt", "one")
    path = "from pathlib import Path\nTABLE = Path(__file__).parent / 'table.txt'\n"
    here = path + "def by_default(path=TABLE):\n    return path\n"
    text = SMALL.replace("HERE = Path(__file__).parent\n", here + "HERE = Path(__file__).parent\n")
    if place.startswith("(HERE"):
        text = text.replace("version=1)", "version=1, files=('table.txt',))")
    package.write("used.py", "")
    package.write("paths.py", path)
    text = text.replace("EXPRESSION", f"{place}.read_text()")
    package.write("stage.py", text.replace("PKG", package.name))
    before = package.digest()
    package.write("unrelated.txt", "one")
    assert package.digest() == before
    package.write("table.txt", "two")
    assert package.digest() != before
    package.write("table.txt", "one")
    assert package.digest() == before


def test_a_declared_file_that_is_not_there_is_said(package):
    package.write("used.py", "")
    package.write("paths.py", "")
    text = SMALL.replace("version=1)", "version=1, files=('absent.txt',))")
    package.write("stage.py", text.replace("EXPRESSION", "1").replace("PKG", package.name))
    with pytest.raises(KeyingError, match=r"node 'code_small': of its files, .*absent\.txt"):
        package.digest()


def test_a_file_that_a_node_writes_is_no_input(package):
    package.write("used.py", "")
    package.write("paths.py", "from pathlib import Path\nNOTES = Path(__file__).parent / 'notes'\n")
    for write in ("open('own_notes.txt', 'a').write('x')", "paths.NOTES.write_text('x')"):
        package.write("stage.py", SMALL.replace("EXPRESSION", write).replace("PKG", package.name))
        stage = package.load()
        before = code_digest(stage, package.store).digest
        (package.folder / "own_notes.txt").write_text("noted")
        (package.folder / "notes").write_text("noted")
        assert code_digest(stage, package.store).digest == before


GIVEN = """
from talkgraph import Node, node, param

@node("code_given", version=1)
class Stage(Node):
    shape: object = param(None)

    def run(self) -> float:
        return self.shape.area()
"""
SHAPES = """
import attrs, enum
from PKG import beside

@attrs.frozen
class Square:
    side: float = 2.0

    def area(self):
        return self.side**2 * beside.ONE

class Known(enum.Enum):
    SMALL = 3

    def area(self):
        return self.value
"""


@pytest.mark.parametrize(
    ("given", "name", "old", "new", "reason"),
    [
        ("Square", "shapes.py", "**2", "**3", "code of PKG.shapes.Square changed"),
        ("Square", "beside.py", "= 1", "= 2", "code of variable PKG.beside.ONE changed"),
        ("Known", "shapes.py", "SMALL = 3", "SMALL = 4", "code of PKG.shapes.Known changed"),
        ("Square", "shapes.py", "= 3", "= 4", "stored"),
    ],
)
def test_the_code_of_an_object_that_is_given_as_a_parameter_counts(
    package, given, name, old, new, reason
):
    for file, text in [("stage.py", GIVEN), ("shapes.py", SHAPES), ("beside.py", "ONE = 1")]:
        package.write(file, text.replace("PKG", package.name))

    def run():
        stage = package.load()
        shapes = importlib.import_module(f"{package.name}.shapes")
        shape = shapes.Square() if given == "Square" else shapes.Known.SMALL
        graph = Graph("code", steps={"stage": stage(shape=shape).on()})
        planned = graph.plan(store=package.store)["stage"].reason
        result = graph.run(store=package.store)
        assert result.output == shape.area()
        assert result.records["stage"].reason == planned
        return planned

    assert [run(), run()] == ["first run", "stored"]
    package.edit(name, old, new)
    assert run() == reason.replace("PKG", package.name)
