"""Drawing the face model: motion + identity + albedo + light -> RGBA pictures.

render   `Render`: Motion, FaceFit, Albedo, FaceModel -> Frames (T, S, S, 4); it stands between
         albedo and refine
export_mesh
         `ExportMesh`: FaceFit, FaceModel, Albedo, Motion? -> File. The head as GLB (moving, if
         there is a motion), PLY or OBJ, for other programs
gl       the same picture by pyrender, where GL is found
shading  projected vertices and their colours under spherical-harmonics light
"""

from talkgraph.nodes.render.export_mesh import ExportMesh
from talkgraph.nodes.render.render import Render

__all__ = ["ExportMesh", "Render"]
