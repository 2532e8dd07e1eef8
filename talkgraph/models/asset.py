"""What is known of a model by its name."""

from __future__ import annotations

from collections.abc import Callable

import attrs

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
