"""The pages of docs/ are true: their examples run, commands are understood, links lead on."""

import ast
import json
import os
import pkgutil
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import talkgraph.cache
import talkgraph.engine
import talkgraph.nodes
from talkgraph.cli import samples
from talkgraph.cli.main import parser

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "docs").glob("*.md"))
RUNNER = Path(__file__).with_name("page.py")


def run(page, tmp_path):
    shutil.copy(samples.speech(), tmp_path / "speech.wav")
    return subprocess.run(
        [sys.executable, RUNNER, page], cwd=tmp_path, capture_output=True, text=True, timeout=300,
        env={**os.environ, "TALKGRAPH_STORE": str(tmp_path / "store")},
    )  # fmt: skip


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_examples_run_and_print_what_the_page_says(page, tmp_path):
    done = run(page, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_page_that_is_wrong_is_noticed(tmp_path):
    (tmp_path / "wrong.md").write_text("```python\nx = 1\n```\n```pycon\n>>> x\n2\n```\n")
    done = run(tmp_path / "wrong.md", tmp_path)
    assert done.returncode == 1 and "Expected:\n    2\nGot:\n    1" in done.stdout


def commands():
    for page in PAGES:
        for block in re.findall(r"```sh\n(.*?)```", page.read_text(), re.DOTALL):
            for line in block.splitlines():
                words = line.partition("#")[0].partition(">")[0].split()
                if words[:1] == ["talkgraph"]:
                    yield pytest.param(
                        words[1:], id=f"{page.stem}: {line.partition('#')[0].strip()}"
                    )


@pytest.mark.parametrize("words", list(commands()))
def test_every_command_line_is_understood(words):
    whole = parser()
    whole.check_options(words)
    whole.parse_args(words)


def anchors(page):
    """What the headings of a page are called in links to them."""
    for heading in re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE):
        yield re.sub(r"[^\w -]", "", heading.strip().lower()).replace(" ", "-")


@pytest.mark.parametrize(
    "page", [*PAGES, *sorted(ROOT.glob("*.md")), ROOT / "benchmarks" / "RESULTS.md"],
    ids=lambda page: page.name,
)  # fmt: skip
def test_links_lead_somewhere(page):
    for target in re.findall(r"\[[^\]]*\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        place, _, part = target.partition("#")
        if not target.startswith("http"):
            path = page.parent / place if place else page
            assert path.exists(), target
            assert not part or part in anchors(path), target


def modules():
    for package in (talkgraph.engine, talkgraph.cache, talkgraph.nodes):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            source = Path(package.__path__[0]).joinpath(*found.name.split(".")[2:])
            path = source / "__init__.py" if found.ispkg else source.with_suffix(".py")
            if any(">>>" in text for text in docstrings(path)):
                yield found.name


def docstrings(path):
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [ast.get_docstring(one) or "" for one in ast.walk(tree) if isinstance(one, kinds)]


@pytest.fixture(scope="module")
def examples():
    """Runs a module's examples in a folder: `examples(module, folder)` gives the exit code."""
    with subprocess.Popen(
        [sys.executable, Path(__file__).with_name("examples.py")],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
    ) as runner:  # fmt: skip

        def run(module, folder):
            runner.stdin.write(json.dumps([module, str(folder)]) + "\n")
            return int(runner.stdout.readline())

        yield run


@pytest.mark.parametrize("name", sorted(modules()))
def test_examples_in_docstrings(name, examples, tmp_path):
    assert examples(name, tmp_path) == 0, (tmp_path / "printed").read_text()


def test_a_module_without_examples_is_noticed(examples, tmp_path):
    assert examples("talkgraph.nodes.nowhere", tmp_path) == 1
    assert "No module named" in (tmp_path / "printed").read_text()
    assert examples("talkgraph.errors", tmp_path) == 1
