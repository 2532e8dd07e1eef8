"""Reflectance, light and detail of a person, and the face model itself."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from talkgraph.cache.frames import Pictures
from talkgraph.display import Scene, preview
from talkgraph.nodes.face_model.detail import Detail
from talkgraph.nodes.face_model.face_model import FaceModel
from talkgraph.nodes.geometry.camera import point_in_camera, project
from talkgraph.nodes.geometry.lighting import ambient_light, irradiance
from talkgraph.nodes.geometry.mesh import vertex_normals
from talkgraph.nodes.values import Albedo, FaceFit, Floats
from talkgraph.report.markup import Html, facts, figure, tag
from talkgraph.report.pictures import picture_of

_SIDE = 256  # px
_MIDDLE = 0.62  # brightness of the middle colour
_GAIN = 2
_TURNS = ((0.0, "from the front"), (-0.7, "from its right"), (0.7, "from its left"))


@preview(Albedo)
def albedo(value: Albedo, scene: Scene) -> Iterator[Html]:
    """The albedo without light, turned and as a map; a white ball under the light of the clip."""
    model, fit = scene.nearest(FaceModel), scene.nearest(FaceFit)
    yield facts(vertices=len(value.colour))
    if model is not None and model.vertex_count == len(value.colour):
        shape = model.mean_shape if fit is None else model.neutral(fit.identity)
        colour = value.colour * _MIDDLE / max(float(np.median(value.colour)), 1e-6)
        shots = [
            figure(picture_of(turned(shape, model, colour, turn), alt=text), text)
            for turn, text in _TURNS
        ]
        flat = "unrolled, as a map"
        shots.append(figure(picture_of(unrolled(shape, model, colour), alt=flat), flat))
        yield figure(
            tag("div", *shots, class_="strip"),
            "The albedo: colours without light, scaled to a middle brightness",
        )
    else:
        rows = np.clip(np.asarray(value.colour), 0, 1)[:, None]
        image = picture_of(np.rint(rows * 255).astype(np.uint8), alt="albedo", side=_SIDE)
        yield figure(image, "The albedo, a row per vertex")
    yield figure(picture_of(ball(value.light), alt="a ball in this light"),
                 "The light of the clip on a white ball")  # fmt: skip


@preview(Detail)
def detail(value: Detail, scene: Scene) -> Iterator[Html]:
    """The picture, grey where it adds nothing."""
    shown = np.clip(0.5 + _GAIN * value.picture.astype(np.float32), 0, 1)
    text = f"What one frame shows between the vertices, {_GAIN} times as strong"
    yield figure(picture_of(np.rint(shown * 255).astype(np.uint8), alt="detail", side=_SIDE), text)


def turned(shape: Floats, model: FaceModel, colour: NDArray[np.floating], turn: float) -> Pictures:
    """A face turned by an angle in rad and drawn, `[shape=(S, S, 4), uint8]`."""
    placed = point_in_camera(shape, np.array([0, turn, 0]), np.zeros(3)).astype(np.float32)
    xy, depth = project(placed, _SIDE)
    # The camera shows a head that fills half of its picture; here it may fill most of it.
    middle = (xy.min(axis=0) + xy.max(axis=0)) / 2
    scale = 0.92 * _SIDE / float(np.ptp(xy, axis=0).max())
    xy = (xy - middle) * scale + _SIDE / 2
    return _drawn(xy, depth, model, colour)


def unrolled(shape: Floats, model: FaceModel, colour: NDArray[np.floating]) -> Pictures:
    """A face on a cylinder about its upright axis, laid flat, `[shape=(S, S, 4), uint8]`.

    Across is the angle about the axis, down the height, both to the picture's whole side; where
    surfaces lie over each other, as at the lips, the outer one shows.
    """
    x, y, z = np.moveaxis(shape, -1, 0)
    across, deep = x - (x.min() + x.max()) / 2, z - z.min()
    flat = np.stack([np.arctan2(across, deep), -y], axis=-1)
    flat = (flat - flat.min(axis=0)) / np.maximum(np.ptp(flat, axis=0), 1e-6) * _SIDE
    radius = np.hypot(across, deep)
    inward = 1 + radius.max() - radius
    return _drawn(flat, inward, model, colour)


def _drawn(
    xy: NDArray[np.floating],
    depth: NDArray[np.floating],
    model: FaceModel,
    colour: NDArray[np.floating],
) -> Pictures:
    """Vertices at their places in the picture, in px, as `software.draw` draws them."""
    from talkgraph.nodes.geometry.rasterise import draw

    colour = np.clip(colour, 0, 1).astype(np.float32)
    return draw(xy, depth, model.triangles, colour, _SIDE, samples=2)


def ball(light: NDArray[np.floating]) -> Pictures:
    """A white ball under spherical-harmonics light, `[shape=(96, 96, 4), uint8]`."""
    side = 96
    axis = (np.arange(side) + 0.5) / side * 2 - 1
    x, y = np.meshgrid(axis, -axis)
    inside = x**2 + y**2 <= 1
    z = np.sqrt(np.maximum(0, 1 - x**2 - y**2))
    lit = irradiance(np.stack([x, y, z], axis=-1), light)
    top = max(float(lit[inside].max()), 1e-6)
    colour = np.clip(lit / top, 0, 1)
    rgba = np.concatenate([colour, inside[..., None]], axis=-1)
    return np.asarray(np.rint(rgba * 255), np.uint8)


@preview(FaceModel)
def face_model(value: FaceModel, scene: Scene) -> Iterator[Html]:
    """The mean face, and its size and licence."""
    yield facts(
        name=value.name, licence=value.licence, vertices=value.vertex_count,
        triangles=len(value.triangles), identities=value.identity_basis.shape[-1],
        expressions=value.expression_basis.shape[-1],
    )  # fmt: skip
    normals = vertex_normals(value.mean_shape, value.triangles)
    light = ambient_light()
    light[2] += 0.25  # function 2 is z: from the front, so that the shape can be seen
    shaded = value.mean_albedo * irradiance(normals, light)
    shaded = shaded * _MIDDLE / max(float(np.median(shaded)), 1e-6)
    shots = [
        figure(picture_of(turned(value.mean_shape, value, shaded, turn), alt=text), text)
        for turn, text in _TURNS[:2]
    ]
    yield figure(tag("div", *shots, class_="strip"), "The mean face")
