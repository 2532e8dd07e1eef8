"""Run the refiner over rendered frames (Yi et al. 2020, section 3.4, eq. 3)."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from talkgraph.cache.frames import CHUNK, Frames, Pictures
from talkgraph.engine import Node, node, param
from talkgraph.errors import InputError, ModelError
from talkgraph.models.contract import Contract
from talkgraph.models.sessions import open_network
from talkgraph.nodes.refine.region import Region, resized
from talkgraph.nodes.refine.temporal_window import WINDOW, stack_windows, to_network, window_of
from talkgraph.nodes.values import Floats, IdentityFeature, OnnxModel

RIM = 0.06  # of the region's side: where the refinement fades into the frame around it


NETWORK = Contract(
    what="refiner",
    inputs={"window": ("n", 3 * WINDOW, "size", "size"), "identity": ("n", "length")},
    outputs={"colour": ("n", 3, "size", "size"), "attention": ("n", 1, "size", "size")},
    remedy="one made by train_refiner",
)


@node("refine", version=1, gpu=True, receptive_field={"frames": (WINDOW - 1, 0), "face": 0})
class Refine(Node):
    """Turn rendered frames into realistic ones with a trained refiner, frame by frame.

    Example:
        >>> from talkgraph.nodes.refine.train_refiner import TrainRefiner
        >>> grey = Frames.from_array(np.full((3, 24, 24, 3), 128, np.uint8))
        >>> somebody = IdentityFeature(vector=np.full(128, 0.1, np.float32))
        >>> tiny = TrainRefiner(size=24, width=4, stem=1, levels=2, discriminator_width=4, steps=1)
        >>> Refine().run(grey, somebody, tiny.run(grey, grey, somebody))
        Frames(3 x (24, 24, 3))
    """

    batch: int = param(4, "windows per network run", ge=1, keyed=False)

    def run(
        self,
        frames: Frames,
        identity: IdentityFeature,
        refiner: OnnxModel,
        face: Frames | None = None,
    ) -> Frames:
        """Refine `frames [shape=(T, S, S, 3), uint8]`; the result has the same size and count.

        With `face [shape=(T, S, S, 4), uint8]`, the rendered face, nothing changes outside it: a
        network that has seen few head positions may paint lips where there are none.

        The network works at its own size. At another size the change that it makes, (1 - A) *
        (C - r), is scaled to the frame: what it leaves alone stays as sharp as the rendered
        frame. Reading a range of the result computes that range alone.

        Raises:
            InputError: if the frames are not square RGB pictures.
            ModelError: if `refiner` is no refiner, or for another length of identity feature.
        """
        network = Network(refiner, identity)
        if frames.shape[2] != 3 or frames.shape[0] != frames.shape[1]:
            raise InputError(
                f"refine needs square RGB frames, got {frames.shape}; crop the frames to the head"
                " and composite the render over its background first"
            )
        if frames.once:
            return Frames.from_iterable(
                len(frames), frames.shape, _walk(network, frames, self.batch, face)
            )

        def read(start: int, stop: int) -> Pictures:
            first = max(start - WINDOW + 1, 0)
            seen = frames[first:stop]
            made = network.refined(seen, start - first, self.batch)
            return _within_face(made, seen[start - first :], face, start)

        return Frames.from_function(len(frames), frames.shape, read)


def masks(
    frames: Pictures, identity: IdentityFeature, refiner: OnnxModel
) -> tuple[Pictures, Pictures]:
    """Return what the network sees and says, for the report.

    Args:
        frames: a few consecutive rendered frames, `[shape=(N, H, W, 3), uint8]`.
        identity: the person's feature.
        refiner: a model from `train_refiner`.

    Returns:
        colour mask `[shape=(N, s, s, 3), uint8]` and attention mask `[shape=(N, s, s, 1), uint8]`
        at the network's size s, of the region that it sees; attention 255 keeps the rendered
        pixel, 0 takes the colour mask.
    """
    network = Network(refiner, identity)
    colour, attention = network(frames, np.arange(len(frames)))
    return _bytes((colour + 1) / 2), _bytes(attention)


class Network:
    """A refiner and the person it is for, ready to run."""

    def __init__(self, refiner: OnnxModel, identity: IdentityFeature) -> None:
        self.session = open_network(refiner, NETWORK, node="refine", port="refiner")
        inputs = {i.name: i.shape for i in self.session.get_inputs()}
        length, size = inputs["identity"][1], inputs["window"][2]
        if isinstance(length, int) and length != len(identity.vector):
            raise ModelError(
                f"refine: the refiner expects {length} identity values, the"
                f" identity feature has {len(identity.vector)}; use the network that it was"
                " trained with"
            )
        if not isinstance(size, int):
            raise ModelError(
                "refine: the refiner does not say the side of its pictures; export it with a "
                "window of fixed size"
            )
        self.size = size
        self.region = _region(refiner)
        self.identity = identity.vector.astype(np.float32)[None]

    def __call__(self, frames: Pictures, targets: Any) -> tuple[Floats, Floats]:
        """Return colour `(B, s, s, 3)` and attention `(B, s, s, 1)` of `frames[targets]`."""
        small = to_network(resized(frames, self.size, self.region))
        windows = stack_windows(small, window_of(targets))
        colour, attention = self.session.run(
            ["colour", "attention"],
            {"window": windows, "identity": np.repeat(self.identity, len(windows), axis=0)},
        )
        return colour.transpose(0, 2, 3, 1), attention.transpose(0, 2, 3, 1)

    def refined(self, frames: Pictures, skip: int, batch: int) -> Pictures:
        """Refine `frames` after the first `skip`, which only serve as the past of the others."""
        results = []
        for start in range(skip, len(frames), batch):
            first = max(start - WINDOW + 1, 0)
            stop = min(start + batch, len(frames))
            colour, attention = self(frames[first:stop], np.arange(start, stop) - first)
            results += [
                _blended(*picture, self.region)
                for picture in zip(frames[start:stop], colour, attention, strict=True)
            ]
        return np.stack(results) if results else frames[:0]


def _within_face(made: Pictures, frames: Pictures, face: Frames | None, start: int) -> Pictures:
    """The refined frames within the rendered face, the frames as they were elsewhere."""
    if face is None:
        return made
    share = face[start : start + len(frames)][..., 3:].astype(np.float32) / np.float32(255)
    return np.rint(frames + share * (made - frames.astype(np.float32))).astype(np.uint8)


def _walk(network: Network, frames: Frames, batch: int, face: Frames | None) -> Iterator[Pictures]:
    """Refine frames that can be read only once: keep the last two of each chunk."""
    past = np.empty((0, *frames.shape), np.uint8)
    for start, chunk in zip(range(0, len(frames), CHUNK), frames.chunks(CHUNK), strict=True):
        joined = np.concatenate([past, chunk])
        yield from _within_face(network.refined(joined, len(past), batch), chunk, face, start)
        past = joined[-(WINDOW - 1) :]


def _region(refiner: OnnxModel) -> Region:
    text = refiner.facts.get("region")
    if text is None:
        return Region()
    try:
        return Region.parse(text)
    except ValueError as error:
        raise ModelError(
            f"the refiner's fact region='{text}' is not left, top, side as shares of the frame;"
            " train it again"
        ) from error


def _blended(frame: Pictures, colour: Floats, attention: Floats, region: Region) -> Pictures:
    """o = A * r + (1 - A) * C of eq. (3) = r + (1 - A) * (C - r), `[shape=(S, S, 3), uint8]`.

    The second form is what can be scaled: r stays at the frame's own size. Outside the region A
    is 1; towards its border inside a frame A rises to 1.
    """
    left, top, right, bottom = box = region.box(len(frame))
    seen = resized(frame[None], len(colour), region)[0] / np.float32(255)
    change = (1 - attention) * ((colour + 1) / 2 - seen)
    change = _scaled(change, right - left) * _inside(box, len(frame))
    refined = frame.copy()
    part = frame[top:bottom, left:right] / np.float32(255)
    refined[top:bottom, left:right] = _bytes(part + change)
    return refined


@cache
def _inside(box: tuple[int, int, int, int], frame: int) -> Floats:
    """1 in the region, falling to 0 along those of its borders that are not the frame's."""
    left, top, right, bottom = box
    at = np.arange(right - left) + 0.5
    rim = max(RIM * (right - left), 1.0)

    def profile(first: int, last: int) -> NDArray[Any]:
        rise = np.minimum(at / rim, 1) if first > 0 else np.ones_like(at)
        return rise * (np.minimum(at[::-1] / rim, 1) if last < frame else 1)

    inside: Floats = (profile(top, bottom)[:, None] * profile(left, right)).astype(np.float32)
    return inside[..., None]


def _scaled(picture: NDArray[Any], side: int) -> Floats:
    """Scale `(s, s, C)` to `(side, side, C)`, bicubic."""
    if picture.shape[:2] == (side, side):
        return picture
    from PIL import Image

    planes = [
        np.asarray(Image.fromarray(plane).resize((side, side), Image.Resampling.BICUBIC))
        for plane in np.ascontiguousarray(picture.transpose(2, 0, 1))
    ]
    return np.stack(planes, axis=-1)


def _bytes(unit: NDArray[Any]) -> Pictures:
    """[0, 1] to uint8."""
    levels: Pictures = np.clip(np.rint(unit * 255), 0, 255).astype(np.uint8)
    return levels
