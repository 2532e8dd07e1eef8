"""Programs written to deceive the keys of code: each changed answer must be seen.

Each case is a piece of a user's module with one place that differs, as in ``test_bound_code.py``.
In one process every program is planned and run twice; two other processes, with other seeds of
hashing and in other folders, must find the same keys.
"""

import itertools
import json
import os
import subprocess
import sys
import types
from pathlib import Path

import pytest

from talkgraph import Graph, Store
from talkgraph.engine.keys.code import code_digest
from tests.places import ROOT

HEAD = """
import argparse, array, asyncio, collections, configparser, contextvars, copy, dataclasses
import datetime, decimal, enum, functools, itertools, logging, multiprocessing, operator, os
import random, re, string, sys, threading, types, typing
from os import environ
from pathlib import Path
from random import choice
from sys import stderr

import attrs
import numpy as np
from numpy.random import rand
from talkgraph import Graph, Node, node, param

class Scale:
    def __init__(self, k):
        self.k = k

"""
NODE = """
@node("deceiving", version=1)
class Stage(Node):
    def run(self) -> float:
        return float(EXPRESSION)
"""
CASES = {
    'which variable, attribute': (
        'A=Scale(2); B=Scale(3); A.j=10; B.j=20\ndef f(): return A.k+B.k+A.j',
        'B.k+A.j', 'B.k+B.j', 'f()',
    ),
    'written which': (
        'A=[]; B=[]\ndef f():\n    A.append(1)\n    return len(B)',
        '    A.append', '    B.append', 'f()',
    ),
    'written elsewhere': (
        'A=[]; B=[]\ndef g():\n    A.append(1)\ndef f():\n    A.clear(); B.clear(); g()\n'
        '    return len(B)', '    A.append', '    B.append', 'f()',
    ),
    'read which after write': (
        'A=[]; B=[]\ndef g():\n    A.append(1)\ndef h(): return len(A)\ndef f():\n'
        '    A.clear(); B.clear(); g()\n    return h()', 'len(A)', 'len(B)', 'f()',
    ),
    'attrdict': (
        'class D(dict):\n    __getattr__ = dict.__getitem__\nA = D(k=2)', 'k=2', 'k=3', 'A.k',
    ),
    'proxy of settings': (
        "class S:\n    def __init__(self, d): self.__dict__['d'] = d\n"
        "    def __getattr__(self, n): return self.d[n]\nA = S({'k': 2})", '2}', '3}', 'A.k',
    ),
    'vectorize otypes': (
        'f = np.vectorize(lambda v: v + 2, otypes=[float])', '+ 2', '+ 3', 'f(np.ones(2)).sum()',
    ),
    'make_dataclass': (
        "C = dataclasses.make_dataclass('C', [('k', int, 2)])", 'int, 2', 'int, 3', 'C().k',
    ),
    'exec class': (
        "ns = {}\nexec('class C:\\n    k = 2', ns)\nC = ns['C']", 'k = 2', 'k = 3', 'C().k',
    ),
    'exec class object': (
        "ns = {}\nexec('class C:\\n    k = 2', ns)\nA = ns['C']()", 'k = 2', 'k = 3', 'A.k',
    ),
    'exec two spaces': (
        "n1 = {'A': 2}; n2 = {'A': 3}\n"
        "exec('def f(): return A', n1); exec('def f(): return A', n2)\nF=n1['f']; G=n2['f']",
        "n1 = {'A': 2}", "n1 = {'A': 5}", 'F() - G()',
    ),
    'forward ref': (
        "def f(x: typing.Optional['Scale'] = None): return 2", 'return 2', 'return 3', 'f()',
    ),
    'enum private': (
        "class C(enum.Enum):\n    K = 1\n    __t = {'a': 2}\n"
        "    def f(self): return self.__t['a']", "'a': 2", "'a': 3", 'C.K.f()',
    ),
    'global import': (
        'def f():\n    global json\n    import json\n    return len(json.dumps([1]))',
        '[1]', '[11]', 'f()',
    ),
    'protocol': (
        'class P(typing.Protocol):\n    def f(self): ...\nclass C(P):\n'
        '    def f(self): return 2', 'return 2', 'return 3', 'C().f()',
    ),
    'generic': (
        "T = typing.TypeVar('T')\nclass C(typing.Generic[T]):\n    def f(self): return 2",
        'return 2', 'return 3', 'C[int]().f()',
    ),
    'typeddict': ('class C(typing.TypedDict):\n    k: int\nA = C(k=2)', 'k=2', 'k=3', "A['k']"),
    'cached_property global': (
        'class C:\n    def __init__(self): self.k=2\n    @functools.cached_property\n'
        '    def j(self): return self.k\nA = C()', 'k=2', 'k=3', 'A.j',
    ),
    'module doc': ("__doc__ = 'ab'", 'ab', 'abc', 'len(__doc__)'),
    'all': ("__all__ = ['a']\na=2; b=3", "['a']", "['b']", 'globals()[__all__[0]]'),
    'written remove': (
        'A = [1, 2]\ndef f():\n    try: A.remove(3)\n    except ValueError: return 1\n'
        '    return 2', '[1, 2]', '[1, 3]', 'f()',
    ),
    'from random': ('from random import choice\nA=[2]', '[2]', '[3]', 'choice(A)'),
    'from environ': ('from os import environ\nA=2', 'A=2', 'A=3', 'A + 0*len(environ)'),
    'from stderr': ('from sys import stderr\nA=2', 'A=2', 'A=3', "A + 0*stderr.write('')"),
    'namespace': ('A = argparse.Namespace(k=2)', '2', '3', 'A.k'),
    'configparser': (
        "A = configparser.ConfigParser()\nA.read_string('[s]\\nk = 2')",
        'k = 2', 'k = 3', "A.getint('s', 'k')",
    ),
    'configparser section': (
        "A = configparser.ConfigParser()\nA.read_string('[s]\\nk = 2')\nB=A['s']",
        'k = 2', 'k = 3', "B.getint('k')",
    ),
    'rng': ('A = np.random.default_rng(2)', '(2)', '(3)', 'copy.deepcopy(A).random()'),
    'Random': ('A = random.Random(2)', '(2)', '(3)', 'copy.deepcopy(A).random()'),
    'regex': ("A = re.compile('a')", "'a'", "'b'", "bool(A.match('a'))"),
    'regex flags': ("A = re.compile('A')", "'A')", "'A', re.I)", "bool(A.match('a'))"),
    'attrgetter': ("A = operator.attrgetter('real')", 'real', 'imag', 'A(3+2j)'),
    'methodcaller': ("A = operator.methodcaller('count', 'a')", "'a'", "'b'", "A('aab')"),
    'nested partial': (
        'A = functools.partial(functools.partial(pow, 2), mod=5)', 'mod=5', 'mod=7', 'A(5)',
    ),
    'itertools.count': ('A = itertools.count(2)', '(2)', '(3)', 'next(copy.copy(A))'),
    'module getattr': (
        "def __getattr__(n):\n    if n == 'K': return 2\n    raise AttributeError(n)\n"
        'me = sys.modules[__name__]', 'return 2', 'return 3', 'me.K',
    ),
    'metaclass call': (
        'class M(type):\n    def __call__(c, *a): return 2\nclass C(metaclass=M): pass',
        'return 2', 'return 3', 'C()',
    ),
    'descriptor set_name': (
        'class D:\n    def __set_name__(s, o, n): s.n = n\n'
        '    def __get__(s, *_): return len(s.n) * 2\nclass C:\n    a = D()', '* 2', '* 3', 'C.a',
    ),
    'mutable default': ('def f(x, a=[2]): return a[0]', '[2]', '[3]', 'f(1)'),
    'mutable default memo': (
        'def f(x, memo={}):\n    if x not in memo: memo[x] = 2\n    return memo[x]',
        '= 2', '= 3', 'f(1)',
    ),
    'class counter': (
        'class C:\n    n = 0\n    def __init__(self): C.n += 1\ndef f(): C(); return 2',
        'return 2', 'return 3', 'f()',
    ),
    'class decorator': (
        'class Deco:\n    def __init__(s, f): s.f = f; functools.update_wrapper(s, f)\n'
        '    def __call__(s, *a): return s.f(*a) + 2\n@Deco\ndef f(): return 1',
        '+ 2', '+ 3', 'f()',
    ),
    'class deco inner': (
        'class Deco:\n    def __init__(s, f): s.f = f; functools.update_wrapper(s, f)\n'
        '    def __call__(s, *a): return s.f(*a)\n@Deco\ndef f(): return 1',
        'return 1', 'return 3', 'f()',
    ),
    'deco counting': (
        'class Deco:\n    def __init__(s, f): s.f = f; s.calls = 0\n'
        '    def __call__(s, *a): s.calls += 1; return s.f(*a)\n@Deco\ndef f(): return 1',
        'return 1', 'return 3', 'f()',
    ),
    'retry loop': (
        'def retry(n):\n    def deco(f):\n        def g(*a):\n'
        '            for i in range(n): r = f(*a)\n            return r + n\n        return g\n'
        '    return deco\n@retry(2)\ndef f(): return 1', '@retry(2)', '@retry(3)', 'f()',
    ),
    'singledispatchmethod': (
        'class C:\n    @functools.singledispatchmethod\n    def f(self, v): return 1\n'
        '    @f.register\n    def _(self, v: int): return 2', 'return 2', 'return 3', 'C().f(1)',
    ),
    'late binding': ('fs = [lambda: i for i in (2, 3)]', '(2, 3)', '(2, 4)', 'fs[0]()'),
    'nonlocal': (
        'def make():\n    n = 2\n    def g():\n        nonlocal n\n        return n\n'
        '    return g\nf = make()', 'n = 2', 'n = 3', 'f()',
    ),
    'ctx class': (
        'class X:\n    def __enter__(s): return 2\n    def __exit__(s, *a): return False\n'
        'def f():\n    with X() as x: return x', 'return 2', 'return 3', 'f()',
    ),
    'async ctx': (
        'async def g():\n    for i in range(2): yield i\n'
        'async def h(): return sum([i async for i in g()])',
        'range(2)', 'range(3)', 'asyncio.run(h())',
    ),
    'ordering flags': (
        'class C(enum.Flag):\n    A = enum.auto(); B = enum.auto()\nX = C.A',
        'X = C.A', 'X = C.A | C.B', 'X.value',
    ),
    'auto order': (
        'class C(enum.IntEnum):\n    A = enum.auto(); B = enum.auto()',
        'A = enum.auto(); B = enum.auto()', 'B = enum.auto(); A = enum.auto()', 'C.A',
    ),
    'shared in set': (
        'S = [2]\nclass C:\n    def __init__(s, x): s.x = x\nA = {C(S), C(S), C(S)}',
        '[2]', '[3]', 'sum(c.x[0] for c in A)',
    ),
    'chainmap': ("A = collections.ChainMap({'k': 2}, {'k': 9})", "'k': 2", "'k': 3", "A['k']"),
    'defaultdict': ('A = collections.defaultdict(lambda: 2)', ': 2', ': 3', "copy.copy(A)['x']"),
    'defaultdict reading': ('A = collections.defaultdict(lambda: 2)', ': 2', ': 3', "A['x']"),
    'dynamic setattr': (
        "class C: pass\nfor n, v in {'a': 2}.items(): setattr(C, n, v)", "'a': 2", "'a': 3", 'C.a',
    ),
    'bound chained': (
        'class B:\n    def me(s): return s\n    k = 2\nA = B()', 'k = 2', 'k = 3', 'A.me().k',
    ),
    'property setter': (
        'class C:\n    _k = 2\n    @property\n    def k(s): return s._k\n    @k.setter\n'
        '    def k(s, v): s._k = v + 2\ndef f():\n    c = C(); c.k = 1; return c.k',
        'v + 2', 'v + 3', 'f()',
    ),
    'dataclass post': (
        '@dataclasses.dataclass\nclass C:\n    k: int = 2\n    def __post_init__(s): s.k += 1',
        '+= 1', '+= 2', 'C().k',
    ),
    'initvar': (
        '@dataclasses.dataclass\nclass C:\n    k: dataclasses.InitVar[int] = 2\n'
        '    j: int = dataclasses.field(init=False)\n    def __post_init__(s, k): s.j = k',
        '[int] = 2', '[int] = 3', 'C().j',
    ),
    'match': (
        "def f(v):\n    match v:\n        case {'a': x}: return x\n        case _: return 0",
        "'a'", "'b'", "f({'a': 1})",
    ),
    'try which': (
        "def f():\n    try: return int('x')\n    except ValueError: return 2",
        'ValueError: return 2', 'ValueError: return 3', 'f()',
    ),
    'kwonly names': (
        'def g(a=1, b=2): return a - b\ndef f(): return g(a=5, b=1)', 'a=5, b=1', 'b=5, a=1', 'f()',
    ),
    'thread': (
        'def f():\n    out = []\n'
        '    t = threading.Thread(target=lambda: out.append(2)); t.start(); t.join()\n'
        '    return out[0]', 'append(2)', 'append(3)', 'f()',
    ),
    'vars': ("A = 2\ndef f(): return vars(sys.modules[__name__])['A']", 'A = 2', 'A = 3', 'f()'),
    'getattr me': (
        "A = 2\ndef f(): return getattr(sys.modules[__name__], 'A')", 'A = 2', 'A = 3', 'f()',
    ),
    'MappingProxy': ("A = types.MappingProxyType({'k': 2})", '2}', '3}', "A['k']"),
    'UserDict': ('A = collections.UserDict(k=2)', 'k=2', 'k=3', "A['k']"),
    'static var func': (
        'def f():\n    f.n += 1\n    return 2\nf.n = 0', 'return 2', 'return 3', 'f()',
    ),
    'exception inst': ('A = ValueError(2)', '(2)', '(3)', 'A.args[0]'),
    'contextvar default': ("A = contextvars.ContextVar('A', default=2)", '=2', '=3', 'A.get()'),
    'self ref class': (
        'class C:\n    k = 2\n    inst = None\nC.inst = C()', 'k = 2', 'k = 3', 'C.inst.k',
    ),
    'singleton': (
        'class C:\n    _i = None\n    k = 2\n    def __new__(c):\n'
        '        if c._i is None: c._i = super().__new__(c)\n        return c._i',
        'k = 2', 'k = 3', 'C().k',
    ),
    'registry by decorator': (
        'R = {}\ndef reg(f): R[f.__name__] = f; return f\n@reg\ndef g(): return 2',
        'return 2', 'return 3', "R['g']()",
    ),
    'graph that is held': (
        "@node('deceiving_inner', version=1)\nclass Inner(Node):\n    k: int = param(1)\n"
        "    def run(self, x: int) -> int: return x * self.k\n"
        "G = Graph('g', inputs={'x': int}, steps={'s': Inner(k=2).on(x='x')})",
        'k=2', 'k=3', "G.steps['s'].node.run(1)",
    ),
    'code of a graph that is held': (
        "@node('deceiving_inner', version=1)\nclass Inner(Node):\n"
        "    def run(self, x: int) -> int: return x * 2\n"
        "G = [Graph('g', inputs={'x': int}, steps={'s': Inner().on(x='x')})]",
        '* 2', '* 3', "G[0].steps['s'].node.run(1)",
    ),
    'edges of a graph that is held': (
        "@node('deceiving_inner', version=1)\nclass Inner(Node):\n"
        "    def run(self, x: int) -> int: return x\n"
        "G = Graph('g', inputs={'x': int, 'yz': int}, steps={'s': Inner().on(x='x')})",
        "on(x='x')", "on(x='yz')", "len(G.steps['s'].sources['x'])",
    ),
    'step that is held': (
        "@node('deceiving_inner', version=1)\nclass Inner(Node):\n    k: int = param(1)\n"
        "    def run(self, x: int) -> int: return x * self.k\ndef make(step):\n"
        "    return lambda: step.node.run(1)\nf = make(Inner(k=2).on(x='x'))",
        'k=2', 'k=3', 'f()',
    ),
    'what lies outside of a node that is held': (
        "@node('deceiving_inner', version=1)\nclass Inner(Node):\n"
        "    def outside(self): return dict(OUTSIDE)\n    def run(self) -> int: return 1\n"
        "OUTSIDE = {'net': 'ab'}\nN = Inner()", "'ab'", "'abc'", "len(N.outside()['net'])",
    ),
    'wrapper with a registry': (
        'def plus(n):\n    def w(x): return x + n\n    w.registry = []\n    return w\nf = plus(2)',
        'plus(2)', 'plus(3)', 'f(1)',
    ),
    'function with attributes as of functools': (
        'def f(): return len(f.dispatch + f.register + f.cache_info)\n'
        "f.dispatch = f.register = ''\nf.cache_info = 'ab'", "'ab'", "'abc'", 'f()',
    ),
    'singledispatch in a wrapper': (
        '@functools.singledispatch\ndef g(x): return 1\n@g.register\ndef _(x: int): return 2\n'
        'def wrap(h):\n    @functools.wraps(h)\n    def w(x): return h(x)\n    return w\n'
        'f = wrap(g)', 'return 2', 'return 3', 'f(1)',
    ),
    'register of a singledispatch': (
        '@functools.singledispatch\ndef g(x): return 1\n@g.register\ndef _(x: int): return 2\n'
        'A = [g.register, g.dispatch]', 'return 2', 'return 3', 'A[1](int)(1)',
    ),
    'enum attribute set later': (
        'class C(enum.Enum):\n    K = 1\nC.K.weight = 2', 'weight = 2', 'weight = 3', 'C.K.weight',
    ),
    'enum member with attribute set later': (
        'class C(enum.Enum):\n    K = 1\nA = C.K\nA.weight = 2', '= 2', '= 3', 'A.weight',
    ),
    'enum table': (
        "class C(enum.Enum):\n    K = 1\n    __labels__ = {'a': 2}", "'a': 2", "'a': 3",
        "C.__labels__['a']",
    ),
    'dataclass metadata': (
        'class C:\n    k: int = dataclasses.field(default=1, metadata={"s": 2})\n'
        'C = dataclasses.dataclass(C)', '"s": 2', '"s": 3',
        "dataclasses.fields(C)[0].metadata['s']",
    ),
    'attrs metadata': (
        '@attrs.define\nclass C:\n    k: int = attrs.field(default=1, metadata={"s": 2})',
        '"s": 2', '"s": 3', "attrs.fields(C).k.metadata['s']",
    ),
    'attrs repr': (
        '@attrs.define\nclass C:\n    k: int = attrs.field(default=1, repr=True)',
        'repr=True', 'repr=False', 'len(repr(C()))',
    ),
    'attrs repr by function': (
        "@attrs.define\nclass C:\n    k: int = attrs.field(default=1, repr=lambda v: 'ab')",
        "'ab'", "'abc'", 'len(repr(C()))',
    ),
    'attrs order': (
        '@attrs.define(order=True)\nclass C:\n    k: int = 1\ndef f():\n'
        '    try: return C(1) < C(2)\n    except TypeError: return 2', '=True', '=False', 'f()',
    ),
    'attrs eq by function': (
        '@attrs.define\nclass C:\n    k: int = attrs.field(eq=lambda v: v % 2)',
        'v % 2', 'v % 3', 'C(1) == C(3)',
    ),
    'attrs on_setattr': (
        '@attrs.define\nclass C:\n'
        '    k: int = attrs.field(default=1, on_setattr=lambda i, a, v: v * 2)\n'
        'def f():\n    c = C()\n    c.k = 1\n    return c.k', 'v * 2', 'v * 3', 'f()',
    ),
    'attrs frozen': (
        '@attrs.define(frozen=True)\nclass C:\n    k: int = 1\ndef f():\n'
        '    try: C().k = 2\n    except AttributeError: return 1\n    return 2',
        '=True', '=False', 'f()',
    ),
    'list with its own append': (
        'class C(list):\n    def append(self, v): return 2\nA = C()', 'return 2', 'return 3',
        'A.append(1)',
    ),
    'dict with its own update': (
        'def make():\n    class C(dict):\n        def update(self, v): return 2\n    a = C()\n'
        '    return lambda: a.update({})\nf = make()', 'return 2', 'return 3', 'f()',
    ),
    'path with its own mkdir': (
        'class C(type(Path())):\n    def mkdir(self): return 2\nA = C("nowhere")',
        'return 2', 'return 3', 'A.mkdir()',
    ),
    'what append belongs to': ('A = [2]', '[2]', '[3]', 'A.append.__self__[0]'),
    'formatter': ("A = logging.Formatter('%(msg)s')", "s')", "s!')", 'len(A._fmt)'),
    'future': (
        'from concurrent.futures import Future\nA = Future()\nA.set_result(2)',
        'result(2)', 'result(3)', 'A.result()',
    ),
    'event': ('A = threading.Event()\nA.set()', 'A.set', 'A.clear', 'A.is_set()'),
    'semaphore': ('A = threading.Semaphore(2)', '(2)', '(3)', 'A._value'),
    'partial attribute': (
        'A = functools.partial(pow, 2)\nA.k = 2', 'k = 2', 'k = 3', 'A.k',
    ),
    'cached function attribute': (
        '@functools.cache\ndef f(): return 1\nf.k = 2', 'k = 2', 'k = 3', 'f.k',
    ),
    'registered class': (
        'import abc\nclass C(abc.ABC): pass\nclass D: pass\nclass E: pass\nC.register(D)',
        'register(D)', 'register(E)', 'isinstance(D(), C)',
    ),
    'bound of a type variable': (
        "def make():\n    T = typing.TypeVar('T', bound=int)\n    return lambda: T\nf = make()",
        '=int', '=float', "len(f().__bound__.__name__)",
    ),
}  # fmt: skip
FILLED = {
    "class counter", "deco counting", "defaultdict reading", "mutable default memo",
    "read which after write", "singleton", "static var func", "written elsewhere", "written remove",
    "written which",
}  # fmt: skip
"""Those whose first run leaves something for the second: a memo that code fills moves its key."""
numbers = itertools.count()


