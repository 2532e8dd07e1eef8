"""Node `ProjectKeypoints`: keypoints of the fitted face under any motion."""

from __future__ import annotations

import numpy as np

from talkgraph.engine import Node, node
from talkgraph.errors import ModelError
from talkgraph.nodes.face_model.face_mesh import POINTS
from talkgraph.nodes.face_model.face_model import FaceModel
from talkgraph.nodes.geometry.camera import point_in_camera, project
from talkgraph.nodes.keypoint_field.mesh_keypoints import groups, keypoints_from_mesh
from talkgraph.nodes.values import FaceFit, Floats, Keypoints, Motion

_PART = 256  # frames at a time


@node("project_keypoints", version=1, files=("mean_face.npz",))
class ProjectKeypoints(Node):
    """Keypoints that follow a `Motion`: groups of the face model's points in the picture.

    With it every mapping and every head motion drives the keypoint field. Those of the photo come
    from the photo's own fit: `ProjectKeypoints().on(motion="fit.motion", fit="fit", model=...)`.

    Example:
        >>> from talkgraph.nodes.face_model.synthetic import synthetic_face_model, synthetic_fit
        >>> from talkgraph.nodes.keypoint_field import ProjectKeypoints
        >>> fit = synthetic_fit(frames=5)
        >>> ProjectKeypoints().run(fit.motion, fit, synthetic_face_model())
        Keypoints(position=float32[5, 20, 2], jacobian=float32[5, 20, 2, 2], fps=25.0)
    """

    def run(self, motion: Motion, fit: FaceFit, model: FaceModel) -> Keypoints:
        """Return 20 keypoints for every frame of `motion`.

        Args:
            motion: how face and head move.
            fit: whose face it is.
            model: the face model of `fit`.

        Raises:
            ModelError: the model does not say where the landmarks lie that the keypoints need.
        """
        rows = self._rows(model)
        mean, identity, expression = (basis[rows] for basis in model.landmark_bases())
        neutral = mean + identity[..., : len(fit.identity)] @ fit.identity
        parts = []
        for start in range(0, len(motion.expression), _PART):
            part = slice(start, start + _PART)
            given = motion.expression[part]
            moved = np.einsum("vck,tk->tvc", expression[..., : given.shape[1]], given)
            points = point_in_camera(
                neutral + moved, motion.rotation[part], motion.translation[part]
            )
            parts.append(keypoints_from_mesh(self._placed(project(points, 1.0)[0], model, rows), 1))
        positions, bends = zip(*parts, strict=True)
        return Keypoints(
            position=np.concatenate(positions), jacobian=np.concatenate(bends), fps=motion.fps
        )

    def _rows(self, model: FaceModel) -> np.ndarray:
        """Rows of the model's landmarks that belong to the mesh."""
        needed = set(np.concatenate(list(groups().values())).tolist())
        missing = needed - set(model.landmark_index.tolist())
        if missing:
            raise ModelError(
                f"{self.node_id}: face model '{model.name}' lacks {len(missing)} of the "
                f"{len(needed)} landmarks that keypoints are made of; use LoadFaceModel()"
            )
        return np.flatnonzero(model.landmark_index < POINTS)

    def _placed(self, xy: Floats, model: FaceModel, rows: np.ndarray) -> Floats:
        points = np.zeros((len(xy), POINTS, 2), np.float32)
        points[:, model.landmark_index[rows]] = xy
        return points
