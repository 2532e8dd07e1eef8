"""Node `TakePhoto`: one frame of a footage, as if it were a photo."""

from __future__ import annotations

import numpy as np

from talkgraph import engine
from talkgraph.cache.files import File
from talkgraph.engine import Node, node
from talkgraph.errors import InputError
from talkgraph.nodes.footage import open_footage
from talkgraph.nodes.values import FaceFit, Footage


@node("take_photo", version=1)
class TakePhoto(Node):
    """The frame whose face the model fits best, for methods that know a person by a photo.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> from PIL import Image
        >>> from talkgraph.nodes.face_fit import TakePhoto
        >>> from talkgraph.nodes.face_model.synthetic import synthetic_fit
        >>> from talkgraph.nodes.media import ReadPhoto
        >>> file = Path(tempfile.mkdtemp()) / "grey.png"
        >>> Image.new("RGB", (320, 240), "grey").save(file)
        >>> TakePhoto().run(ReadPhoto().run(file), synthetic_fit(frames=1)).count
        1
    """

    def run(self, footage: Footage, fit: FaceFit) -> Footage:
        """Return a footage of one frame, without sound; only measured frames are looked at.

        Raises:
            InputError: the face was measured in no frame.
        """
        from PIL import Image

        seen = np.flatnonzero(fit.measured)
        if not len(seen):
            raise InputError("no frame shows the face clearly; give another video")
        best = int(seen[np.argmin(fit.error[seen])])
        path = engine.scratch_folder() / "photo.png"
        Image.fromarray(open_footage(footage)[best : best + 1][0]).save(path)
        return Footage(
            file=File(path),
            fps=footage.fps,
            count=1,
            width=footage.width,
            height=footage.height,
            speech=None,
        )
