"""Drawing the face model: motion + identity + albedo + light -> RGBA pictures.

node            `Render` ("render"): (motion, fit, albedo, model) -> Frames (T, S, S, 4)
                it stands between albedo and refine
software        z-buffer rasteriser: `rasterise` -> `Fragments`, `draw` -> picture
raster_kernels  its compiled loops
gl              the same picture by pyrender, where GL is found
shading         projected vertices and their colours under spherical-harmonics light
"""

from talkgraph.nodes.render.node import Render

__all__ = ["Render"]
