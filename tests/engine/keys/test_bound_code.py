"""What code names counts as it is bound when the step runs: no stale answer, no key that moves.

Each case is a piece of a user's module with one place that differs. The second answer must be that
of the second module, and the first module made again must find its result.
"""

import itertools
import sys
import types

import pytest

from talkgraph import Graph, Store

HEAD = """
import abc, asyncio, collections, contextlib, contextvars, dataclasses, enum, functools, operator
import sys, threading, types, typing
from pathlib import Path

import attrs
import numpy as np
from talkgraph import Node, node, param

class Scale:
    def __init__(self, k):
        self.k = k
    def apply(self, v):
        return v * self.k
    def __call__(self, v):
        return v * self.k
    @property
    def much(self):
        return self.k
    @classmethod
    def of(cls, v):
        return v + 1
    @staticmethod
    def plain(v):
        return v + 1

def double(v):
    return v * 2

def square(v):
    return v * v
"""
NODE = """
@node("bound_case", version=1)
class Stage(Node):
    def run(self) -> float:
        return float(EXPRESSION)
"""
AROUND = """
def make(f):
    @node("bound_case", version=1)
    class Stage(Node):
        def run(self) -> float:
            return float(EXPRESSION)
    return Stage

Stage = make(VALUE)
"""
numbers = itertools.count()


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path, durable=False)


@pytest.fixture
def answer(store, monkeypatch):
    def answer(text):
        """(what the graph gives, what the node gives without a store, whether it was stored)"""
        module = types.ModuleType("bound_case")
        monkeypatch.setitem(sys.modules, "bound_case", module)
        exec(compile(text, f"<cell {next(numbers)}>", "exec"), vars(module))
        result = Graph("bound", steps={"stage": module.Stage().on()}).run(store=store)
        return result.output, module.Stage().run(), result.records["stage"].cached

    return answer


def check(answer, first, second):
    one, right, cached = answer(first)
    assert one == right and not cached
    other, right, cached = answer(second)
    assert other == right != one and not cached
    assert answer(first) == (one, one, True)
    assert answer("# another line\n" + second) == (other, other, True)


FUNCTIONS = [
    ("lambda v: v + 1", "lambda v: v * 2"),
    ("double", "square"),
    ("Scale(2).apply", "Scale(3).apply"),
    ("Scale(2)", "Scale(3)"),
    ("Scale.of", "square"),
    ("Scale.plain", "double"),
    ("np.sqrt", "np.exp"),
    ("np.mean", "np.sum", "([1, 3, 10])"),
    ("abs", "float", "(-10)"),
    ("operator.neg", "operator.pos"),
    ("'abc'.count", "'aabc'.count", "('a')"),
    ("str.isupper", "str.islower", "('A')"),
    ("functools.partial(operator.mul, 2)", "functools.partial(operator.mul, 3)"),
    ("functools.partial(double, 2)", "functools.partial(square, 3)", "()"),
    ("functools.partialmethod(double).func", "functools.partialmethod(square).func"),
    ("operator.itemgetter(0)", "operator.itemgetter(1)", "([3, 4])"),
    ("functools.cache(double)", "functools.cache(square)"),
    ("np.vectorize(double)", "np.vectorize(square)"),
    ("{'m': [double]}['m'][0]", "{'m': [square]}['m'][0]"),
    ("(lambda k: lambda v: v * k)(2)", "(lambda k: lambda v: v * k)(3)"),
    ("(lambda f: lambda v: f(f(v)))(double)", "(lambda f: lambda v: f(f(v)))(square)"),
    ("lambda v, k=2: v * k", "lambda v, k=3: v * k"),
    ("lambda v, *, k=2: v * k", "lambda v, *, k=3: v * k"),
    ("types.MethodType(double, 3)", "types.MethodType(double, 4)", "()"),
    ("types.SimpleNamespace(k=2).__getattribute__", "types.SimpleNamespace(k=3).__getattribute__",
     "('k')"),
]  # fmt: skip


