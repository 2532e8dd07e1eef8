"""What stands before a face: a microphone, a mask, a cup, hair that falls into it."""

from __future__ import annotations

import numpy as np

from talkgraph.engine import Node, node, note, param, progress
from talkgraph.errors import GraphError
from talkgraph.nodes.albedo import parameters
from talkgraph.nodes.albedo.cover.before_lips import before_lips
from talkgraph.nodes.albedo.cover.hands import before_face, within_hands
from talkgraph.nodes.albedo.cover.patches import Surface, steady
from talkgraph.nodes.albedo.cover.usual import Usual, tints
from talkgraph.nodes.albedo.observe import Observer
from talkgraph.nodes.face_model.face_model import FaceModel
from talkgraph.nodes.geometry.camera import project
from talkgraph.nodes.geometry.hands import Hands
from talkgraph.nodes.signals import evenly_spread
from talkgraph.nodes.training.threads import one_thread
from talkgraph.nodes.values import Bools, Clip, Cover, FaceFit, Floats, Ints


@node("find_cover", version=1)
class FindCover(Node):
    """Find what hides parts of the face, (clip, fit, model, hands?) -> Cover.

    What comes and goes is told from the face's usual colours at the same place; what is always
    before the lips by its colour, which none can have. Both must be large and last. A bare hand
    has the face's own colour: it is told by its joints, where the face looks less like itself
    than it does without; interlaced fingers mostly are not. What is always elsewhere, such as
    glasses, belongs to the face. An addition to Yi et al. 2020.

    Example:
        >>> import numpy as np
        >>> from talkgraph.cache import Frames
        >>> from talkgraph.nodes.albedo import FindCover
        >>> from talkgraph.nodes.face_model.synthetic import synthetic_face_model, synthetic_fit
        >>> from talkgraph.nodes.values import Clip, Crop
        >>> model, fit = synthetic_face_model(levels=0), synthetic_fit(frames=2)
        >>> grey, crop = np.full((2, 64, 64, 3), 128, np.uint8), Crop(left=0.0, top=0.0, side=64.0)
        >>> clip = Clip(frames=Frames.from_array(grey), fps=25.0, crop=crop, speech=None)
        >>> bool(FindCover().run(clip, fit, model).share.any())
        False
    """

    frames: int = param(
        100, "frames that are looked at first; all are where these show something", ge=1, le=1000
    )
    brightness: float = param(
        0.35, "difference of brightness from the usual that counts", unit="log", gt=0
    )
    tint: float = param(0.12, "the same of red or blue beside green", unit="log", gt=0)
    changes: float = param(
        3.0, "what is added to both: how far the place changes by itself", unit="deviations", ge=0
    )
    displaced: float = param(
        0.05, "how far the fit may be off: what is usual so near is usual", unit="head units", gt=0
    )
    area: float = param(
        0.03, "smallest cover; a face has about 2.5", unit="head units squared", gt=0
    )
    clear: float = param(1.5, "least mean difference of one, in differences that count", ge=1)
    hand: float = param(
        1.25, "how many times stranger than without the face looks where a hand is before it", ge=1
    )
    lasting: float = param(0.2, "it must be there for most of such a stretch", unit="s", ge=0)
    behind: float = parameters.behind()
    grazing: float = parameters.grazing()
    square: float = parameters.square()
    doubt: float = parameters.doubt()

    @one_thread()
    def run(self, clip: Clip, fit: FaceFit, model: FaceModel, hands: Hands | None = None) -> Cover:
        """Look at the frames; a photo is a clip of one.

        Args:
            hands: those of the clip; without, bare hands are not told from the face.

        Raises:
            GraphError: clip and fit are not of one size, or the hands are those of another clip.
        """
        observer, surface = Observer(clip, fit, model, self), Surface(model)
        count = len(fit.measured)
        touched = self._touched(observer, surface, hands, count)
        chosen = evenly_spread(count, self.frames)
        colour, seen = self._look(observer, surface, chosen)
        unit = np.array([self.brightness, self.tint, self.tint], np.float32)
        hidden = before_lips(colour, seen, surface, unit)
        learned = seen & ~hidden & ~touched[chosen]
        learned &= np.asarray(fit.measured, bool)[chosen, None]
        usual = Usual.of(tints(colour), learned, surface.near(self.displaced))

        def found(colour: Floats, seen: Bools, hidden: Bools) -> Bools:
            tint, free = tints(colour), seen & ~hidden
            strange = usual.strangeness(tint, free, unit, self.changes)
            patches = surface.patches(strange > 1, strange, area=self.area, least=self.clear)
            return patches | hidden

        kept = np.stack([found(*one) for one in zip(colour, seen, hidden, strict=True)])
        share = np.zeros((count, model.vertex_count), np.uint8)
        if not kept.any() and not touched.any():
            return Cover(share=share)
        if count > len(chosen):
            colour, seen = self._look(observer, surface, np.arange(count))
            hidden = before_lips(colour, seen, surface, unit)
            kept = np.stack([found(*one) for one in zip(colour, seen, hidden, strict=True)])
        if touched.any():
            away = usual.difference(tints(colour), seen & ~touched, unit)
            before = before_face(away, seen, usual.known, touched, self.hand)
            kept |= touched & before[:, None]
        kept = steady(kept, round(self.lasting * fit.motion.fps))
        for frame in np.flatnonzero(kept.any(axis=1)):
            share[frame] = surface.share(kept[frame])
        covered = float(kept.any(axis=1).mean())
        if covered:
            note(
                f"something stands before the face in {covered:.0%} of the clip's frames: it stays "
                "there, and is kept out of the face's colours"
            )
        return Cover(share=share)

    def _touched(
        self, observer: Observer, surface: Surface, hands: Hands | None, count: int
    ) -> Bools:
        """Which vertices of each frame lie within a hand, `[shape=(T, V')]`."""
        touched = np.zeros((count, len(surface.vertices)), bool)
        if hands is None:
            return touched
        if len(hands.scale) != count:
            raise GraphError(
                f"node {self.node_id}: port hands is of {len(hands.scale)} frames, clip has "
                f"{count}: connect the hands of this clip"
            )
        for frame in np.flatnonzero((hands.scale > 0).any(axis=1)).tolist():
            places, _ = project(observer.placed(frame), observer.fit.size)
            inside = within_hands(hands, frame, places[surface.vertices])
            touched[frame] = inside if surface.area[inside].sum() >= self.area else False
        return touched

    def _look(self, observer: Observer, surface: Surface, chosen: Ints) -> tuple[Floats, Bools]:
        """Colours `[shape=(F, V', 3), float32]` of skin and lips, and which are seen."""
        colour = np.empty((len(chosen), len(surface.vertices), 3), np.float32)
        seen = np.empty(colour.shape[:2], bool)
        for row, frame in enumerate(chosen):
            view = observer.look(int(frame))
            colour[row] = view.colour[surface.vertices]
            seen[row] = view.weight[surface.vertices] > 0
            progress(row + 1, len(chosen))
        return colour, seen