def load(text):
    """The module "deceiving" of this text, in the place of the one before."""
    module = sys.modules["deceiving"] = types.ModuleType("deceiving")
    exec(compile(text, f"<program {next(numbers)}>", "exec"), vars(module))
    return module


def programs(kind):
    """The module before and after the change."""
    text, old, new, expression = CASES[kind]
    assert old in text
    node = NODE.replace("EXPRESSION", expression)
    return HEAD + text + node, HEAD + text.replace(old, new) + node


@pytest.fixture
def deceiving():
    yield
    sys.modules.pop("deceiving", None)


@pytest.mark.parametrize("kind", CASES, ids=str)
def test_each_change_is_seen_and_nothing_moves_by_itself(tmp_path, deceiving, kind):
    store = Store(tmp_path, durable=False)
    answers = []
    for text in programs(kind):
        right = load(text).Stage().run()
        graph = Graph("deceived", steps={"stage": load(text).Stage().on()})
        first = graph.run(store=store)
        assert (first.output, first.records["stage"].cached) == (right, False)
        if kind not in FILLED:
            assert graph.run(store=store).records["stage"].cached
        answers.append(right)
    assert answers[0] != answers[1]


def test_keys_are_those_of_any_other_process_and_folder(tmp_path):
    found = []
    for seed in ("1", "2"):
        folder = tmp_path / ("deeper/" * int(seed)) / "project"
        folder.mkdir(parents=True)
        (folder / "program.py").write_text(OTHER_PROCESS)
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT), "X": seed}
        command = [sys.executable, str(folder / "program.py"), str(tmp_path / seed), __file__]
        said = subprocess.run(
            command, env=environment, capture_output=True, text=True, check=True
        ).stdout
        found.append(json.loads(said))
    assert found[0] == found[1] and len(found[0]) > 50


