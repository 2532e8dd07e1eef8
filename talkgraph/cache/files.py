"""A file as a value."""

from __future__ import annotations

from pathlib import Path

import attrs

from talkgraph.display import html


@attrs.frozen
class File:
    """A finished file that a node made or that the store keeps; its content never changes.

    A node writes it below `engine.scratch_folder()` and returns `File(path)`; the engine moves it
    into the store. The suffix is kept, nothing else of the name.
    """

    path: Path = attrs.field(converter=Path)

    _repr_html_ = html
