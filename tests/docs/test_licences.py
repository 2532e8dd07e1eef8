"""The table of licences in README.md has every shipped file and every model, and nothing else."""

import re
from fnmatch import fnmatch

import pytest

from talkgraph.models.assets import ASSETS
from tests.places import ROOT

TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
SECTION = TEXT.partition("\n## Licences\n")[2].partition("\n## ")[0]
ROWS = [line.strip("| ").split(" | ") for line in SECTION.splitlines() if line.startswith("| ")][1:]
SHIPPED = ("talkgraph", "tests", "docs", "benchmarks", "docker", "LICENSES")
TOP = ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "Makefile", "constraints.txt",
       "pyproject.toml", ".gitignore", ".dockerignore")  # fmt: skip


def patterns():
    return [pattern for row in ROWS for pattern in re.findall(r"`([^`]+)`", row[1])]


def files():
    found = [path for room in SHIPPED for path in (ROOT / room).rglob("*") if path.is_file()]
    left = {".pyc", ".nbi", ".nbc"}  # which the archives leave out
    inside = [path.relative_to(ROOT).as_posix() for path in found if path.suffix not in left]
    return [*inside, *TOP]


def special(pattern):
    """How narrow a pattern is: the narrowest that fits is the row of a file."""
    return len(pattern.replace("*", ""))


def row_of(name):
    fitting = [
        (special(pattern), index)
        for index, row in enumerate(ROWS)
        for pattern in re.findall(r"`([^`]+)`", row[1] + row[2])
        if fnmatch(name, pattern)
    ]
    return ROWS[max(fitting)[1]] if fitting else None


def test_every_row_is_whole():
    assert len(ROWS) > 15
    assert all(len(row) == 4 and all(row) for row in ROWS)


def test_every_shipped_file_has_a_licence():
    assert [name for name in files() if row_of(name) is None] == []


def test_data_of_others_is_not_taken_for_our_code():
    weights = [name for name in files() if name.startswith("talkgraph/")
               and name.endswith((".onnx", ".npz", ".flac"))]  # fmt: skip
    assert len(weights) > 12
    assert [name for name in weights if row_of(name)[0].startswith("code")] == []


@pytest.mark.parametrize("asset", ASSETS.values(), ids=lambda asset: asset.name)
def test_every_model_has_its_licence(asset):
    row = row_of(asset.name)
    assert row is not None
    first = re.match(r"[\w-]+", asset.licence)[0].lower()
    said = row[2] if row[2] != "as the mappings" else row_of("general-mapping-mfcc")[2]
    assert first in said.lower()
    assert ("research" in asset.licence) == ("research" in said)


def test_nothing_is_on_the_table_that_is_not_there():
    there = [*files(), *ASSETS]
    assert [one for one in patterns() if not any(fnmatch(name, one) for name in there)] == []


def test_what_is_said_to_be_patented_is_said():
    said = " ".join(SECTION.split())
    assert "Yi et al. 2020 and of Yi et al. 2022 state on their code that it is patented" in said
    assert "must check that for themselves" in said
