"""Forms made from graphs and nodes, and what was filled in judged by them."""

from pathlib import Path

import pytest

from talkgraph.cache.files import File
from talkgraph.errors import GraphError, InputError
from talkgraph.studio import forms
from talkgraph.studio.recipe import Problems, Recipe, build, inputs_of, readers

FILES = {"a1": Path("/private/a1")}


@pytest.fixture(autouse=True)
def installed(plugin):
    """The plugin's graphs are there."""


def wanted(**changes):
    return Recipe(graph="test", **changes)


def fields(recipe, step):
    steps = {one["name"]: one for one in forms.describe(recipe)["steps"]}
    return {field["name"]: field for field in steps[step]["fields"]}


def test_every_announced_graph_is_offered_and_a_broken_one_last():
    known = forms.known_graphs()
    *ours, number, test, broken = known
    assert {"photo", "yi2020"} <= {one["name"] for one in ours}
    assert [one["name"] for one in (number, test, broken)] == ["number", "test", "broken"]
    assert [one["usable"] for one in known] == [*[True] * (len(ours) + 2), False]
    assert test["about"] == "The test graph; it does nothing."
    assert "cannot be loaded" in broken["about"]


def test_fields_come_from_what_nodes_declare():
    work = fields(wanted(), "work")
    assert {name: field["kind"] for name, field in work.items()} == {
        "seconds": "number", "mode": "choice", "sizes": "values", "about": "text",
        "kind": "choice", "loud": "switch", "quiet": "switch", "extra": "file", "where": "file",
        "odd": "fixed",
    }  # fmt: skip
    seconds = work["seconds"]
    assert (seconds["unit"], seconds["help"]) == ("s", "how long")
    assert seconds["range"] == "at least 0, below 1000"
    assert work["mode"]["choices"] == ["well", "stubborn", "crash", "fail"]
    assert work["kind"]["choices"] == [None, "a", "b"]
    assert work["sizes"]["value"] == "[1, 2]"
    assert fields(wanted(), "length")["unit"]["kind"] == "integer"


def test_options_come_from_the_signature_and_its_docstring():
    form = forms.describe(wanted())
    options = {one["name"]: one for one in form["options"]}
    assert options["quality"]["choices"] == ["low", "high"]
    assert options["quality"]["help"] == "high has one more stage, and that is all"
    assert options["seconds"]["kind"] == "integer"
    high = forms.describe(wanted(options={"quality": "high"}))
    assert [step["name"] for step in high["steps"]] == ["length", "work", "more", "file"]
    assert fields(wanted(options={"seconds": "3"}), "work")["seconds"]["value"] == 3.0


def test_every_graph_of_this_package_has_a_form_and_readers():
    for name, audio, person in [("photo", "photo", "photo"), ("yi2020", "video", "video")]:
        recipe = Recipe(graph=name)
        form = forms.describe(recipe)
        assert {one["name"]: one["reads"] for one in form["inputs"]} == {
            "audio": "sound", audio: person,
        }  # fmt: skip
        assert readers(build(recipe, {}), "audio") == ["speech"]
        for step in form["steps"]:
            for field in step["fields"]:
                assert field["kind"] != "fixed", (step["name"], field["name"])
                assert field["help"] or field["name"] == "feature", (step["name"], field["name"])


def test_what_was_filled_in_becomes_the_graph():
    given = {
        "seconds": "2.5", "mode": "fail", "sizes": "[4, 5]", "about": "", "kind": "b",
        "loud": True, "extra": "a1", "where": "a1",
    }  # fmt: skip
    graph = build(wanted(parameters={"work": given}), FILES)
    node = graph.steps["work"].node
    assert (node.seconds, node.mode, node.sizes, node.about) == (2.5, "fail", (4, 5), None)
    assert (node.kind, node.loud) == ("b", True)
    assert (node.extra, node.where) == (File(FILES["a1"]), FILES["a1"])


