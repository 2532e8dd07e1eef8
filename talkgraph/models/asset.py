"""What is known of a model by its name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import attrs

from talkgraph.errors import ModelError
from talkgraph.models.sources import Source


@attrs.frozen
class Part:
    """One file that an asset is made from: its name in the source, bytes and sha256."""

    member: str
    size: int
    sha256: str


Conversion = Callable[["Asset", dict[str, bytes]], bytes]


@attrs.frozen
class Asset:
    """A model by name.

    purpose, licence: one line each, for people.
    parts: the files it is made from; empty for files that the user brings.
    convert: makes the stored file from the parts.
    origin: of a shipped file that is converted from a published one: how; see `store.convert`.
    on_demand: fetched only by its name; no graph of ours loads it.
    """

    name: str
    purpose: str
    licence: str
    source: Source
    parts: tuple[Part, ...]
    convert: Conversion
    origin: Asset | None = None
    on_demand: bool = False

    @property
    def wanted(self) -> bool:
        """Whether it belongs to what everybody fetches."""
        return bool(self.parts) and not self.on_demand

    @property
    def facts(self) -> dict[str, str]:
        """What is written into a converted model's metadata."""
        return {"name": self.name, "licence": self.licence, "source": str(self.source)}


@attrs.frozen
class Bundle:
    """A file of the user's that holds several networks.

    assets: their names.
    convert: makes the ONNX file of each from the file's content.
    """

    name: str
    assets: tuple[str, ...]
    convert: Callable[[bytes], dict[str, bytes]]

    def onnx_of(self, file: Path) -> dict[str, bytes]:
        """The ONNX file of each network, by its name.

        Raises:
            ModelError: there is no such file, or it holds something else.
        """
        if not file.is_file():
            raise ModelError(f"there is no file {file}")
        try:
            return self.convert(file.read_bytes())
        except ModelError as error:
            raise ModelError(f"{file} is not what '{self.name}' is made from: {error}") from error
