"""The part of a footage that is worked on."""

from __future__ import annotations

from talkgraph import engine
from talkgraph.cache.files import File
from talkgraph.engine import Node, node
from talkgraph.errors import InputError
from talkgraph.nodes.footage import open_footage
from talkgraph.nodes.media.cut_footage import cut_frames
from talkgraph.nodes.values import Footage, View


@node("take_view", version=1)
class TakeView(Node):
    """Some frames of a video, or the surroundings of the face in a large photo.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> from PIL import Image
        >>> from talkgraph.nodes.media import ReadPhoto, TakeView
        >>> from talkgraph.nodes.values import View
        >>> photo = Path(tempfile.mkdtemp()) / "grey.png"
        >>> Image.new("RGB", (640, 480), "grey").save(photo)
        >>> view = View(first=0, stop=1, left=100, top=80, width=320, height=240, scale=0.5)
        >>> part = TakeView().run(ReadPhoto().run(photo), view)
        >>> part.width, part.height
        (160, 120)
    """

    def run(self, footage: Footage, view: View) -> Footage:
        """Take `view` out of `footage`.

        Raises:
            InputError: it lies outside, or is a part of the frames of a video.
        """
        across, down = view.left + view.width, view.top + view.height
        if not (0 <= view.first < view.stop <= footage.count
                and across <= footage.width and down <= footage.height):  # fmt: skip
            raise InputError("the `view` is that of another footage; take both from one")
        if (view.width, view.height) == (footage.width, footage.height) and view.scale == 1.0:
            whole = view.stop - view.first == footage.count
            return footage if whole else cut_frames(footage, view.first, view.stop)
        if footage.count > 1:
            raise InputError("a part of the frames of a video is not taken; give a photo")
        from PIL import Image

        file = File(engine.scratch_folder() / "photo.png")
        box = (view.left, view.top, across, down)
        with Image.fromarray(open_footage(footage)[0]) as picture:
            part = picture.resize(view.size, Image.Resampling.LANCZOS, box, reducing_gap=3.0)
        part.save(file.path, compress_level=1)
        return Footage(
            file=file,
            fps=footage.fps,
            count=1,
            width=part.width,
            height=part.height,
            speech=None,
        )
