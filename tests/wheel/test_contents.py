"""What is in wheel and source archive: all that is needed, nothing else."""

import stat
import tarfile
import zipfile
from pathlib import PurePosixPath, PureWindowsPath

import pytest

from talkgraph.models.assets import ASSETS
from talkgraph.models.sources import Shipped
from talkgraph.version import __version__
from tests.places import ROOT
from tests.wheel import archives

LARGEST = 30 * 1000**2  # bytes of either
LEFTOVERS = {"__pycache__", ".git", ".venv", "shared", "out", "cache", "graphs", "nodes"}
MEDIA = {".mp4", ".mov", ".webm", ".mkv", ".jpg", ".jpeg", ".wav", ".mp3", ".m4a"}


def test_the_wheel_has_every_file_of_the_package_and_nothing_else(wheel):
    package = ROOT / "talkgraph"
    ours = {
        path.relative_to(ROOT).as_posix()
        for path in package.rglob("*")
        if path.is_file() and not {"__pycache__"} & set(path.parts)
    }
    info = f"talkgraph-{__version__}.dist-info"
    added = ("METADATA", "WHEEL", "RECORD", "entry_points.txt")
    licences = ("LICENSE", "LICENSES/Apache-2.0.txt")
    assert set(archives.names(wheel)) == {
        *ours, *(f"{info}/{name}" for name in added),
        *(f"{info}/licenses/{name}" for name in licences),
    }  # fmt: skip
    assert wheel.name == f"talkgraph-{__version__}-py3-none-any.whl"


def test_every_shipped_model_is_in_it_as_it_should_be(wheel):
    shipped = [asset for asset in ASSETS.values() if isinstance(asset.source, Shipped)]
    assert len(shipped) >= 9
    with zipfile.ZipFile(wheel) as archive:
        for part in (part for asset in shipped for part in asset.parts):
            assert archive.getinfo(f"talkgraph/models/shipped/{part.member}").file_size == part.size


def test_the_archive_has_the_rooms_once_and_no_links(sdist):
    with tarfile.open(sdist) as archive:
        members = archive.getmembers()
    assert all(member.isreg() for member in members)
    tops = {member.name.split("/")[1] for member in members}
    assert tops >= {"talkgraph", "tests", "docs", "benchmarks", "pyproject.toml", "constraints.txt"}
    assert not tops & LEFTOVERS


def test_nobodys_recordings_and_no_leftovers_are_in_either(wheel, sdist):
    for name in archives.names(wheel) + archives.names(sdist):
        path = PurePosixPath(name)
        if not name.startswith("tests/data/fuzz/"):  # made by us, to break decoders
            assert path.suffix.lower() not in MEDIA, name
        assert "__pycache__" not in path.parts and path.suffix not in {".pyc", ".nbi", ".nbc"}, name
    with zipfile.ZipFile(wheel) as archive:
        modes = [stat.S_IFMT(info.external_attr >> 16) for info in archive.infolist()]
    assert set(modes) <= {0, stat.S_IFREG}


def test_every_name_is_one_that_windows_and_macos_can_have(wheel, sdist):
    for archive in (wheel, sdist):
        names = archives.names(archive)
        assert len({name.casefold() for name in names}) == len(names)
        for name in names:
            assert not PureWindowsPath(name).is_reserved(), name
            assert not set(name) & set('<>:"\\|?*'), name
            assert not any(part.endswith((" ", ".")) for part in PurePosixPath(name).parts), name
            assert len(name) < 150, name  # a path of 260 is Windows' usual end


def test_both_are_small_enough_to_publish(wheel, sdist):
    assert wheel.stat().st_size < LARGEST
    assert sdist.stat().st_size < LARGEST


def test_the_archive_makes_the_same_wheel(wheel, sdist, tmp_path):
    (tmp_path / "tree").mkdir()
    tree = archives.unpacked(sdist, tmp_path / "tree")
    assert archives.build("wheel", tree, tmp_path).read_bytes() == wheel.read_bytes()


def test_the_metadata_say_what_it_is(wheel):
    found = archives.metadata(wheel)
    assert (found["Name"], found["Version"]) == ("talkgraph", __version__)
    assert found["License-Expression"] == "MIT AND Apache-2.0"
    assert found.get_all("License-File") == ["LICENSE", "LICENSES/Apache-2.0.txt"]
    assert found["Requires-Python"] == ">=3.11"
    assert found["Summary"] and found["Description-Content-Type"] == "text/markdown"
    assert found.get_payload().startswith("# talkgraph")
    classifiers = found.get_all("Classifier")
    for minor in (11, 12, 13, 14):
        assert f"Programming Language :: Python :: 3.{minor}" in classifiers
    assert {"cpu", "gpu", "studio", "s3", "dask"} <= set(found.get_all("Provides-Extra"))


@pytest.mark.parametrize("room", ["graphs", "nodes", "previews", "notebook"])
def test_what_is_found_by_name_is_announced(wheel, room):
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (one for one in archive.namelist() if one.endswith("entry_points.txt"))
        assert f"[talkgraph.{room}]" in archive.read(name).decode()
