"""Imports go one way: no circle of files, no room that looks up, no stage that knows another."""

import ast
from functools import cache
from graphlib import CycleError, TopologicalSorter

import pytest

from tests.places import ROOT

ROOMS = (
    ("errors", "display", "lazy", "version"), ("cache",), ("models",), ("engine",), ("nodes",),
    ("graphs",), ("cli", "report", "studio", "__init__"),
)  # fmt: skip
"""Each may import those before it, and its own files."""

SHARED = {"values", "signals", "footage", "colours", "networks", "training", "geometry",
          "prosody", "face_model", "agreement", "closure", "compiled"}  # fmt: skip
"""What every stage may import of `talkgraph.nodes`, though it is not a stage."""

INDEX = ("talkgraph", "nodes", "__init__")


@cache
def imports():
    """File -> the files that it imports: at the top, inside functions or for the types only."""
    paths = {path.relative_to(ROOT).with_suffix("").parts: path
             for path in ROOT.glob("talkgraph/**/*.py")}  # fmt: skip

    def file_of(parts):
        return parts if parts in paths else (*parts, "__init__")

    found = {}
    for file, path in paths.items():
        targets = set()
        for part in ast.walk(ast.parse(path.read_text())):
            if isinstance(part, ast.Import):
                targets |= {file_of(tuple(name.name.split("."))) for name in part.names}
            elif isinstance(part, ast.ImportFrom):
                here = file[: -part.level] if part.level else ()
                base = (*here, *(part.module.split(".") if part.module else ()))
                inner = [file_of((*base, name.name)) for name in part.names]
                targets |= {one if one in paths else file_of(base) for one in inner}
        found[file] = (targets & paths.keys()) - {file}
    return found


def room(file):
    return next(rank for rank, names in enumerate(ROOMS) if file[1] in names)


def stage(file):
    return file[2] if file[1] == "nodes" and len(file) > 3 and file[2] not in SHARED else None


def told(pairs):
    return sorted(f"{'.'.join(file)} imports {'.'.join(other)}" for file, other in pairs)


def arrows():
    return [(file, other) for file, others in imports().items() for other in others]


def test_no_file_imports_one_that_imports_it():
    try:
        TopologicalSorter(imports()).prepare()
    except CycleError as error:
        pytest.fail(" <- ".join(".".join(file) for file in error.args[1]))


def test_no_room_imports_one_above_it():
    assert told((a, b) for a, b in arrows() if room(a) < room(b)) == []


def test_no_stage_imports_another():
    """Nor do the parts that they share import a stage."""
    crossed = ((a, b) for a, b in arrows() if "nodes" in a and stage(b) and stage(a) != stage(b))
    assert told(pair for pair in crossed if pair[0] != INDEX) == []
