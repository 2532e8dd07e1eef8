"""Fit a 3DMM to a whole clip at once: shared identity, expression and pose of every frame.

Stands in the place of the reconstruction network of Yi et al. 2020, section 3.1, for models that
have no such network: alternating least squares on tracked landmarks, robust to outliers, with
Gaussian priors in standard deviations, then smoothed in time without lag.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from talkgraph.engine import Node, node, param, progress
from talkgraph.nodes.face_model.face_mesh import EYE_RIMS, INNER_LIPS, OUTER_LIPS, OVAL
from talkgraph.nodes.face_model.face_model import FaceModel
from talkgraph.nodes.geometry.camera import DISTANCE, FOCAL, project, unproject
from talkgraph.nodes.geometry.pose import ROTATION, TRANSLATION, pose_from_parts
from talkgraph.nodes.geometry.rigid_pose import initial_pose, refine_pose
from talkgraph.nodes.geometry.rotation import angles_from_matrix, matrix_from_angles
from talkgraph.nodes.signals import smooth_in_time
from talkgraph.nodes.training.threads import one_thread
from talkgraph.nodes.values import FaceFit, FaceTrack, Motion

Array = NDArray[np.float64]

FACE_HEIGHT = 256.0  # px; errors are given for a face of this height
LIPS = (*OUTER_LIPS, *INNER_LIPS)
LIDS = (*EYE_RIMS[0], *EYE_RIMS[1])


@node("fit_face", version=1)
class FitFace(Node):
    """Identity, expression and pose from tracked landmarks (section 3.1).

    Example:
        >>> from talkgraph.nodes.face_fit import FitFace
        >>> from talkgraph.nodes.face_model.synthetic import (
        ...     synthetic_face_model, synthetic_fit, synthetic_track,
        ... )
        >>> model = synthetic_face_model(levels=0)
        >>> fit = FitFace().run(synthetic_track(model, synthetic_fit(frames=10)), model)
        >>> fit.motion.rotation.shape, bool(fit.error.max() < 0.5)  # px
        ((10, 3), True)
    """

    rounds: int = param(6, "alternations of pose, expression and identity", ge=1, le=50)
    identity_prior: float = param(
        0.02, "weight of the identity prior", unit="px² per landmark", gt=0
    )
    expression_prior: float = param(
        0.02, "weight of the expression prior", unit="px² per landmark", gt=0
    )
    depth_weight: float = param(0.05, "trust in the tracker's depth against x and y", ge=0, le=1)
    lip_weight: float = param(3.0, "weight of lip landmarks", gt=0)
    lid_weight: float = param(2.0, "weight of eyelid landmarks", gt=0)
    oval_weight: float = param(0.3, "weight of the face oval, which slides with the pose", gt=0)
    outlier_px: float = param(3.0, "Huber threshold at 256 px face height", unit="px", gt=0)
    pose_cutoff_hz: float = param(4.0, "half-amplitude frequency of the pose", unit="Hz", gt=0)
    expression_cutoff_hz: float = param(
        9.0, "half-amplitude frequency of the expression; lip closures last 2 to 3 frames",
        unit="Hz", gt=0,
    )  # fmt: skip
    identity_frames: int = param(60, "how many share in the identity", unit="frames", ge=1)

    def run(self, track: FaceTrack, model: FaceModel) -> FaceFit:
        """Fit `model` to `track`.

        Args:
            track: landmarks of T frames; its rate scales the smoothing's cut-offs.
            model: the face model; its landmark vertices are matched with the track.

        Returns:
            coefficients and pose, with the reprojection error per frame.
        """
        with one_thread():
            fit = _Fit(self, track, model)
            for done in range(self.rounds):
                fit.update_pose()
                fit.update_identity()
                fit.update_expression()
                fit.update_outliers()
                progress(done + 1, self.rounds + 1)
            fit.update_pose()
            fit.smooth_pose(self.pose_cutoff_hz, track.fps)
            fit.update_expression()
            fit.smooth_expression(self.expression_cutoff_hz, track.fps)
            progress(1, 1)
        return FaceFit(
            identity=fit.identity.astype(np.float32),
            motion=Motion(
                expression=fit.expression.astype(np.float32),
                rotation=angles_from_matrix(fit.rotation).astype(np.float32),
                translation=fit.translation.astype(np.float32),
                fps=track.fps,
            ),
            error=fit.error().astype(np.float32),
            measured=track.measured.copy(),
            size=track.size,
        )


class _Fit:
    """The unknowns of one clip and the steps that improve them in turn."""

    def __init__(self, params: FitFace, track: FaceTrack, model: FaceModel) -> None:
        picked = model.landmark_vertices
        self.params, self.size = params, track.size
        self.observed = track.landmarks[:, model.landmark_index].astype(np.float64)
        self.mean = model.mean_shape[picked].astype(np.float64)
        self.identity_basis = model.identity_basis[picked].astype(np.float64)
        self.expression_basis = model.expression_basis[picked].astype(np.float64)
        count = len(self.observed)
        self.identity = np.zeros(self.identity_basis.shape[-1])
        self.expression = np.zeros((count, self.expression_basis.shape[-1]))
        self.trust = track.measured.astype(np.float64)
        weights = np.ones(len(picked))
        for group, weight in (
            (OVAL, params.oval_weight), (LIDS, params.lid_weight), (LIPS, params.lip_weight)
        ):  # fmt: skip
            weights[np.isin(model.landmark_index, group)] = weight
        self.base_weights = weights / weights.mean()
        self.weights = np.tile(self.base_weights, (count, 1))
        height = np.ptp(self.observed[..., 1], axis=1)
        self.to_normal = FACE_HEIGHT / np.maximum(height, 1.0)  # px to px at 256 px face height
        # Inner-face points fix the first pose; lips and lids move by themselves.
        rigid = np.where(np.isin(model.landmark_index, LIPS + LIDS), 0.2, 1.0) * weights
        self.rotation, self.translation = initial_pose(
            self.observed, self.mean, self.size, np.tile(rigid, (count, 1))
        )

    def shape(self) -> Array:
        """Landmark vertices in head space, `[shape=(T, L, 3)]`."""
        person = self.mean + self.identity_basis @ self.identity
        moved: Array = np.einsum("lck,tk->tlc", self.expression_basis, self.expression)
        return person + moved

    def residual(self) -> Array:
        """Observed minus projected, `[shape=(T, L, 2)]`, px at 256 px face height."""
        points = np.einsum("tij,tlj->tli", self.rotation, self.shape()) + self.translation[:, None]
        offset = self.observed[..., :2] - project(points, self.size)[0]
        return np.asarray(offset * self.to_normal[:, None, None])

    def error(self) -> Array:
        """Mean landmark distance per frame, px at 256 px face height."""
        return np.asarray(np.linalg.norm(self.residual(), axis=-1).mean(1))

    def update_pose(self) -> None:
        self.rotation, self.translation = refine_pose(
            self.observed, self.shape(), self.rotation, self.translation, self.size, self.weights
        )

    def update_outliers(self) -> None:
        """Huber weights; a landmark that is far off says little."""
        distance = np.linalg.norm(self.residual(), axis=-1)
        huber = np.minimum(1.0, self.params.outlier_px / np.maximum(distance, 1e-9))
        self.weights = self.base_weights * huber

    def _targets(self) -> tuple[Array, Array]:
        """Observations as head-space points and the 3x3 weight of their coordinates.

        A pixel residual at the present distance is a displacement across the line of sight; the
        tracker's depth counts with `depth_weight`.

        Returns:
            points `[shape=(T, L, 3)]` and metric `[shape=(T, 3, 3)]`, px^2 (at 256 px face height)
            per squared unit.
        """
        camera_z = (
            np.einsum("tj,tlj->tl", self.rotation[:, 2], self.shape()) + self.translation[:, 2:]
        )
        distance = DISTANCE - camera_z
        head_distance = DISTANCE - self.translation[:, 2]
        measured_z = -self.observed[..., 2] * (head_distance / (FOCAL * self.size))[:, None]
        measured_z += (camera_z - measured_z).mean(1, keepdims=True)
        camera = unproject(self.observed[..., :2], distance, self.size)
        camera[..., 2] = measured_z
        camera = camera - self.translation[:, None]
        points = np.einsum("tij,tli->tlj", self.rotation, camera)
        px_per_unit = self.to_normal * FOCAL * self.size / head_distance
        across = np.array([1.0, 1.0, self.params.depth_weight**2])
        metric = np.einsum("tki,k,tkj->tij", self.rotation, across, self.rotation)
        return points, metric * (px_per_unit**2)[:, None, None]

    @staticmethod
    def _normal_equations(
        basis: Array, target: Array, metric: Array, weights: Array
    ) -> tuple[Array, Array]:
        """B'WB and B'Wr of every frame, per landmark on average; `basis [shape=(L, 3, K)]`."""
        count, size = target.shape[:2]
        width = basis.shape[-1]
        by_axis = np.ascontiguousarray(basis.transpose(1, 0, 2)).reshape(3, -1)
        flat = by_axis.reshape(-1, width)
        hessian = np.empty((count, width, width))
        gradient = np.empty((count, width))
        for t in range(count):
            share = np.repeat(weights[t] / size, width)
            weighted = ((metric[t] @ by_axis) * share).reshape(-1, width)
            hessian[t] = flat.T @ weighted
            gradient[t] = weighted.T @ target[t].T.reshape(-1)
        return hessian, gradient

    def update_expression(self) -> None:
        points, metric = self._targets()
        person = self.mean + self.identity_basis @ self.identity
        hessian, gradient = self._normal_equations(
            self.expression_basis, points - person, metric, self.weights
        )
        hessian += self.params.expression_prior * np.eye(hessian.shape[-1])
        self.expression = np.asarray(np.linalg.solve(hessian, gradient[..., None])[..., 0])

    def update_identity(self) -> None:
        """Solve the shared identity with every frame's expression marginalised out.

        With both unknown at once, what all frames share goes into the identity, which costs its
        prior only once, and a single photo is split by the priors alone.
        """
        used = np.flatnonzero(self.trust)
        if not len(used):
            return
        spread = np.linspace(0, len(used) - 1, min(len(used), self.params.identity_frames))
        used = used[spread.round().astype(int)]
        points, metric = self._targets()
        both = np.concatenate([self.identity_basis, self.expression_basis], -1)
        hessian, gradient = self._normal_equations(
            both, (points - self.mean)[used], metric[used], self.weights[used]
        )
        split = self.identity_basis.shape[-1]
        prior = self.params.expression_prior * np.eye(both.shape[-1] - split)
        across = hessian[:, split:, :split]
        solved = np.linalg.solve(
            hessian[:, split:, split:] + prior,
            np.concatenate([across, gradient[:, split:, None]], -1),
        )
        crossing = across.transpose(0, 2, 1)
        schur = (hessian[:, :split, :split] - crossing @ solved[..., :-1]).mean(0)
        target = (gradient[:, :split] - (crossing @ solved[..., -1:])[..., 0]).mean(0)
        shared = self.params.identity_prior / len(used)
        self.identity = np.linalg.solve(schur + shared * np.eye(split), target)

    def smooth_pose(self, cutoff_hz: float, fps: float) -> None:
        angles = np.unwrap(angles_from_matrix(self.rotation), axis=0)
        series = pose_from_parts(angles, self.translation)
        smooth = smooth_in_time(series, self.trust, cutoff_hz, fps)
        self.rotation = np.asarray(matrix_from_angles(smooth[:, ROTATION]), np.float64)
        self.translation = smooth[:, TRANSLATION]

    def smooth_expression(self, cutoff_hz: float, fps: float) -> None:
        self.expression = smooth_in_time(self.expression, self.trust, cutoff_hz, fps)