OTHER_PROCESS = """
import importlib.util, json, os, sys
from pathlib import Path
if os.environ["X"] == "2":
    import scipy.special, random
    random.random()
spec = importlib.util.spec_from_file_location("cases", sys.argv.pop())
cases = importlib.util.module_from_spec(spec)
spec.loader.exec_module(cases)
print(json.dumps(cases.digests(Path(sys.argv.pop()))))
"""
PLACES = """
import os.path
HERE = os.path.dirname(os.path.abspath(__file__))
FOLDER = Path(__file__).resolve().parent
AROUND = FOLDER.parent
SET = {'a', ('b', frozenset('xyz'))}
SHARED = [1]
class Holds:
    def __init__(self, *held): self.held = held
OBJECTS = {Holds(SHARED, k) for k in range(9)}
""" + NODE.replace("EXPRESSION", "len([HERE, FOLDER, AROUND, SET, OBJECTS, np.sqrt, sys.argv])")


def digests(folder):
    """Of the code of all cases, by kind; before and after they ran."""
    store = Store(folder, durable=False)
    found = {}
    file = str(Path(sys.modules["__main__"].__file__))
    for kind in CASES:
        found[kind] = code_digest(load(programs(kind)[0]).Stage, store).digest
    module = load(f"__file__ = {file!r}\n" + HEAD)
    exec(compile(PLACES, file, "exec"), vars(module))
    found["places"] = code_digest(module.Stage, store).digest
    return found


