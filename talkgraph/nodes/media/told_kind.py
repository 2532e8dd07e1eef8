"""What a file would be given as."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Literal

from talkgraph.nodes.media.decode import Limits, check_readable, decode
from talkgraph.nodes.media.kinds import PHOTOS, kind_of


def told_kind(path: Path) -> Literal["audio", "video", "photo"]:
    """What a file is: its first bytes tell a photo, its streams a video from a sound.

    Raises:
        InputError: it is none of them, or damaged.
    """
    check_readable(path, "the file")
    kind = kind_of(str(path))
    if kind is not None and kind.remedy in PHOTOS:
        return "photo"
    with tempfile.TemporaryDirectory() as folder:
        facts = decode(
            "streams",
            path,
            Path(folder),
            remedy="give a speech, a video or a photo",
            limits=Limits(cpu_seconds=60),
        )
    return "video" if facts["pictures"] else "audio"
