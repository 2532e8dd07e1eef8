"""What the refiner changed, and where it looked."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from talkgraph.cache.frames import Frames
from talkgraph.display import Scene, preview
from talkgraph.nodes.refine import Refine
from talkgraph.nodes.refine.refine import masks
from talkgraph.nodes.refine.region import Region, resized
from talkgraph.nodes.refine.temporal_window import WINDOW
from talkgraph.nodes.values import IdentityFeature, OnnxModel, RefinerMemory
from talkgraph.report.curves import Series, line_chart
from talkgraph.report.markup import Html, facts, figure, tag
from talkgraph.report.pictures import picture_of, sampled, wipe
from talkgraph.report.show import size_of

_SHOTS = 2


@preview(Refine)
def refined(value: Frames, scene: Scene) -> Iterator[Html]:
    """Before and after; what the network sees, its colour and its attention mask."""
    yield facts(frames=len(value), size=size_of(value))
    before = scene.port("frames")
    if not isinstance(before, Frames) or not len(value):
        return
    middle = len(value) // 2
    yield wipe(before[middle], value[middle], "A frame before and after", ("rendered", "refined"))
    identity, refiner = scene.port("identity"), scene.port("refiner")
    if isinstance(identity, IdentityFeature) and isinstance(refiner, OnnxModel):
        for k in sampled(len(value), _SHOTS):
            yield _masks(before, k, identity, refiner)


def _masks(before: Frames, k: int, identity: IdentityFeature, refiner: OnnxModel) -> Html:
    window = before[max(0, k - WINDOW + 1) : k + 1]
    colour, attention = (mask[-1] for mask in masks(window, identity, refiner))
    region = Region.parse(refiner.facts["region"]) if "region" in refiner.facts else Region()
    seen = resized(window[-1:], len(colour), region)[0]
    pictures = (
        (np.asarray(seen), "what it sees"),
        (colour, "colour mask"),
        (attention, "attention: white keeps the rendered pixel"),
    )
    shots = [figure(picture_of(image, alt=text, side=256), text) for image, text in pictures]
    return figure(tag("div", *shots, class_="strip"), f"The network at frame {k}")


@preview(RefinerMemory)
def memory(value: RefinerMemory, scene: Scene) -> Iterator[Html]:
    """How many pairs there are, and how long ago each was met."""
    yield facts(pairs=len(value.keys), spatial=value.keys.shape[1], identity=value.values.shape[1])
    ages = np.sort(value.ages)[::-1]
    yield line_chart([Series("age", ages)], "Updates since a pair was met", x_unit="pairs")