@pytest.mark.parametrize(
    "made",
    ["A = open(os.devnull)", "A = (x for x in 'a')", "A = {'k': 1}.keys()", "A = memoryview(b'a')",
     "A = np.array([None])", "A = np.ma.array([1])", "import weakref\nA = weakref.ref(Scale)",
     "A = [logging.makeLogRecord({'msg': 'm'})]", "A = multiprocessing.Value('i', 1)",
     "A = compile('2', 'x', 'eval')", "A = {'k': [np.frompyfunc(len, 1, 1)]}"],
)  # fmt: skip
def test_what_has_no_key_is_one_line_with_the_variable_and_a_remedy(tmp_path, deceiving, made):
    from talkgraph.errors import KeyingError

    stage = load(HEAD + made + NODE.replace("EXPRESSION", "bool(A)")).Stage
    with pytest.raises(KeyingError, match=r"^node 'deceiving', variable 'A.*; (make|use) .*$"):
        code_digest(stage, Store(tmp_path, durable=False))


def test_a_result_that_is_held_is_no_key(tmp_path, deceiving):
    from talkgraph.errors import KeyingError

    store = Store(tmp_path, durable=False)
    module = load(HEAD + "A = 1" + NODE.replace("EXPRESSION", "A if type(A) is int else A.output"))
    graph = Graph("deceived", steps={"stage": module.Stage().on()})
    module.A = graph.run(store=store)
    with pytest.raises(KeyingError, match=r"variable 'A': .*Result .*; pass its output.* input$"):
        graph.run(store=store)


