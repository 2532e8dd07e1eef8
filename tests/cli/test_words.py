"""What the library says becomes what one types."""

import re

import pytest

from talkgraph.cli.words import typed
from tests.places import ROOT


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("give one `photo` instead", "give one --photo instead"),
        ("use another `store`", "use another --store"),
        ("use `face=1`", "use --face 1"),
        ("raise `max_seconds`", "raise --set speech.max_seconds"),
        ("set `size=3`", "set --set speech.size=3"),
        ("fetch it with `models.pull(['x-y'])`", "fetch it with 'talkgraph models pull x-y'"),
        ("it cannot be written; give another folder as store",
         "it cannot be written; choose another folder with --store or TALKGRAPH_STORE"),
        ("x; `models.status()` tells more", "x; `talkgraph models list` tells more"),
        ("`runs(store)` lists them", "`talkgraph runs` lists them"),
        ("a `strange thing` stays", "a `strange thing` stays"),
    ],
)  # fmt: skip
def test_names_become_options_and_commands(said, meant):
    assert typed(said, "speech") == meant


def test_without_a_step_a_parameter_stays_what_it_is():
    assert typed("raise `max_seconds`") == "raise `max_seconds`"


def test_the_library_does_not_speak_the_language_of_the_command_line():
    """Nodes, engine and models are used from Python, too: no option and no command in a message."""
    options, commands = "photo|video|audio|store|set|face|device", "cache|models|runs|train|talk"
    wrong = re.compile(rf"""["'].*(--({options})\b|talkgraph ({commands}) )""")
    rooms = ("nodes", "engine", "models")
    files = [path for room in rooms for path in (ROOT / "talkgraph" / room).rglob("*.py")]
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in files
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if wrong.search(line) and path.name not in ("make_general.py",)
    ]
    assert found == []
