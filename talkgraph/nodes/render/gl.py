"""The OpenGL back end: pyrender on EGL or OSMesa, without a window.

Draws the same picture as `software`: vertex colours, no GL lighting, coverage as alpha. A GL
context belongs to the thread that made it, so that one worker thread does all the drawing, and one
renderer is kept per picture size because making one takes up to seconds.
"""

from __future__ import annotations

import os
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from typing import Any

import numpy as np

from talkgraph.cache.frames import Pictures
from talkgraph.nodes.geometry.camera import DISTANCE, FOCAL
from talkgraph.nodes.geometry.mesh import Triangles
from talkgraph.nodes.render.shading import ShadedMesh

NEAR, FAR = 1.0, 100.0  # head units from the camera


class NoGL(Exception):
    """No OpenGL library or device that works; the message says which was tried."""


@cache
def _worker() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1, thread_name_prefix="talkgraph-gl")


@cache
def _pyrender() -> Any:
    """Import pyrender for windowless drawing; it reads its platform at import."""
    if sys.platform == "linux":
        os.environ.setdefault("PYOPENGL_PLATFORM", "egl")
    if not hasattr(np, "infty"):
        np.infty = np.inf  # type: ignore[attr-defined]  # gone in numpy 2, which pyrender predates
    try:
        import pyrender
    except Exception as error:  # PyOpenGL raises whatever its loader met
        raise NoGL(f"pyrender cannot be imported ({type(error).__name__}: {error})") from error
    return pyrender


@cache
def _renderer(size: int) -> Any:
    pyrender = _pyrender()
    try:
        return pyrender.OffscreenRenderer(size, size)
    except Exception as error:  # EGL, OSMesa and PyOpenGL each raise their own kinds
        raise NoGL(f"no GL context ({type(error).__name__}: {error})") from error


def why_unavailable() -> str | None:
    """None where GL works; otherwise one line that says why not."""
    try:
        _worker().submit(_renderer, 64).result()
    except NoGL as error:
        return str(error).splitlines()[0]
    return None


def draw(mesh: ShadedMesh, triangles: Triangles, size: int, samples: int = 2) -> Pictures:
    """Draw one frame; arguments and result as for `software.draw`.

    Raises:
        NoGL: there is no working OpenGL.
    """
    drawn: Future[Pictures] = _worker().submit(_draw, mesh, triangles, size, samples)
    return drawn.result()


def _draw(mesh: ShadedMesh, triangles: Triangles, size: int, samples: int) -> Pictures:
    pyrender = _pyrender()
    fine = size * samples
    renderer = _renderer(fine)
    scene = pyrender.Scene(bg_color=(0, 0, 0, 0), ambient_light=(1, 1, 1))
    primitive = pyrender.Primitive(
        positions=mesh.point_in_camera,
        indices=np.asarray(triangles, np.uint32),
        color_0=np.column_stack([mesh.colour, np.ones(len(mesh.colour), np.float32)]),
        material=pyrender.MetallicRoughnessMaterial(alphaMode="OPAQUE", doubleSided=True),
        mode=4,
    )
    scene.add(pyrender.Mesh([primitive]))
    focal = FOCAL * fine
    camera = pyrender.IntrinsicsCamera(focal, focal, fine / 2, fine / 2, znear=NEAR, zfar=FAR)
    pose = np.eye(4)
    pose[2, 3] = DISTANCE
    scene.add(camera, pose=pose)
    flags = pyrender.RenderFlags.FLAT | pyrender.RenderFlags.SKIP_CULL_FACES
    colour, depth = renderer.render(scene, flags=flags)
    covered = (depth > 0).reshape(size, samples, size, samples)
    tint = colour[..., :3].reshape(size, samples, size, samples, 3)
    hits = covered.sum(axis=(1, 3))
    mean = (tint * covered[..., None]).sum(axis=(1, 3)) / np.maximum(hits, 1)[..., None]
    out = np.empty((size, size, 4), np.uint8)
    out[..., :3] = mean + 0.5
    out[..., 3] = hits * 255 // samples**2
    return out