@pytest.mark.parametrize("case", FUNCTIONS, ids=lambda case: case[1])
@pytest.mark.parametrize("way", ["closure", "global", "default", "of a class", "dict"])
def test_which_function_reaches_a_node_counts(answer, case, way):
    first, second, call = (*case, "(10)")[:3]
    text = {
        "closure": AROUND.replace("EXPRESSION", f"f{call}"),
        "global": "f = VALUE\n" + NODE.replace("EXPRESSION", f"f{call}"),
        "default": f"def go(f=VALUE):\n    return f{call}\n" + NODE.replace("EXPRESSION", "go()"),
        "of a class": "class Settings:\n    f = [VALUE]\n"
        + NODE.replace("EXPRESSION", f"Settings.f[0]{call}"),
        "dict": "TABLE = {'f': VALUE}\n" + NODE.replace("EXPRESSION", f"TABLE['f']{call}"),
    }[way]
    check(answer, HEAD + text.replace("VALUE", first), HEAD + text.replace("VALUE", second))


KINDS = {
    "a global": ("A = 2", "= 2", "= 3", "A"),
    "a dict": ("A = {'k': {'l': 2}}", "2", "3", "A['k']['l']"),
    "the order of a dict": ("A = {'a': 1, 'b': 2}", "'a': 1, 'b'", "'b': 2, 'a'",
                            "dict(A, **{'b': 2, 'a': 1}).__iter__().__next__() == 'a'"),
    "an array": ("A = np.arange(3)", "(3)", "(4)", "A.sum()"),
    "an object": ("A = Scale(2)", "2", "3", "A.k"),
    "a property of an object": ("A = Scale(2)", "2", "3", "A.much"),
    "an object in an object": ("A = Scale(Scale(2))", "2", "3", "A.k.k"),
    "a namespace": ("A = types.SimpleNamespace(k=2)", "2", "3", "A.k"),
    "a dataclass": ("@dataclasses.dataclass\nclass C:\n    k: int = 2\n"
        "A = C()", "= 2", "= 3", "A.k"),
    "an object with slots": (
        "class C:\n    __slots__ = ('k',)\nA = C()\nA.k = 2", "= 2", "= 3", "A.k",
    ),
    "a default factory": (
        "@dataclasses.dataclass\nclass C:\n"
        "    k: list = dataclasses.field(default_factory=lambda: [2])",
        "2", "3", "C().k[0]",
    ),
    "attrs": ("@attrs.define\nclass C:\n    k: int = 2", "= 2", "= 3", "C().k"),
    "a converter": (
        "@attrs.define\nclass C:\n    k: int = attrs.field(default=2, converter=lambda v: v + 1)",
        "v + 1", "v + 2", "C().k",
    ),
    "a named tuple": ("class C(typing.NamedTuple):\n    k: int = 2", "= 2", "= 3", "C().k"),
    "an old named tuple": ("A = collections.namedtuple('A', 'k')(2)", "(2)", "(3)", "A.k"),
    "an enum": ("class C(enum.Enum):\n    K = 2", "= 2", "= 3", "C.K.value"),
    "a method of an enum": (
        "class C(enum.Enum):\n    K = 2\n"
        "    def f(self): return 2", "return 2", "return 3", "C.K.f()",
    ),
    "a flag": ("class C(enum.IntFlag):\n    K = 2", "= 2", "= 4", "int(C.K)"),
    "a class attribute": ("class C:\n    k = 2", "= 2", "= 3", "C.k"),
    "a base class": ("class B:\n    k = 2\nclass C(B): pass", "= 2", "= 3", "C.k"),
    "a mixin": (
        "class M:\n    def f(self): return 2\nclass C(M, Scale): pass", "return 2", "return 3",
        "C(1).f()",
    ),
    "a metaclass": (
        "class M(type):\n    def f(cls): return 2\n"
        "class C(metaclass=M): pass", "return 2", "return 3",
        "C.f()",
    ),
    "a hook for subclasses": (
        "class B:\n    known = []\n    def __init_subclass__(cls): B.known.append(cls)\n"
        "class C(B):\n    k = 2", "= 2", "= 3", "B.known[0].k",
    ),
    "a descriptor": (
        "class D:\n    def __init__(self, k): self.k = k\n"
        "    def __get__(self, *_): return self.k\n"
        "class C:\n    a = D(2)", "D(2)", "D(3)", "C.a",
    ),
    "a cached property": (
        "class C:\n    @functools.cached_property\n"
        "    def k(self): return 2", "return 2", "return 3",
        "C().k",
    ),
    "a nested class": ("class C:\n    class I:\n        k = 2", "= 2", "= 3", "C.I.k"),
    "an abstract class": (
        "class B(abc.ABC):\n    @abc.abstractmethod\n    def f(self): ...\n"
        "class C(B):\n    def f(self): return 2", "return 2", "return 3", "C().f()",
    ),
    "a class in a function": (
        "def make(k):\n    class C:\n        def f(self): return k\n    return C\nA = make(2)",
        "make(2)", "make(3)", "A().f()",
    ),
    "a decorator": (
        "def times(k):\n    def wrap(f):\n        @functools.wraps(f)\n"
        "        def g(*a): return k * f(*a)\n"
        "        return g\n    return wrap\n@times(2)\n"
        "def f(): return 1", "@times(2)", "@times(3)", "f()",
    ),
    "what is decorated": (
        "def plain(f):\n    @functools.wraps(f)\n    def g(*a): return f(*a)\n    return g\n"
        "@plain\ndef f(): return 2", "return 2", "return 3", "f()",
    ),
    "a context manager": (
        "@contextlib.contextmanager\ndef c():\n    yield 2\ndef f():\n    with c() as k: return k",
        "yield 2", "yield 3", "f()",
    ),
    "a generator": ("def f():\n    yield from (1, 2)", "(1, 2)", "(1, 3)", "sum(f())"),
    "a coroutine": ("async def f():\n    return 2", "return 2", "return 3", "asyncio.run(f())"),
    "a comprehension": ("A = 2\ndef f(): return [A for _ in 'a'][0]", "A = 2", "A = 3", "f()"),
    "a function made by exec": ("exec('def f(): return 2')", "return 2", "return 3", "f()"),
    "dispatch by type": (
        "@functools.singledispatch\ndef f(v): return 1\n@f.register\ndef _(v: int): return 2",
        "return 2", "return 3", "f(1)",
    ),
    "a replaced function": ("def f(): return 1\n"
        "f = (lambda g: lambda: g() + 2)(f)", "+ 2", "+ 3", "f()"),
    "a patched class": ("Scale.apply = lambda self, v: v + 2", "+ 2", "+ 3", "Scale(1).apply(1)"),
    "an attribute of a function": ("def f(): return f.k\nf.k = 2", "= 2", "= 3", "f()"),
    "a cached function": ("@functools.cache\ndef f(): return 2", "return 2", "return 3", "f()"),
    "a partial method": (
        "class C:\n    def f(self, v): return v\n"
        "    g = functools.partialmethod(f, 2)", ", 2)", ", 3)",
        "C().g()",
    ),
    "recursion": (
        "def f(n): return g(n) if n else 2\ndef g(n): return f(n - 1)", "else 2", "else 3", "f(3)",
    ),
    "recursion of lambdas": (
        "f = lambda n: g(n - 1) if n else 2\ng = lambda n: f(n)", "else 2", "else 3", "f(3)",
    ),
    "recursion behind a cache": (
        "@functools.cache\ndef f(n): return f(n - 1) if n else 2", "else 2", "else 3", "f(3)",
    ),
    "a list in itself": ("A = [2]\nA.append(A)", "[2]", "[3]", "A[1][0]"),
    "two closures, exchanged": (
        "def make(k): return lambda: k\na, b = make(2), make(3)", "make(2), make(3)",
        "make(3), make(2)", "a() - b()",
    ),
    "a context variable": (
        "A = contextvars.ContextVar('A')\nA.set(2)", "set(2)", "set(3)", "A.get()",
    ),
    "a variable of the thread": ("A = threading.local()\nA.k = 2", "= 2", "= 3", "A.k"),
    "names made at import": ("globals()['A'] = 2", "= 2", "= 3", "A"),
    "names found when it runs": ("A = 2\ndef f(): return globals()['A']", "A = 2", "A = 3", "f()"),
    "a module of a module": (
        "m = types.ModuleType('made_up')\nm.k = 2\nm.l = 1", "k = 2", "k = 3", "m.k",
    ),
    "the names of functions": ("def aa(): pass\nA = [aa]", "aa", "a", "len(A[0].__name__)"),
    "arguments of the program": ("sys.argv[:] = ['x', '2']", "'2'", "'3'", "sys.argv[1]"),
    "a subclass of dict": (
        "class D(dict): pass\nA = D(k=2)", "k=2", "k=3", "A['k']",
    ),
    "a counter": ("A = collections.Counter('aab')", "aab", "aaab", "A['a']"),
    "a set of texts": ("A = {'a', 'b', 'c'}", "'c'", "'c', 'd'", "len(A)"),
    "super": (
        "class C(Scale):\n    def apply(self, v): return super().apply(v) + 2", "+ 2", "+ 3",
        "C(1).apply(1)",
    ),
    "class getitem": (
        "class C:\n    def __class_getitem__(cls, v): return v + 2", "+ 2", "+ 3", "C[1]",
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_every_kind_of_thing_that_code_names_counts(answer, kind):
    text, old, new, expression = KINDS[kind]
    assert old in text
    argv = list(sys.argv)
    try:
        node = NODE.replace("EXPRESSION", expression)
        check(answer, HEAD + text + node, HEAD + text.replace(old, new) + node)
    finally:
        sys.argv[:] = argv


FREE = {
    "names of local variables": ("def f():\n    k = 2\n    return k", "k", "other"),
    "a docstring": ("def f():\n    'Two.'\n    return 2", "Two.", "The number two."),
    "a docstring of a class": ("class C:\n    'Two.'\n    k = 2\ndef f(): return C.k", "Two", "2"),
    "layout": (
        "def f():\n    return (1 + A)\nA = 1",
        "(1 + A)",
        "(\n        1\n        + A\n    )",
    ),
    "another name of a number": ("A = 2\ndef f(): return A", "A", "B"),
    "what is not named": ("A = [1]\ndef f(): return 2", "[1]", "[2]"),
    "another function": ("def f(): return 2\ndef g(): return 1", "return 1", "return 3"),
    "a tool": ("A = threading.Lock()\ndef f():\n    with A: return 2", "Lock", "RLock"[1:]),
    "a log": ("A = []\ndef f():\n    A.append(1)\n    return 2", "[]", "[1, 2]"),
    "an unused import": ("def f(): return 2", "def", "import json\ndef"),
    "a quoted annotation": ("def f() -> int: return 2", "-> int", "->   int"),
    "a sentinel": ("A = object()\ndef f(): return 2 * (A is A)", "object()", "object( )"),
}


@pytest.mark.parametrize("kind", FREE, ids=str)
def test_what_changes_no_result_does_not_count(answer, kind):
    text, old, new = FREE[kind]
    node = NODE.replace("EXPRESSION", "f()")
    assert answer(HEAD + text + node) == (2, 2, False)
    assert answer(HEAD + text.replace(old, new) + node) == (2, 2, True)
    assert answer(HEAD + text + node) == (2, 2, True)


@pytest.mark.parametrize(
    "text",
    [
        "A = (x for x in 'a')\ndef f(): return list(A)",
        "A = open('/dev/null')\ndef f(): return A.read()",
        "A = {'k': [(x for x in 'a')]}\ndef f(): return A",
        "A = np.frompyfunc(double, 1, 1)\ndef f(): return A(1)",
    ],
)
def test_what_cannot_be_keyed_is_an_error_that_names_the_variable(answer, text):
    from talkgraph.errors import KeyingError

    with pytest.raises(KeyingError, match=r"^node 'bound_case', variable 'A.*; (make|use)"):
        answer(HEAD + text + NODE.replace("EXPRESSION", "f()"))


def test_a_change_between_two_runs_of_one_process_counts(answer, store):
    answer(HEAD + "A = {'k': 2}\ndef f(): return A['k']" + NODE.replace("EXPRESSION", "f()"))
    module = sys.modules["bound_case"]
    graph = Graph("bound", steps={"stage": module.Stage().on()})
    found = []
    for change in (
        lambda: module.A.update(k=3),
        lambda: setattr(module, "A", {"k": 4}),
        lambda: setattr(module, "f", lambda: 5),
        lambda: setattr(module.Stage, "run", module.double),
    )[:3]:
        change()
        found.append(graph.run(store=store).output)
    assert found == [3, 4, 5]
    setattr(module, "A", {"k": 2})  # noqa: B010
    module.f = lambda: module.A["k"]
    assert graph.run(store=store).output == 2


def test_a_compiled_function_counts_by_what_it_compiles(answer):
    pytest.importorskip("numba")
    text = HEAD + "import numba\nA = 2\n@numba.njit\ndef f(v): return v * A\n"
    node = NODE.replace("EXPRESSION", "f(3)")
    assert answer(text + node) == (6, 6, False)
    assert answer(text.replace("A = 2", "A = 3") + node) == (9, 9, False)
    assert answer(text.replace("v * A", "v + A") + node) == (5, 5, False)
    assert answer(text.replace("njit", "njit(fastmath=True)") + node)[2] is False
    assert answer(text + node) == (6, 6, True)