def test_of_a_node_that_is_held_only_what_counts_counts(tmp_path, deceiving):
    store = Store(tmp_path, durable=False)
    inner = (
        "@node('deceiving_inner', version=1)\nclass Inner(Node):\n"
        "    k: int = param(1, 'what')\n    threads: int = param(1, 'how many', keyed=False)\n"
        "    def run(self) -> int: return 2\nG = [Inner(k=2, threads=1)]"
    )
    node = NODE.replace("EXPRESSION", "G[0].run()")

    def digest(old="", new=""):
        return code_digest(load(HEAD + inner.replace(old, new) + node).Stage, store).digest

    assert digest() == digest("threads=1", "threads=2") == digest("'what'", "'what it is'")
    assert digest() != digest("k=2", "k=3")


def test_what_a_flag_keeps_for_itself_moves_no_key(tmp_path, deceiving):
    store = Store(tmp_path, durable=False)
    made = "class C(enum.Flag):\n    K = 1\n    J = 2\nA = C.K"
    module = load(HEAD + made + NODE.replace("EXPRESSION", "(~A).value + (A | C.J).value"))
    before = code_digest(module.Stage, store).digest
    assert module.Stage().run() and code_digest(module.Stage, store).digest == before


USER = """
import importlib
import talkgraph as tg
NAME = "lazy"
@tg.node("deceiving", version=1)
class Stage(tg.Node):
    def run(self) -> int:
        BODY
"""
USES = [
    "global lazy; import lazy; return lazy.f()",
    "from importlib import import_module; return import_module('lazy').f()",
    "return importlib.import_module('lazy').f()",
    "return importlib.import_module(NAME).f()",
    "name = NAME; from importlib import import_module; return import_module(NAME).f()",
    "return __import__('lazy').f()",
    "class C: import lazy\n        return C.lazy.f()",
    "import lazy\n        return sum(lazy.f() for _ in 'a')",
    "import lazy; return lazy.Inner().run()",
]


