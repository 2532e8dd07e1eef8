"""Wheel and source archive of a tree, built by its own backend in a process of its own."""

import os
import subprocess
import sys
import tarfile
import zipfile
from email.parser import BytesParser
from pathlib import Path

_BUILD = "import sys; import hatchling.build as b; print(getattr(b, sys.argv[1])(sys.argv[2]))"


def build(kind: str, tree: Path, into: Path) -> Path:
    """The `wheel` or `sdist` of a tree, made without network in the folder `into`."""
    done = subprocess.run(
        [sys.executable, "-c", _BUILD, f"build_{kind}", str(into)],
        cwd=tree, capture_output=True, text=True, check=False,
        env={name: text for name, text in os.environ.items() if name != "SOURCE_DATE_EPOCH"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return into / done.stdout.split()[-1]


def unpacked(sdist: Path, into: Path) -> Path:
    """The tree in a source archive, unpacked below the folder `into`."""
    with tarfile.open(sdist) as archive:
        archive.extractall(into, filter="data")
    (tree,) = into.iterdir()
    return tree


def names(archive: Path) -> list[str]:
    """What is in it; of a source archive, below its one folder."""
    if archive.suffix == ".whl":
        return zipfile.ZipFile(archive).namelist()
    with tarfile.open(archive) as found:
        return [member.name.partition("/")[2] for member in found]


def metadata(wheel: Path):
    """The core metadata of a wheel, as a message."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (one for one in archive.namelist() if one.endswith(".dist-info/METADATA"))
        return BytesParser().parsebytes(archive.read(name))
