"""The sound of a footage, where there has to be one."""

from __future__ import annotations

from talkgraph.engine import Node, node
from talkgraph.errors import InputError
from talkgraph.nodes.media.cut_footage import cut_speech
from talkgraph.nodes.values import Footage, Speech


@node("take_sound", version=1)
class TakeSound(Node):
    """A footage's own sound as the speech, as long as its pictures; an error where it has none.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> from PIL import Image
        >>> from talkgraph.errors import InputError
        >>> from talkgraph.nodes.media import ReadPhoto, TakeSound
        >>> photo = Path(tempfile.mkdtemp()) / "grey.png"
        >>> Image.new("RGB", (320, 240), "grey").save(photo)
        >>> try:
        ...     TakeSound().run(ReadPhoto().run(photo))
        ... except InputError as error:
        ...     print(error)
        the video has no sound, or only silence; give one in which somebody speaks
    """

    def run(self, footage: Footage) -> Speech:
        """Return the sound, cut or filled up with silence.

        Raises:
            InputError: there is none.
        """
        if footage.speech is None:
            raise InputError(
                "the video has no sound, or only silence; give one in which somebody speaks"
            )
        return cut_speech(footage.speech, 0.0, footage.count / footage.fps)
