"""What text on a command line means."""

from pathlib import Path
from typing import Any, Literal

import pytest

from talkgraph import Graph, Node, node, param
from talkgraph.cache.files import File
from talkgraph.cli.lookup import from_text, with_settings
from talkgraph.errors import GraphError, InputError


@node("lookup_test_many", version=1)
class Many(Node):
    rate: float = param(1.0, gt=0)
    places: tuple[int, ...] = param((1,))
    word: str | None = param(None)
    file: File | None = param(None)

    def run(self) -> int:
        return 1


GRAPH = Graph("many", steps={"many": Many().on()})


@pytest.mark.parametrize(
    ("text", "type_", "value"),
    [
        ("3", int, 3),
        ("3", str, "3"),
        ("3", int | str, 3),
        ("null", str | None, None),
        ("null", str, "null"),
        ("true", bool, True),
        ("draft", Literal["draft", "best"], "draft"),
        ("a b.wav", Path, "a b.wav"),
        ("a b.wav", File, "a b.wav"),
        ("[1, 2]", tuple[int, ...], [1, 2]),
        ("x=1", Any, "x=1"),
    ],
)
def test_the_reading_that_fits_the_type(text, type_, value):
    found = from_text(text, type_)
    assert found == value and type(found) is type(value)


def test_a_setting_becomes_what_the_node_makes_of_it():
    settings = {"many.rate": "3", "many.places": "[1, 2]", "many.word": "17", "many.file": "a.npz"}
    made = with_settings(GRAPH, settings).steps["many"].node
    assert (made.rate, made.places, made.word) == (3.0, (1, 2), "17")
    assert isinstance(made.rate, float) and made.file == File(Path("a.npz"))


@pytest.mark.parametrize(
    ("name", "text", "error", "words"),
    [
        ("many", "3", InputError, "write it as step.parameter=value"),
        ("mny.rate", "3", GraphError, "no step 'mny' (did you mean 'many'?)"),
        ("other.rate", "3", GraphError, "no step 'other'; its steps are many"),
        ("many.raet", "3", GraphError, "no parameter 'raet' (did you mean 'rate'?)"),
        ("many.rate", "fast", GraphError, "expected float, got str 'fast'"),
        ("many.rate", "0", GraphError, "expected > 0"),
    ],
)
def test_a_wrong_setting_is_refused_in_one_line(name, text, error, words):
    with pytest.raises(error) as caught:
        with_settings(GRAPH, {name: text})
    assert words in str(caught.value) and "\n" not in str(caught.value)