@pytest.mark.parametrize(
    ("place", "raw", "words"),
    [
        ("work.seconds", "-1", "expected >= 0"),
        ("work.seconds", "1000", "expected < 1000"),
        ("work.seconds", "", "expected float"),
        ("work.seconds", "fast", "expected float, got str 'fast'"),
        ("work.seconds", "NaN", "expected float, got str 'NaN'"),
        ("work.seconds", "Infinity", "expected float"),
        ("work.seconds", "[" * 100_000, "expected float"),
        ("work.seconds", "9" * 5000, "expected float"),
        ("work.seconds", {"a": 1}, "expected float"),
        ("work.mode", "wel", "did you mean 'well'"),
        ("work.mode", ["well"], "expected str"),
        ("work.loud", "yes", "expected bool"),
        ("work.sizes", "[1, -2]", "expected >= 0"),
        ("work.sizes", '["a"]', "expected tuple"),
        ("work.extra", "/etc/passwd", "not uploaded here"),
        ("work.where", "/etc/passwd", "not uploaded here"),
        ("work.where", {"path": "/etc/passwd"}, "not uploaded here"),
        ("work.odd", '["/etc/passwd"]', "cannot be changed on this page"),
        ("work.odd", ["/etc/passwd"], "cannot be changed on this page"),
        ("work.sead", "1", "no parameter 'sead'"),
        ("work.__class__", "1", "no parameter"),
        ("length.unit", "1.5", "expected int"),
        ("options.quality", "hihg", "expected one of 'low', 'high'"),
        ("options.seconds", "-1", "expected >= 0"),
    ],
)
def test_the_nodes_own_lines_stand_at_their_place(place, raw, words):
    where, name = place.split(".")
    given = {"options": {name: raw}} if where == "options" else {"parameters": {where: {name: raw}}}
    with pytest.raises(Problems) as caught:
        build(wanted(**given), FILES)
    assert set(caught.value.lines) == {place}
    line = caught.value.lines[place]
    assert words in line and "\n" not in line


def test_all_problems_are_told_at_once():
    given = {"work": {"seconds": "-1", "mode": "x"}, "length": {"unit": "9"}}
    with pytest.raises(Problems) as caught:
        build(wanted(parameters=given), FILES)
    assert set(caught.value.lines) == {"work.seconds", "work.mode", "length.unit"}


def test_what_belongs_to_a_stage_that_is_gone_does_no_harm():
    recipe = wanted(options={"face": 1}, parameters={"more": {"seconds": "1"}})
    assert "more" not in build(recipe, FILES).steps


def test_inputs_are_uploads_or_plain_values():
    recipe = wanted(inputs={"text": "a1", "times": "3"})
    assert inputs_of(recipe, build(recipe, FILES), FILES) == {"text": FILES["a1"], "times": 3}
    recipe = wanted(inputs={"text": "/etc/passwd", "times": "x"})
    with pytest.raises(Problems) as caught:
        inputs_of(recipe, build(recipe, FILES), FILES)
    assert set(caught.value.lines) == {"inputs.text", "inputs.times"}
    with pytest.raises(Problems, match="still to be given"):
        inputs_of(wanted(), build(wanted(), FILES), FILES)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("!!python/object/apply:os.system ['true']", "tags are not used"),
        ("a: &a [1]\nb: *a", "anchors are not used"),
        ("graph: x\nsteps: {a: {node: no_such_node}}", "unknown node 'no_such_node'"),
        ("[" * 20_000, "graph file"),
        ("", "graph file"),
    ],
)
def test_a_graph_file_is_read_by_the_safe_loader(text, words):
    with pytest.raises(GraphError, match=r"graph file|unknown node") as caught:
        build(Recipe(yaml=text), {})
    assert words in str(caught.value)


def test_a_graph_file_has_a_form_as_well():
    text = build(wanted(), {}).to_yaml().replace("seconds: 0.0", "seconds: 0.5")
    recipe = Recipe(yaml=text, options={"quality": "high"})
    form = forms.describe(recipe)
    assert (form["graph"], form["options"]) == ("test", [])
    assert build(recipe, {}) == build(wanted(), {})


@pytest.mark.parametrize(
    "document",
    [None, [], "x", {"graph": 1}, {"code": "x"}, {"parameters": {"a": 1}}, {"force": "all"}],
)
def test_what_is_no_recipe_is_refused(document):
    with pytest.raises(InputError, match="no recipe"):
        Recipe.read(document)


def test_a_graph_that_is_not_announced_cannot_be_named():
    for name in ("os", "talkgraph.graphs.photo:graph", "../x.yaml", "broken"):
        with pytest.raises(GraphError):
            build(Recipe(graph=name), {})
    with pytest.raises(GraphError, match="no graph was chosen"):
        build(Recipe(), {})
