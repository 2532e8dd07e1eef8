"""The node that makes a mesh file of a fitted head, for other programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from talkgraph import engine
from talkgraph.cache.files import File
from talkgraph.engine import Node, node, param
from talkgraph.nodes.face_model.face_model import FaceModel
from talkgraph.nodes.geometry.rotation import matrix_from_angles
from talkgraph.nodes.values import Albedo, FaceFit, Motion

if TYPE_CHECKING:
    import trimesh

FORMATS = ("glb", "ply", "obj")
_FLOAT = 5126  # glTF's number of float32


@node("export_mesh", version=1)
class ExportMesh(Node):
    """Write the fitted head as a mesh, (FaceFit, FaceModel, Albedo) -> File.

    The person without expression, in head units (x to the image's right, y up, z to the camera),
    coloured by the albedo. A GLB with a motion also moves: its morph targets are the strongest
    expressions of that motion, its node turns and shifts as the head does.

    Example:
        >>> import numpy as np
        >>> from talkgraph.nodes.face_model.synthetic import synthetic_face_model, synthetic_fit
        >>> from talkgraph.nodes.render import ExportMesh
        >>> from talkgraph.nodes.values import Albedo
        >>> model, fit = synthetic_face_model(levels=0), synthetic_fit(frames=2)
        >>> albedo = Albedo(colour=model.mean_albedo, light=np.eye(9, 3, dtype=np.float32))
        >>> ExportMesh(format="ply").run(fit, model, albedo).path.name
        'head.ply'
    """

    format: str = param("glb", "kind of file; only glb moves", choices=FORMATS)
    targets: int = param(16, "most morph targets; what moves least is left out", ge=1, le=64)

    def run(
        self, fit: FaceFit, model: FaceModel, albedo: Albedo, motion: Motion | None = None
    ) -> File:
        """Write the file."""
        mesh = _mesh(model, fit, albedo, linear=self.format == "glb")
        if self.format == "glb" and motion is not None:
            data = _moving(mesh, model, motion, self.targets)
        else:
            made = mesh.export(file_type=self.format)
            data = made.encode() if isinstance(made, str) else bytes(made)
        path = engine.scratch_folder() / f"head.{self.format}"
        path.write_bytes(data)
        return File(path)


def _mesh(model: FaceModel, fit: FaceFit, albedo: Albedo, *, linear: bool) -> trimesh.Trimesh:
    """The head at rest; colours are sRGB, or linear light as glTF wants them."""
    import trimesh

    colour = np.clip(albedo.colour, 0, 1)
    if linear:  # IEC 61966-2-1
        colour = np.where(colour <= 0.04045, colour / 12.92, ((colour + 0.055) / 1.055) ** 2.4)
    return trimesh.Trimesh(
        model.neutral(fit.identity),
        model.triangles,
        vertex_colors=np.round(colour * 255).astype(np.uint8),
        process=False,  # keeps every vertex at its number
    )


def _moving(mesh: trimesh.Trimesh, model: FaceModel, motion: Motion, count: int) -> bytes:
    """The mesh as GLB with morph targets and an animation (glTF 2.0, sections 3.7.2.2, 3.11)."""
    from trimesh.exchange.gltf import export_glb

    reach = np.linalg.norm(model.expression_basis, axis=(0, 1)) * np.std(motion.expression, axis=0)
    used = np.sort(np.argsort(-reach, kind="stable")[:count])
    weights = motion.expression[:, used]

    def add(buffers: dict[str, bytes], tree: dict[str, Any]) -> None:
        def accessor(values: NDArray[Any], kind: str) -> int:
            flat = np.ascontiguousarray(values, np.float32)
            buffers[f"motion {len(buffers)}"] = flat.tobytes()
            rows = flat.reshape(len(flat), -1)
            tree["accessors"][len(buffers), "motion"] = {
                "bufferView": len(buffers) - 1, "componentType": _FLOAT, "count": len(flat),
                "type": kind, "min": rows.min(0).tolist(), "max": rows.max(0).tolist(),
            }  # fmt: skip
            return len(tree["accessors"]) - 1

        moved = tree["nodes"].index(next(one for one in tree["nodes"] if "mesh" in one))
        tree["meshes"][0]["primitives"][0]["targets"] = [
            {"POSITION": accessor(model.expression_basis[:, :, k], "VEC3")} for k in used
        ]
        tree["meshes"][0]["weights"] = [0.0] * len(used)
        tree["nodes"][moved].pop("matrix", None)  # the identity, which no animation may meet
        times = accessor((np.arange(len(weights)) + 0.5) / motion.fps, "SCALAR")
        tracks = {
            "weights": accessor(weights.reshape(-1), "SCALAR"),
            "rotation": accessor(_quaternions(motion.rotation), "VEC4"),
            "translation": accessor(motion.translation, "VEC3"),
        }
        tree["animations"] = [
            {
                "samplers": [{"input": times, "output": track} for track in tracks.values()],
                "channels": [
                    {"sampler": i, "target": {"node": moved, "path": path}}
                    for i, path in enumerate(tracks)
                ],
            }
        ]

    data: bytes = export_glb(mesh, buffer_postprocessor=add)  # type: ignore[no-untyped-call]
    return data


def _quaternions(angles: NDArray[np.float32]) -> NDArray[np.float64]:
    """(x, y, z, w) of head angles, `[shape=(T, 4)]`, each on its neighbour's side."""
    from scipy.spatial.transform import Rotation

    found: NDArray[np.float64] = Rotation.from_matrix(matrix_from_angles(angles)).as_quat()
    sides = np.sign(np.sum(found[1:] * found[:-1], axis=1))
    found[1:] *= np.cumprod(np.where(sides < 0, -1.0, 1.0))[:, None]
    return found
