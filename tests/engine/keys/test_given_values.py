"""The classes of what a node is given at its ports count, whatever the ports' types say.

Each case is a user's module with one place that differs; the second answer must be that of the
second module, and the first module made again must find its result.
"""

import itertools
import sys
import types

import pytest

from talkgraph import Graph, Store

HEAD = """
import dataclasses, enum, functools, typing
import attrs
from talkgraph import Node, node, param, value

FACTOR = 2

@dataclasses.dataclass
class Shape:
    size: int = 3

@dataclasses.dataclass
class Square(Shape):
    def area(self):
        return self.size * FACTOR

class Plain(Shape):
    def area(self):
        return self.size * FACTOR

@attrs.frozen
class Round:
    size: int = 3
    def area(self):
        return self.size * FACTOR

class Mode(enum.Enum):
    FAST = 3
    def area(self):
        return self.value * FACTOR

@value("given_base")
class Base:
    size: int

@value("given_kept")
class Kept(Base):
    def area(self):
        return self.size * FACTOR

@value("given_pair")
class Pair:
    first: object
    second: int = 0

def with_more():
    square = Shape()
    square.area = FACTOR
    return square

@node("given_make", version=1)
class Make(Node):
    def run(self, size: int) -> Base:
        return Kept(size=size)

@node("given_make_pair", version=1)
class MakePair(Node):
    def run(self, size: int) -> Pair:
        return Pair(first=[{"it": Kept(size=size)}])
"""
USE = """
@node("given_use", version=1)
class Use(Node):
    def run(self, it: TYPE) -> object:
        return EXPRESSION

def given():
    return GIVEN
"""
numbers = itertools.count()


@pytest.fixture
def module(monkeypatch):
    def load(text):
        made = types.ModuleType("given_case")
        monkeypatch.setitem(sys.modules, "given_case", made)
        exec(compile(text, f"<given {next(numbers)}>", "exec"), vars(made))
        return made

    return load


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path, durable=False)


@pytest.mark.parametrize(
    ("type_", "given", "expression"),
    [
        ("list[Shape]", "[Square()]", "it[0].area()"),
        ("Shape", "Plain()", "it.area()"),
        ("object", "Square()", "it.area()"),
        ("object", "Round()", "it.area()"),
        ("object", "Mode.FAST", "it.area()"),
        ("object", "Kept(size=3)", "it.area()"),
        ("Base", "Kept(size=3)", "it.area()"),
        ("object", "{'a': [(1, Mode.FAST)]}", "it['a'][0][1].area()"),
        ("object", "Pair(first=Kept(size=3))", "it.first.area()"),
        ("Shape", "with_more()", "it.area"),
    ],
)
def test_the_class_of_an_input_counts(module, store, type_, given, expression):
    use = USE.replace("TYPE", type_).replace("GIVEN", given).replace("EXPRESSION", expression)

    def answer(text):
        made = module(text)
        steps = {"use": made.Use().on(it="it")}
        graph = Graph("given", inputs={"it": eval(type_, vars(made))}, steps=steps)
        result = graph.run({"it": made.given()}, store=store)
        return result.output, made.Use().run(made.given()), result.records["use"].cached

    other = (HEAD + use).replace("FACTOR = 2", "FACTOR = 5")
    one, right, cached = answer(HEAD + use)
    assert one == right and not cached
    two, right, cached = answer(other)
    assert two == right != one and not cached
    assert answer("# moved\n" + HEAD + use) == (one, one, True)


@pytest.mark.parametrize(
    ("make", "source", "type_", "expression"),
    [
        ("Make", "made", "Base", "it.area()"),
        ("MakePair", "made", "Pair", "it.first[0]['it'].area()"),
        ("MakePair", "made.first", "object", "it[0]['it'].area()"),
    ],
)
def test_the_class_of_a_stored_value_counts(module, store, make, source, type_, expression):
    use = USE.replace("TYPE", type_).replace("GIVEN", "0").replace("EXPRESSION", expression)

    def answer(text):
        made = module(text)
        steps = {"made": vars(made)[make]().on(size="size"), "use": made.Use().on(it=source)}
        result = Graph("given", inputs={"size": int}, steps=steps).run({"size": 3}, store=store)
        return result.output, result.records["use"].cached

    assert answer(HEAD + use) == (6, False)
    assert answer((HEAD + use).replace("FACTOR = 2", "FACTOR = 5")) == (15, False)
    assert answer("# moved\n" + HEAD + use) == (6, True)


def test_a_value_has_one_key_given_or_stored(module, store):
    use = USE.replace("TYPE", "Base").replace("GIVEN", "0").replace("EXPRESSION", "it.area()")
    made = module(HEAD + use)
    steps = {"made": made.Make().on(size="size"), "use": made.Use().on(it="made")}
    graph = Graph("given", inputs={"size": int}, steps=steps)
    assert graph.run({"size": 3}, store=store).output == 6
    again = graph.run(given={"made": made.Kept(size=3)}, store=store)
    assert again.output == 6 and again.records["use"].cached


def test_where_numbers_flow_no_class_counts(module, store):
    use = USE.replace("TYPE", "int").replace("GIVEN", "0").replace("EXPRESSION", "it + 1")
    for text in (HEAD + use, (HEAD + use).replace("FACTOR = 2", "FACTOR = 5")):
        made = module(text)
        graph = Graph("given", inputs={"it": int}, steps={"use": made.Use().on(it="it")})
        result = graph.run({"it": 1}, store=store)
    assert result.records["use"].cached


def test_a_subclass_of_a_value_class_is_no_value_class(module, store):
    from talkgraph.errors import KeyingError

    text = HEAD + "class Other(Kept):\n    pass\n" + USE.replace("TYPE", "int")
    made = module(text.replace("GIVEN", "0").replace("EXPRESSION", "Other(size=it)"))
    graph = Graph("given", inputs={"it": int}, steps={"use": made.Use().on(it="it")})
    with pytest.raises(KeyingError, match=r"a given_case\.Other cannot be stored"):
        graph.run({"it": 1}, store=store)
