"""Conditional branches: only the chosen one is planned, run and asked for inputs."""

import pytest

from talkgraph import Graph, Node, Store, node
from talkgraph.engine import Choose
from talkgraph.errors import GraphError, NodeError

calls: list[str] = []


@pytest.fixture(autouse=True)
def _fresh():
    calls.clear()


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path, durable=False)


@node("test_choice_is_long", version=1)
class IsLong(Node):
    def run(self, text: str) -> bool:
        calls.append("is_long")
        if text == "bad":
            raise ValueError("bad text")
        return len(text) > 5


@node("test_choice_shout", version=1)
class Shout(Node):
    def run(self, text: str) -> str:
        calls.append("shout")
        return text.upper()


@node("test_choice_count", version=1)
class Count(Node):
    def run(self, text: str | None) -> int:
        calls.append("count")
        return len(text or "")


def graph():
    return Graph(
        "choice",
        inputs={"text": str},
        steps={
            "long": IsLong().on(text="text"),
            "shout": Shout().on(text="text"),
            "twice": Shout().on(text="shout"),
            "said": Choose().on(condition="long", then="twice", otherwise="text"),
            "count": Count().on(text="said"),
        },
    )


def states(plan):
    return {step.name: step.state for step in plan}


def test_only_the_chosen_branch_runs(store):
    short = graph().run({"text": "hey"}, store=store)
    assert short.output == 3 and calls == ["is_long", "count"] and short["said"] == "hey"
    assert short.records["said"].reason == "chose text" and "shout" not in short.records
    calls.clear()
    long = graph().run({"text": "hello there"}, store=store)
    assert calls == ["is_long", "shout", "shout", "count"] and long["said"] == "HELLO THERE"
    calls.clear()
    assert graph().run({"text": "hello there"}, store=store).output == 11 and not calls
    assert long["shout"] == "HELLO THERE"
    assert short["twice"] == "HEY"  # what was not needed is made when it is asked for


def test_a_choice_that_becomes_equal_is_an_early_cutoff(store):
    graph().run({"text": "SHOUTED"}, store=store)
    calls.clear()
    assert graph().run({"text": "shouted"}, store=store).output == 7
    assert calls == ["is_long", "shout"]  # the second shout and the count see equal content


def test_plans(store):
    plan = states(graph().plan({"text": "hey"}, store=store))
    assert plan == {"long": "run", "shout": "run", "twice": "pending", "said": "pending",
                    "count": "pending"}  # fmt: skip
    graph().run({"text": "hey"}, store=store)
    plan = graph().plan({"text": "hey"}, store=store)
    assert states(plan) == {"long": "hit", "said": "stream", "count": "hit"}
    assert plan["said"].reason == "chose text"


def test_a_graph_asks_for_the_inputs_of_the_branch_alone(store):
    either = Graph(
        "either",
        inputs={"photo": str, "video": str},
        steps={
            "from_photo": Shout().on(text="photo"),
            "person": Choose().on(condition="video", then="video", otherwise="from_photo"),
            "count": Count().on(text="person"),
        },
    )
    assert either.run({"video": "film"}, store=store)["person"] == "film"
    assert either.run({"photo": "p"}, store=store)["person"] == "P"
    with pytest.raises(GraphError, match="needs input 'photo'"):
        either.run({}, store=store)
    assert either.plan({"video": "film"}, store=store)["count"].state == "hit"


def test_without_an_otherwise_the_value_is_none(store):
    g = Graph(
        "maybe",
        inputs={"flag": bool, "text": str},
        steps={
            "said": Choose().on(condition="flag", then="text"),
            "count": Count().on(text="said"),
        },
    )
    assert g.run({"flag": False}, store=store).output == 0
    assert g.run({"flag": True, "text": "four"}, store=store).output == 4
    assert Graph.from_yaml(g.to_yaml()) == g


def test_types_of_both_branches_count():
    with pytest.raises(GraphError, match=r"port 'text' takes str, but 'said' is str \| int"):
        Graph(
            "wrong",
            inputs={"flag": bool, "text": str, "number": int},
            steps={
                "said": Choose().on(condition="flag", then="text", otherwise="number"),
                "shout": Shout().on(text="said"),
            },
        )
    with pytest.raises(GraphError, match="it may be None"):
        Graph(
            "wrong",
            inputs={"flag": bool, "text": str},
            steps={
                "said": Choose().on(condition="flag", then="text"),
                "shout": Shout().on(text="said"),
            },
        )


def test_a_condition_that_fails_blocks_the_choice(store):
    with pytest.raises(NodeError, match=r"step 'long' .* bad text"):
        graph().run({"text": "bad"}, store=store)
    assert calls == ["is_long"]


def test_choices_of_choices_and_damage(store):
    steps = {
        "a": Shout().on(text="text"),
        "flag": IsLong().on(text="a"),
        "one": Choose().on(condition="flag", then="a", otherwise="text"),
        "two": Choose().on(condition="one", then="one", otherwise="text"),
        "count": Count().on(text="two"),
    }
    g = Graph("nested", inputs={"text": str}, steps=steps)
    assert g.run({"text": "letters"}, store=store)["two"] == "LETTERS"
    for record in (store.path / "actions").rglob("*.json"):
        record.write_bytes(record.read_bytes()[:-9])
    assert g.run({"text": "letters"}, store=store)["two"] == "LETTERS"
