"""Node `GenerateFrames`: the frames that a motion field makes of the photo."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from talkgraph.cache.frames import Frames, Pictures
from talkgraph.engine import Node, node, param
from talkgraph.models.sessions import open_network
from talkgraph.nodes.keypoint_field.detail import fine_detail, with_detail
from talkgraph.nodes.keypoint_field.networks import GENERATOR, SIZE
from talkgraph.nodes.keypoint_field.pictures import from_network, photo_of
from talkgraph.nodes.values import Clip, MotionField, OnnxModel


@node("generate_frames", version=1, gpu=True, receptive_field={"field": 0})
class GenerateFrames(Node):
    """Move the photo's features as the field says, and paint what comes into sight.

    Example:
        >>> import talkgraph as tg
        >>> from talkgraph.nodes.keypoint_field import GenerateFrames
        >>> from talkgraph.nodes.networks import LoadNetwork
        >>> from talkgraph.nodes.values import Clip, MotionField
        >>> steps = {
        ...     "network": LoadNetwork(name="audio2head-generator").on(),
        ...     "frames": GenerateFrames().on(clip="clip", field="field", network="network"),
        ... }
        >>> tg.Graph("paint", inputs={"clip": Clip, "field": MotionField}, steps=steps).output
        'frames'
    """

    detail: float = param(
        0.0, "share of the detail of a larger photo that is moved along; 0: frames of 256 px, as "
        "published", ge=0, le=1,
    )  # fmt: skip
    batch: int = param(4, "frames per network run", ge=1, keyed=False)

    def run(self, clip: Clip, field: MotionField, network: OnnxModel) -> Frames:
        """Return frames `[shape=(T, S, S, 3), uint8]`; reading a range makes that range alone.

        S is 256, with `detail` the size of a clip that is larger.

        Raises:
            InputError: the photo is no square RGB picture.
            ModelError: `network` is no frame generator.
        """
        session = open_network(network, GENERATOR, node=self.node_id, port="network")
        photo = photo_of(clip.frames, self.node_id)
        size = clip.frames.shape[0] if self.detail else SIZE
        finer = self.detail * fine_detail(clip.frames[0]) if size > SIZE else None
        size = max(size, SIZE)

        def made(start: int, stop: int) -> Iterator[Pictures]:
            for first in range(start, stop, self.batch):
                part = slice(first, min(first + self.batch, stop))
                given = {
                    "image": photo,
                    "deformation": np.asarray(field.deformation[part]),
                    "occlusion": np.asarray(field.occlusion[part])[:, None],
                }
                (frames,) = session.run(["frames"], given)
                pictures = from_network(frames)
                if finer is not None:
                    where = zip(pictures, given["deformation"], field.occlusion[part], strict=True)
                    pictures = np.stack([with_detail(one, finer, *at) for one, *at in where])
                yield pictures

        def read(start: int, stop: int) -> Pictures:
            return np.concatenate(list(made(start, stop)))

        return Frames.from_function(len(field.deformation), (size, size, 3), read)
