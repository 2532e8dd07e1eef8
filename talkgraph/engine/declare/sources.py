"""Where ports read: ``step``, ``step.field`` or an input."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

Source = tuple[str, tuple[str, ...]]
"""Where a port reads: the name of a step or input, and the fields to follow in its value."""


@lru_cache(maxsize=1 << 14)
def parse_source(text: str) -> Source:
    """``"fit.motion"`` as ``("fit", ("motion",))``."""
    name, *fields = text.split(".")
    return name, tuple(fields)


def redirect(source: str, ends: Mapping[str, str]) -> str:
    """A source in which a name is replaced by where its value comes from, if that is in `ends`."""
    name, path = parse_source(source)
    return ".".join([ends[name], *path]) if name in ends else source


def redirected(sources: Mapping[str, str], ends: Mapping[str, str]) -> dict[str, str]:
    """What ports read, as `redirect` says."""
    return {port: redirect(source, ends) for port, source in sources.items()}
