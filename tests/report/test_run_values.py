"""The values of a run, and why there is none."""

import pytest

from talkgraph import Graph, Node, Store, node, report
from talkgraph.engine.history import run_records
from talkgraph.report import RunValues
from talkgraph.report.run_values import Absent


@node("run_values_twice", version=1)
class Twice(Node):
    def run(self, x: int) -> int:
        if x > 100:
            raise OverflowError("too much")
        return 2 * x


STEPS = {"one": Twice().on(x="x"), "two": Twice().on(x="one"), "three": Twice().on(x="two")}
GRAPH = Graph("values", inputs={"x": int}, steps=STEPS)


@pytest.fixture
def values(tmp_path):
    store = Store(tmp_path)

    def of(**run):
        try:
            GRAPH.run(store=store, **run)
        except Exception as error:
            assert "too much" in str(error)
        return RunValues(run_records.find(store), store)

    return of


def test_inputs_and_results_are_there(values):
    found = values(inputs={"x": 3})
    assert (found["x"], found["one"], found["three"]) == (3, 6, 24)


def test_what_is_not_there_says_why(values):
    given = values(inputs={"x": 3}, given={"two": 5})
    assert given["three"] == 10
    with pytest.raises(Absent, match=r"^it was given, and given values are not kept$"):
        given["two"]
    with pytest.raises(
        Absent, match=r"^'four' was not part of this run, or its value is not kept$"
    ):
        given["four"]
    failed = values(inputs={"x": 60})
    assert failed["one"] == 120
    with pytest.raises(Absent, match=r"^it was not made in this run$"):
        failed["three"]
    gone = values(inputs={"x": 7})
    gone.store.gc(0)
    with pytest.raises(Absent, match=r"^its result is no longer in the store$"):
        gone["three"]


def test_the_package_has_what_it_says_and_nothing_else():
    assert all(callable(getattr(report, name)) for name in report.__all__)
    with pytest.raises(AttributeError, match=r"module 'talkgraph.report' has no attribute 'rport'"):
        report.rport  # noqa: B018
