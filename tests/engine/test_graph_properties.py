"""What holds for every graph: nested, replaced, cut, with fields and streamed steps."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from talkgraph import Graph, Node, Store, node, param, value
from talkgraph.engine.declare.sources import parse_source

calls: list[tuple] = []


@value("property_pair")
class Pair:
    left: int
    right: int


@node("property_mix", version=1)
class Mix(Node):
    k: int = param(0, "k")

    def run(self, a: int, b: int = 5) -> int:
        calls.append(("property_mix", self.k, a, b))
        return (a * 31 + b * 17 + self.k) % 4


@node("property_split", version=1)
class Split(Node):
    k: int = param(0, "k")

    def run(self, a: int) -> Pair:
        calls.append(("property_split", self.k, a))
        return Pair(left=a // 2, right=(a + self.k) % 3)


@node("property_stream", version=1, transient=True)
class Stream(Node):
    k: int = param(0, "k")

    def run(self, a: int) -> int:
        return (a + self.k) % 3


small = st.integers(0, 2)


@st.composite
def graphs(draw, depth=1, inputs=("x", "y")):
    """A graph of numbers; its output is one."""
    steps = {}
    numbers = list(inputs)
    kinds = ["mix", "mix", "split", "stream", *(["nested"] * depth)]
    for i in range(draw(st.integers(1, 7))):
        name, kind = f"s{i}", draw(st.sampled_from(kinds))
        above = st.sampled_from(numbers)
        if kind == "nested":
            steps[name] = draw(graphs(depth=depth - 1, inputs=("u",))).on(u=draw(above))
        elif kind == "split":
            steps[name] = Split(k=draw(small)).on(a=draw(above))
            numbers += [f"{name}.left", f"{name}.right"]
            continue
        elif kind == "stream":
            steps[name] = Stream(k=draw(small)).on(a=draw(above))
        else:
            sources = {"b": draw(above)} if draw(st.booleans()) else {}
            steps[name] = Mix(k=draw(small)).on(a=draw(above), **sources)
        numbers.append(name)
    last = draw(st.sampled_from([name for name in numbers if name not in inputs] or [""]))
    if not last:
        steps["last"] = Mix().on(a=numbers[0])
        last = "last"
    return Graph("random", inputs=dict.fromkeys(inputs, int), steps=steps, output=last)


class Model:
    """What a graph should give and what should run for it, by plain evaluation."""

    def __init__(self, graph, inputs):
        self.graph, self.inputs = graph, inputs
        self.values, self.identities, self.actions = {}, {}, {}

    def value(self, source):
        name, fields = parse_source(source)
        if name in self.inputs:
            return self.inputs[name]
        if name not in self.values:
            step = self.graph.steps[name]
            kept, arguments = len(calls), {p: self.value(s) for p, s in step.sources.items()}
            self.values[name] = step.node.run(**arguments)
            del calls[kept:]
        found = self.values[name]
        for field in fields:
            found = getattr(found, field)
        return found

    def identity(self, source):
        """What a key below this source sees: the content, or the key of a streamed step."""
        name, _ = parse_source(source)
        step = self.graph.steps.get(name)
        if step is None:
            return self.value(source)
        if step.node.transient:
            return ("streamed", self.action(name))
        self.action(name)
        return self.value(source)

    def action(self, name):
        if name not in self.actions:
            step = self.graph.steps[name]
            sources = tuple((port, self.identity(s)) for port, s in sorted(step.sources.items()))
            self.actions[name] = (step.node.node_id, step.node.k, sources)
        return self.actions[name]

    def made(self):
        """The actions of all stored steps that the output needs, and how each is called."""
        pending, names = [self.graph.output], set()
        while pending:
            name, _ = parse_source(pending.pop())
            step = self.graph.steps.get(name)
            if step is None or name in names:
                continue
            names.add(name)
            pending += step.sources.values()
        stored = {}
        for name in names:
            step = self.graph.steps[name]
            if not step.node.transient:
                arguments = {"b": 5} if step.node.node_id == "property_mix" else {}
                arguments |= {port: self.value(s) for port, s in step.sources.items()}
                call = (step.node.node_id, step.node.k, *(v for _, v in sorted(arguments.items())))
                stored[self.action(name)] = call
        return stored


inputs = st.fixed_dictionaries({"x": small, "y": small})
few = settings(max_examples=30)


@pytest.fixture(scope="module")
def stores(tmp_path_factory):
    def make():
        calls.clear()
        return Store(tmp_path_factory.mktemp("store"), durable=False)

    return make


@given(graphs())
def test_order_respects_every_edge_and_names_every_step_once(graph):
    place = {name: i for i, name in enumerate(graph.order)}
    assert sorted(place) == sorted(graph.steps)
    for name, step in graph.steps.items():
        for source in step.sources.values():
            assert place.get(parse_source(source)[0], -1) < place[name]


@given(graphs())
def test_text_and_back_is_the_same_graph(graph):
    text = graph.to_yaml()
    again = Graph.from_yaml(text)
    assert again == graph and again.to_yaml() == text


@few
@given(graph=graphs(), given_inputs=inputs)
def test_a_run_gives_what_the_nodes_give_and_runs_each_thing_once(stores, graph, given_inputs):
    store, model = stores(), Model(graph, given_inputs)
    assert graph.run(given_inputs, store=store).output == model.value(graph.output)
    assert Counter(calls) == Counter(model.made().values())
    calls.clear()
    assert graph.run(given_inputs, store=store).output == model.value(graph.output)
    assert calls == []
    flat = Graph.from_yaml(graph.to_yaml())  # without nesting, and read from text
    assert flat.run(given_inputs, store=Store(store.path)).output == model.value(graph.output)
    assert calls == []


@few
@given(graph=graphs(), given_inputs=inputs, data=st.data())
def test_a_changed_parameter_reruns_what_differs_and_nothing_else(
    stores, graph, given_inputs, data
):
    store, before = stores(), Model(graph, given_inputs)
    graph.run(given_inputs, store=store)
    calls.clear()
    changeable = [name for name, step in graph.steps.items() if hasattr(step.node, "k")]
    name = data.draw(st.sampled_from(changeable))
    changed = graph.with_params(**{name: {"k": data.draw(small)}})
    after = Model(changed, given_inputs)
    plan = changed.plan(given_inputs, store=store)
    assert calls == []
    result = changed.run(given_inputs, store=store)
    assert result.output == after.value(changed.output)
    new = {action: call for action, call in after.made().items() if action not in before.made()}
    assert Counter(calls) == Counter(new.values())
    for step in plan:
        record = result.records[step.name]
        if step.state == "hit":
            assert record.cached and record.key == step.key
        elif step.state == "run":
            assert not record.cached or Counter(after.actions.values())[after.action(step.name)] > 1
        if None not in (step.key, record.key):
            assert record.key == step.key


@few
@given(graph=graphs(), given_inputs=inputs, data=st.data())
def test_a_part_of_a_graph_and_a_run_until_there_agree(stores, graph, given_inputs, data):
    target = data.draw(st.sampled_from(sorted(graph.steps)))
    store, model = stores(), Model(graph, given_inputs)
    part = graph.subgraph(target)
    found = part.run({k: v for k, v in given_inputs.items() if k in part.inputs}, store=store)
    assert same(found.output, model.value(target))
    calls.clear()
    assert same(graph.run(given_inputs, store=store, until=target).output, model.value(target))
    assert calls == []


@few
@given(graph=graphs(), given_inputs=inputs, data=st.data())
def test_a_replaced_step_and_a_given_value_agree(stores, graph, given_inputs, data):
    mixed = [n for n, step in graph.steps.items() if isinstance(step.node, Mix)]
    if not mixed:
        return
    name = data.draw(st.sampled_from(mixed))
    other = graph.replace(**{name: Mix(k=data.draw(small))})
    model = Model(other, given_inputs)
    store = stores()
    expected = model.value(other.output)
    assert other.run(given_inputs, store=store).output == expected
    value = model.value(name)
    assert graph.run(given_inputs, store=store, given={name: value}).output == expected


def same(one, other):
    if isinstance(one, Pair):
        return (one.left, one.right) == (other.left, other.right)
    return one == other
