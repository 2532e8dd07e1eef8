"""Looks that another package brings by entry point, also when it is broken."""

import os
import subprocess
import sys

import pytest

MODULE = """
import attrs
from talkgraph.display import preview
from talkgraph.report.markup import facts

@attrs.frozen
class Pitch:
    hertz: float

@preview(Pitch)
def pitch(value, scene):
    yield facts(hertz=f"{value.hertz:.0f}")
"""
LOOK = """
from talkgraph.display import html
import brought
print(html(brought.Pitch(440.0)))
"""


@pytest.fixture
def package(tmp_path):
    """Installs a module with a look; gives a function that shows one of its values."""

    def install(module, text):
        facts = tmp_path / f"{module}-1.dist-info"
        facts.mkdir()
        (facts / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1\n")
        (facts / "entry_points.txt").write_text(f"[talkgraph.previews]\n{module} = {module}\n")
        (tmp_path / f"{module}.py").write_text(text)

    def show():
        path = os.pathsep.join(filter(None, [str(tmp_path), os.environ.get("PYTHONPATH")]))
        return subprocess.run(
            [sys.executable, "-c", LOOK],
            env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, check=True,
        )  # fmt: skip

    install("brought", MODULE)
    return install, show


def test_a_look_is_found_by_its_entry_point(package):
    _, show = package
    assert "<dt>hertz</dt><dd>440</dd>" in show().stdout


def test_a_broken_package_is_named_and_harms_no_other(package):
    install, show = package
    install("a_broken_one", "import a_module_that_is_missing")
    made = show()
    assert "<dt>hertz</dt><dd>440</dd>" in made.stdout
    assert "a_broken_one" in made.stderr and "a_module_that_is_missing" in made.stderr
