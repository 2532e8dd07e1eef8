"""Run the refiner over rendered frames (Yi et al. 2020, section 3.4, eq. 3)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from functools import cache
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from talkgraph.cache.frames import CHUNK, Frames, Pictures
from talkgraph.engine import Node, node, param
from talkgraph.errors import InputError, ModelError
from talkgraph.models.contract import Contract
from talkgraph.models.sessions import open_network, open_session
from talkgraph.nodes.refine.memory.bank import unit
from talkgraph.nodes.refine.memory.recall import Recall
from talkgraph.nodes.refine.memory.smoothing import ANCHORS
from talkgraph.nodes.refine.region import Region, resized
from talkgraph.nodes.refine.temporal_window import WINDOW, stack_windows, to_network, window_of
from talkgraph.nodes.values import Floats, IdentityFeature, OnnxModel, RefinerMemory

OF_FRAMES = "of each frame, of length 1"  # the fact of refiners that were trained so
RIM = 0.06  # of the region's side: where the refinement fades into the frame around it


NETWORK = Contract(
    what="refiner",
    inputs={"window": ("n", 3 * WINDOW, "size", "size"), "identity": ("n", "length")},
    outputs={"colour": ("n", 3, "size", "size"), "attention": ("n", 1, "size", "size")},
    remedy="one made by train_refiner",
)
OF_ANYBODY = attrs.evolve(NETWORK, inputs={"window": NETWORK.inputs["window"]})


@node(
    "refine",
    version=1,
    gpu=True,
    receptive_field={"frames": (ANCHORS, ANCHORS), "face": 0, "background": 0},
)
class Refine(Node):
    """Turn rendered frames into realistic ones with a trained refiner, frame by frame.

    Example:
        >>> import numpy as np
        >>> from talkgraph.cache import Frames
        >>> from talkgraph.nodes.refine import Refine
        >>> from talkgraph.nodes.refine.train_refiner import TrainRefiner
        >>> from talkgraph.nodes.values import IdentityFeature
        >>> grey = Frames.from_array(np.full((3, 24, 24, 3), 128, np.uint8))
        >>> somebody = IdentityFeature(vector=np.full(128, 0.1, np.float32))
        >>> tiny = TrainRefiner(size=24, width=4, stem=1, levels=2, discriminator_width=4, steps=1)
        >>> Refine().run(grey, somebody, tiny.run(grey, grey, somebody))
        Frames(3 x (24, 24, 3))
    """

    batch: int = param(4, "windows per network run", ge=1, keyed=False)
    anchors: int = param(
        ANCHORS,
        "the memory is asked at every so many frames, with a straight line between; 1: at each",
        unit="frames",
        ge=1,
        le=ANCHORS,
    )

    def sight(self, ports: Collection[str]) -> Mapping[str, tuple[int, int]]:
        """The window's frames; with a memory, the anchors before and after."""
        if "memory" not in ports:
            return {**self.receptive_field, "frames": (WINDOW - 1, 0)}
        return {**self.receptive_field, "frames": (max(self.anchors, WINDOW - 1), self.anchors)}

    def run(
        self,
        frames: Frames,
        identity: IdentityFeature,
        refiner: OnnxModel,
        face: Frames | None = None,
        memory: RefinerMemory | None = None,
        background: Frames | None = None,
    ) -> Frames:
        """Refine `frames [shape=(T, S, S, 3), uint8]`; the result has the same size and count.

        With `memory`, each frame has the identity feature that it retrieves; without, all have
        `identity`. A refiner that was trained on features of frames is given that of length 1.

        With `face [shape=(T, S, S, 4), uint8]`, the rendered face, nothing changes outside it: a
        network that has seen few head positions may paint lips where there are none. Nor does
        anything where a `background` with alpha, as of `warp_background`, stands before the face.

        The network works at its own size. At another size the change that it makes, (1 - A) *
        (C - r), is scaled to the frame: what it leaves alone stays as sharp as the rendered
        frame. Reading a range of the result computes that range alone.

        Raises:
            InputError: if the frames are not square RGB pictures.
            ModelError: if `refiner` is no refiner, or for another length of identity feature, or
                knows no features of frames while there is a memory.
        """
        face = None if face is None else behind(face, background)
        network = Network(refiner, identity)
        recall = network.recall(memory, self.anchors) if memory is not None else None
        if frames.shape[2] != 3 or frames.shape[0] != frames.shape[1]:
            raise InputError(
                f"refine needs square RGB frames, got {frames.shape}; crop the frames to the head"
                " and composite the render over its background first"
            )
        if frames.once:
            pieces: Iterable[tuple[Pictures, Floats]]
            if recall is None:
                pieces = ((chunk, network.constant(len(chunk))) for chunk in frames.chunks(CHUNK))
            else:
                pieces = recall.walk(frames)
            return Frames.from_iterable(
                len(frames), frames.shape, _walk(network, frames.shape, pieces, self.batch, face)
            )

        def read(start: int, stop: int) -> Pictures:
            first = max(start - WINDOW + 1, 0)
            seen = frames[first:stop]
            if recall is None:
                who = network.constant(stop - start)
            else:
                who = recall.of(frames, start, stop)
            made = network.refined(seen, start - first, self.batch, who)
            return within_face(made, seen[start - first :], face, start)

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
    colour, attention = network(frames, np.arange(len(frames)), network.constant(len(frames)))
    return _bytes((colour + 1) / 2), _bytes(attention)


