"""What a node class says of itself: help, parameters and ports."""

import enum
import inspect
import pydoc

import attrs
import pytest

from talkgraph.engine import Node, node, param
from talkgraph.engine.declare.description import parameters, ports_line, summary


class Way(enum.Enum):
    LEFT = 1


@node("described", version=1)
class Described(Node):
    """Scale numbers
    by a factor.

    More words.
    """

    factor: float = param(2.0, "the factor (Sec. 3)", unit="px", ge=0, lt=10)
    name: str = param(help="what it is called")
    mode: str = param("well", "how", choices=("well", "badly"), keyed=False)
    way: Way | None = param(None)

    def run(self, numbers: list[float], by: float | None = None) -> float | None: ...


def test_parameters_as_they_were_declared():
    known = parameters(Described)
    assert list(known) == ["factor", "name", "mode", "way"]
    factor, name, mode = known["factor"], known["name"], known["mode"]
    assert (factor.default, factor.unit, factor.range) == (2.0, "px", "at least 0, below 10")
    assert name.needed and name.default is attrs.NOTHING and not factor.needed
    assert mode.choices == ("well", "badly") and not mode.keyed
    assert known["way"].type == Way | None and known["way"].help == ""


def test_the_docstring_has_sections_for_parameters_and_ports():
    assert inspect.getdoc(Described) == (
        "Scale numbers\nby a factor.\n\nMore words.\n\n"
        "Parameters\n----------\n"
        "factor : float = 2.0 px; at least 0, below 10\n    the factor (Sec. 3)\n"
        "name : str; must be given\n    what it is called\n"
        "mode : str = 'well'; one of 'well', 'badly'; not in the cache key\n    how\n"
        "way : Way | None = None\n\n"
        "Ports\n-----\n"
        "numbers : list[float]\nby : float | None; may be left out\n-> float | None"
    )
    assert summary(Described) == "Scale numbers by a factor."
    assert "at least 0, below 10" in pydoc.render_doc(Described)
    assert Described(name="x").__doc__ == Described.__doc__


def test_ports_in_a_line():
    assert ports_line(Described) == "list[float], float? -> float | None"


def test_a_node_without_a_docstring_tells_its_ports():
    @node("silent", version=1)
    class Silent(Node):
        def run(self) -> int: ...

    assert summary(Silent) == ""
    assert Silent.__doc__ == "Ports\n-----\n-> int"


def test_a_node_whose_ports_are_not_annotated_keeps_its_docstring():
    @node("untyped", version=1)
    class Untyped(Node):
        """Words."""

        def run(self, x): ...

    assert Untyped.__doc__ == "Words."


@pytest.mark.parametrize("cls", [Described])
def test_the_docstring_is_made_when_it_is_read(cls):
    assert type(vars(cls)["__doc__"]).__name__ == "_Doc"
