"""The built-in speech and photo, so that `make talk` needs nothing from the user."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from talkgraph.errors import InputError


def speech() -> Path:
    """A short synthesised speech of our own (`data/README.md` says how it was made)."""
    return Path(__file__).parent / "data" / "speech.flac"


def photo() -> Path:
    """The portrait of the astronaut Eileen Collins, NASA, public domain, that scikit-image ships.

    Raises:
        InputError: scikit-image is not installed, or without its pictures.
    """
    package = importlib.util.find_spec("skimage")  # found, not imported: that takes a while
    for folder in (package.submodule_search_locations or []) if package else []:
        picture = Path(folder) / "data" / "astronaut.png"
        if picture.is_file():
            return picture
    raise InputError(
        "the sample photo comes with scikit-image, which is not here; "
        "give --photo FILE or --video FILE"
    )