@pytest.mark.parametrize("use", USES)
def test_what_is_imported_late_counts_before_and_after_it_is_loaded(
    tmp_path, monkeypatch, deceiving, use
):
    found = [late(tmp_path / name, monkeypatch, use, LATE) for name in "ab"]
    found.append(late(tmp_path / "c", monkeypatch, use, LATE.replace("return 1", "return 2")))
    assert found[0] == found[1] != found[2]


def test_of_a_node_that_another_runs_the_version_and_the_files_count(
    tmp_path, monkeypatch, deceiving
):
    use = "import lazy; return lazy.Inner().run()"
    found = {
        late(tmp_path / "a", monkeypatch, use, LATE),
        late(tmp_path / "b", monkeypatch, use, LATE.replace("version=1", "version=2")),
        late(tmp_path / "c", monkeypatch, use, LATE, content="2"),
    }
    assert len(found) == 3


LATE = """
import talkgraph as tg
def f(): return 1
@tg.node("inner", version=1, files=("table.txt",))
class Inner(tg.Node):
    def run(self) -> int:
        return f()
"""


def late(folder, monkeypatch, use, text, content="1"):
    """The digest of a program that uses a module "lazy" of this text."""
    (folder / "store").mkdir(parents=True)
    (folder / "lazy.py").write_text(text)
    (folder / "table.txt").write_text(content)
    store = Store(folder / "store", durable=False)
    with monkeypatch.context() as patched:
        patched.syspath_prepend(folder)
        patched.delitem(sys.modules, "lazy", raising=False)
        stage = load(USER.replace("BODY", use)).Stage
        before = code_digest(stage, store).digest
        assert stage().run() and code_digest(stage, store).digest == before
        sys.modules.pop("lazy", None)
    return before
