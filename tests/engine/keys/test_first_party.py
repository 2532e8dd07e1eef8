"""Versions of packages are those of their distributions, found without a slow start."""

import subprocess
import sys
from importlib import metadata

import pytest

from talkgraph.engine.keys.first_party import version_of


@pytest.mark.parametrize("name", ["numpy", "attrs", "networkx", "soundfile"])
def test_a_version_is_that_of_the_distribution(name):
    assert version_of(name) == metadata.version(name)


def test_a_distribution_of_another_name_is_told_with_it():
    assert version_of("PIL") == f"pillow {metadata.version('pillow')}"


def test_no_mail_parser_is_imported_for_a_version():
    text = (
        "import sys, talkgraph.engine.api\n"
        "from talkgraph.engine.keys.first_party import version_of\n"
        "assert version_of('numpy') and version_of('soundfile')\n"
        "print('importlib.metadata' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