class Network:
    """A refiner and the person it is for, ready to run."""

    def __init__(self, refiner: OnnxModel, identity: IdentityFeature) -> None:
        anybody = False  # whether it is one that is not told who it is for
        with suppress(ModelError):  # said below, with the port
            anybody = OF_ANYBODY.admits(open_session(refiner.file, threads=1))
        wanted = OF_ANYBODY if anybody else NETWORK
        # One thread: frames of a stream are made side by side, which wastes less than to share one.
        self.session = open_network(refiner, wanted, node="refine", port="refiner", threads=1)
        inputs = {i.name: i.shape for i in self.session.get_inputs()}
        self._length = None if anybody else inputs["identity"][1]
        self.told = not anybody
        size = inputs["window"][2]
        if not isinstance(size, int):
            raise ModelError(
                "refine: the refiner does not say the side of its pictures; export it with a "
                "window of fixed size"
            )
        self.size = size
        self.region = _region(refiner)
        self.of_frames = refiner.facts.get("identity") == OF_FRAMES
        vector = unit(identity.vector) if self.of_frames else identity.vector
        self.identity = vector.astype(np.float32)[None]
        self._check(self.identity.shape[1], "the identity feature")

    def recall(self, memory: RefinerMemory, anchors: int) -> Recall:
        """The memory, checked against the refiner."""
        if not self.of_frames:
            raise ModelError(
                "refine: there is a memory, and the refiner was trained with one identity feature "
                "for the whole clip; train it with the port `identities`, or leave the memory out"
            )
        self._check(memory.values.shape[1], "the memory")
        return Recall(memory, anchors, "refine")

    def constant(self, count: int) -> Floats:
        """The same identity feature for so many frames."""
        return np.repeat(self.identity, count, axis=0)

    def __call__(self, frames: Pictures, targets: Any, who: Floats) -> tuple[Floats, Floats]:
        """Return colour `(B, s, s, 3)` and attention `(B, s, s, 1)` of `frames[targets]`.

        Args:
            who: identity feature of each target, `[shape=(B, n)]`.
        """
        return self.masks(resized(frames, self.size, self.region), targets, who)

    def masks(self, small: Pictures, targets: Any, who: Floats) -> tuple[Floats, Floats]:
        """The same of frames that are cut out and resized, `[shape=(N, s, s, 3), uint8]`."""
        given = {"window": stack_windows(to_network(small), window_of(targets))}
        if self.told:
            given["identity"] = who
        colour, attention = self.session.run(["colour", "attention"], given)
        return colour.transpose(0, 2, 3, 1), attention.transpose(0, 2, 3, 1)

    def refined(self, frames: Pictures, skip: int, batch: int, who: Floats) -> Pictures:
        """Refine `frames` after the first `skip`, which only serve as the past of the others.

        Args:
            who: identity features of those that are refined.
        """
        results = frames[skip:].copy()
        small = resized(frames, self.size, self.region)
        for start in range(skip, len(frames), batch):
            first = max(start - WINDOW + 1, 0)
            stop = min(start + batch, len(frames))
            colour, attention = self.masks(
                small[first:stop], np.arange(start, stop) - first, who[start - skip : stop - skip]
            )
            made = results[start - skip : stop - skip]
            for picture in zip(made, small[start:stop], colour, attention, strict=True):
                _blend(*picture, self.region)
        return results

    def _check(self, length: int, what: str) -> None:
        if isinstance(self._length, int) and length != self._length:
            raise ModelError(
                f"refine: the refiner expects {self._length} identity values, {what} has {length};"
                " use the network that it was trained with"
            )


def behind(face: Frames, background: Frames | None) -> Frames:
    """The rendered face without what the alpha of its background hides."""
    if background is None or background.shape[2] != 4:
        return face

    def read(start: int, stop: int) -> Pictures:
        shown = face[start:stop].copy()
        hides = background[start:stop][..., 3].astype(np.uint16)
        shown[..., 3] = (shown[..., 3] * hides + 127) // 255
        return shown

    return Frames.from_function(len(face), face.shape, read)


def within_face(made: Pictures, frames: Pictures, face: Frames | None, start: int) -> Pictures:
    """The refined frames within the rendered face, the frames as they were elsewhere."""
    if face is None:
        return made
    from talkgraph.nodes.refine.blending import within

    found: Pictures = within(made, frames, face[start : start + len(frames)])
    return found


def _walk(
    network: Network,
    shape: tuple[int, int, int],
    pieces: Iterable[tuple[Pictures, Floats]],
    batch: int,
    face: Frames | None,
) -> Iterator[Pictures]:
    """Refine frames that can be read only once: keep the last two of each piece."""
    past = np.empty((0, *shape), np.uint8)
    start = 0
    for piece, who in pieces:
        joined = np.concatenate([past, piece])
        yield from within_face(network.refined(joined, len(past), batch, who), piece, face, start)
        past = joined[-(WINDOW - 1) :]
        start += len(piece)


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


def _blend(
    frame: Pictures, seen: Pictures, colour: Floats, attention: Floats, region: Region
) -> None:
    """o = A * r + (1 - A) * C of eq. (3) = r + (1 - A) * (C - r), in place of `frame`.

    The second form is what can be scaled: r stays at the frame's own size. Outside the region A
    is 1; towards its border inside a frame A rises to 1.

    Args:
        frame: `[shape=(S, S, 3), uint8]`.
        seen: what the network saw of it, `[shape=(s, s, 3), uint8]`.
        colour, attention: what it said, `[shape=(s, s, 3)]` and `[shape=(s, s, 1)]`.
    """
    from talkgraph.nodes.refine.blending import changed

    left, top, right, bottom = box = region.box(len(frame))
    change = (1 - attention) * ((colour + 1) / 2 - seen / np.float32(255))
    fitted = np.ascontiguousarray(_scaled(change, right - left), np.float32)
    changed(frame[top:bottom, left:right], fitted, _inside(box, len(frame)))


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
    return inside


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
