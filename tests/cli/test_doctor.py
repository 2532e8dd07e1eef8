"""What `talkgraph doctor` finds in an installation, and that its remedies are for everybody."""

import shutil

import pytest

from talkgraph import models
from talkgraph.cli import doctor
from talkgraph.cli.main import main


@pytest.fixture
def installed(monkeypatch):
    """Change which packages seem to be there, and their versions."""

    def change(**versions):
        real = doctor._version
        found = {name.replace("_", "-"): version for name, version in versions.items()}
        monkeypatch.setattr(
            doctor, "_version", lambda name: found[name] if name in found else real(name)
        )

    return change


def test_a_package_that_is_missing_is_named(installed):
    installed(trimesh=None)
    check = doctor._packages()
    assert (check.status, check.found) == ("problem", "missing: trimesh")
    assert "pip install" in check.remedy


@pytest.mark.parametrize(
    ("cpu", "gpu", "status", "remedy"),
    [
        ("1.31.1", None, "ok", ""),
        (None, "1.31.1", "ok", ""),
        ("1.31.1", "1.31.1", "problem", "pip uninstall both"),
        (None, None, "problem", "pip install 'talkgraph[cpu]'"),
    ],
)
def test_there_is_one_onnxruntime(installed, cpu, gpu, status, remedy):
    installed(onnxruntime=cpu, onnxruntime_gpu=gpu)
    check = doctor._runtime()
    assert check.status == status and check.remedy.startswith(remedy)


def test_a_gpu_that_is_not_used_is_told(installed, monkeypatch):
    installed(onnxruntime="1.31.1", onnxruntime_gpu=None)
    monkeypatch.setattr(models, "cuda_missing", lambda: "onnxruntime is the CPU build")
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")
    check = doctor._device()
    assert check.status == "note" and "a GPU that is not used" in check.found
    assert "pip install 'talkgraph[gpu]'" in check.remedy


def test_a_check_that_fails_is_a_finding(tmp_path, monkeypatch):
    def fail():
        raise RuntimeError("no\nsuch thing")

    monkeypatch.setattr(doctor, "_encoder", fail)
    (found,) = (check for check in doctor.examine(tmp_path) if check.name == "video encoder")
    assert (found.status, found.found) == ("problem", "RuntimeError: no such thing")
    assert found.remedy.startswith("install talkgraph again")


def test_what_the_user_can_mend_is_exit_code_2(monkeypatch, tmp_path, capsys):
    checks = [doctor.Check("system", "ok", "Linux"), doctor.Check("device", "note", "CPU")]
    monkeypatch.setattr(doctor, "examine", lambda store: iter(checks))
    assert main(["doctor", "--store", str(tmp_path)]) == 0
    checks.append(doctor.Check("store", "problem", "cannot be written", "choose another"))
    assert main(["doctor", "--store", str(tmp_path)]) == 2
    assert capsys.readouterr().out.endswith(
        "BAD   store: cannot be written\n      choose another\n"
    )
    assert main(["doctor", "--store", str(tmp_path), "--json"]) == 2
