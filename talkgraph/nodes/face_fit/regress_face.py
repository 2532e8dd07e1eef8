"""Node `RegressFace`: the coefficients of BFM 2009 from pictures, by the paper's network.

Yi et al. 2020, section 3.1, take the 257 coefficients of every frame from the network of Deng et
al. 2019. It sees an aligned picture (`align`) through a camera of its own; the pose is carried
over to the clip's camera. It needs two files that the user brings: BFM_model_front.mat (node
`load_face_model`, name=bfm2009) and the network, exported with `reconstruction_network`.

In a graph it takes the place of `FitFace`:

    graph = graph.add(regressor=LoadNetwork(name="face-reconstruction").on())
    graph.replace(fit=RegressFace().on(
        clip="clip", track="track", model="face_model", regressor="regressor"))
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from talkgraph import engine
from talkgraph.engine.declare.node import Node, node, param
from talkgraph.errors import InputError, ModelError
from talkgraph.models.contract import Contract
from talkgraph.models.sessions import open_network
from talkgraph.nodes.face_fit.regression.align import IMAGE, aligned_regions, five_points
from talkgraph.nodes.face_fit.tracking.cut_square import cut_square
from talkgraph.nodes.face_model.coefficients import COUNT, Coefficients, split_coefficients
from talkgraph.nodes.face_model.face_mesh import POINTS
from talkgraph.nodes.face_model.face_model import FaceModel
from talkgraph.nodes.geometry.camera import DISTANCE, point_in_camera, project, unproject
from talkgraph.nodes.geometry.pose import ROTATION, TRANSLATION, pose_from_parts
from talkgraph.nodes.geometry.rigid_pose import refine_pose
from talkgraph.nodes.geometry.rotation import angles_from_matrix, matrix_from_angles
from talkgraph.nodes.signals import smooth_in_time
from talkgraph.nodes.values import Clip, FaceFit, FaceTrack, Floats, Motion, OnnxModel

Array = NDArray[np.float64]

FACE_HEIGHT = 256.0  # px; errors are given for a face of this height
_BATCH = 8  # pictures per call of the network
_POSE_VERTICES = 256  # spread over the face, enough to carry a rigid pose over
_POSE_ROUNDS = 6  # Gauss-Newton; it has converged after three


NETWORK = Contract(
    what="reconstruction network",
    inputs={"image": ("n", 3, IMAGE, IMAGE)},
    outputs={"coefficients": ("n", COUNT)},
    remedy="talkgraph.nodes.face_fit.regression.reconstruction_network to export it",
)


@node("regress_face", version=1, gpu=True)
class RegressFace(Node):
    """Identity, expression and pose by regression (section 3.1); for BFM 2009.

    Example:
        >>> import talkgraph as tg
        >>> from talkgraph.nodes.face_fit import RegressFace
        >>> from talkgraph.nodes.face_model import LoadFaceModel
        >>> from talkgraph.nodes.networks import LoadNetwork
        >>> from talkgraph.nodes.values import Clip, FaceTrack
        >>> steps = {
        ...     "bfm": LoadFaceModel(name="bfm2009", file="BFM_model_front.mat").on(),
        ...     "net": LoadNetwork(name="face-reconstruction").on(),
        ...     "fit": RegressFace().on(clip="clip", track="track", model="bfm", regressor="net"),
        ... }
        >>> tg.Graph("fit", inputs={"clip": Clip, "track": FaceTrack}, steps=steps).output
        'fit'
    """

    face_model: str = param("bfm2009", "name of the face model that the network was trained for")
    pose_cutoff_hz: float = param(4.0, "half-amplitude frequency of the pose", unit="Hz", gt=0)
    expression_cutoff_hz: float = param(
        9.0, "half-amplitude frequency of the expression; lip closures last 2 to 3 frames",
        unit="Hz", gt=0,
    )  # fmt: skip

    def run(self, clip: Clip, track: FaceTrack, model: FaceModel, regressor: OnnxModel) -> FaceFit:
        """Regress the coefficients of `clip`.

        Args:
            clip: T frames.
            track: their landmarks, which place the aligned picture and judge the result; their
                rate scales the smoothing's cut-offs.
            model: the face model whose coefficients the network gives.
            regressor: network `face-reconstruction`.

        Returns:
            the mean identity of the measured frames, expression and pose of every frame, and
            the distance of the model's landmarks from the tracked ones.

        Raises:
            ModelError: the network is another one, or belongs to another face model.
            InputError: clip and track do not belong together, or no frame was measured.
        """
        self._check(clip, track, model)
        session = open_network(regressor, NETWORK, node=self.node_id, port="regressor")
        regions = aligned_regions(five_points(track.landmarks))
        known = np.flatnonzero(track.measured)
        regressed = split_coefficients(_regress(session, clip, regions, track.measured))
        identity = regressed.identity.mean(0)
        rotation, translation = carry_pose(regressed, identity, regions[known], model, track.size)
        angles = np.unwrap(angles_from_matrix(rotation), axis=0)
        pose = pose_from_parts(angles, translation)
        count = len(track.measured)
        pose = self._smooth(pose, known, count, self.pose_cutoff_hz, track.fps)
        expression = self._smooth(
            regressed.expression, known, count, self.expression_cutoff_hz, track.fps
        )
        motion = Motion(
            expression=expression.astype(np.float32),
            rotation=pose[:, ROTATION].astype(np.float32),
            translation=pose[:, TRANSLATION].astype(np.float32),
            fps=track.fps,
        )
        return FaceFit(
            identity=identity,
            motion=motion,
            error=reprojection_error(track, model, identity, motion),
            measured=track.measured.copy(),
            size=track.size,
        )

    def _check(self, clip: Clip, track: FaceTrack, model: FaceModel) -> None:
        if model.name != self.face_model:
            raise ModelError(
                f"node regress_face: the network's coefficients belong to the face model "
                f"'{self.face_model}', not to '{model.name}': set name={self.face_model} and your "
                "file in node face_model, or use node fit_face"
            )
        frames = clip.frames
        if len(frames) != len(track.measured) or frames.shape[0] != track.size:
            raise InputError(
                f"node regress_face: the clip has {len(frames)} frames of {frames.shape[0]} px, "
                f"the track {len(track.measured)} of {track.size} px: track this clip"
            )
        if not track.measured.any():
            raise InputError("node regress_face: the track holds no measured frame: use a clip "
                             "that shows the face")  # fmt: skip

    @staticmethod
    def _smooth(
        values: NDArray[np.floating[Any]], known: Any, count: int, cutoff: float, fps: float
    ) -> Array:
        """Values `[shape=(n, D)]` of the `known` frames in all `count` frames, smoothed.

        Gaps are bridged by straight lines and held at the ends before they are smoothed, because
        a spline without data shoots beyond what a face can do.
        """
        every = np.arange(count)
        filled = np.stack([np.interp(every, known, column) for column in values.T], 1)
        return smooth_in_time(filled, np.ones(count), cutoff, fps)


def _regress(session: Any, clip: Clip, regions: Floats, measured: NDArray[np.bool_]) -> Floats:
    """Coefficient vectors of the measured frames, `[shape=(n, 257), float32]`."""
    vectors: list[Floats] = []
    start = 0
    for chunk in clip.frames.chunks(_BATCH):
        looked_at = np.flatnonzero(measured[start : start + len(chunk)])
        if len(looked_at):
            pictures = [cut_square(chunk[at], regions[start + at], IMAGE) for at in looked_at]
            batch = np.stack(pictures).transpose(0, 3, 1, 2) / np.float32(255)
            vectors.append(session.run(["coefficients"], {"image": np.ascontiguousarray(batch)})[0])
        start += len(chunk)
        engine.progress(start, len(measured))
    found: Floats = np.concatenate(vectors)
    if not np.isfinite(found).all():
        raise ModelError("the reconstruction network gives values that are no numbers: export it "
                         "again from the official checkpoint")  # fmt: skip
    return found


def carry_pose(
    regressed: Coefficients, identity: Floats, regions: Floats, model: FaceModel, size: int
) -> tuple[Array, Array]:
    """The pose in the clip's camera that shows the face where the network saw it.

    Each frame's own face is projected into its aligned picture and from there into the clip's;
    the pose of the shared identity is solved for there. Both cameras have the same field of
    view, so that a face in a larger picture stands farther away.

    Args:
        regressed: coefficients of n frames, pose in the camera of the aligned picture.
        identity: `[shape=(80,)]`, the identity that the frames share.
        regions: `[shape=(n, 4)]`, the aligned pictures in the clip's.
        model: the face model.
        size: side of the clip in px.

    Returns:
        rotation matrices `[shape=(n, 3, 3)]` and translation `[shape=(n, 3)]`, head to camera.
    """
    picked = np.linspace(0, model.vertex_count - 1, _POSE_VERTICES).round().astype(int)
    bases = (model.mean_shape, model.identity_basis, model.expression_basis)
    mean, by_identity, by_expression = (basis[picked].astype(np.float64) for basis in bases)
    moved = mean + np.einsum("lck,tk->tlc", by_expression, regressed.expression)
    own = moved + np.einsum("lck,tk->tlc", by_identity, regressed.identity)
    shape = moved + by_identity @ identity.astype(np.float64)
    centre, side = regions[:, None, :2].astype(np.float64), regions[:, 2].astype(np.float64)

    def in_clip(camera: Array) -> Array:
        xy = project(camera, IMAGE)[0]
        return np.asarray(centre + (xy / IMAGE - 0.5) * side[:, None, None])

    angles = regressed.rotation.astype(np.float64)
    shift = regressed.translation.astype(np.float64)
    seen = in_clip(np.asarray(point_in_camera(own, angles, shift), np.float64))
    # To begin with, the head's origin at the distance where it has the right size.
    depth = (DISTANCE - shift[:, 2]) * size / side
    origin = np.asarray(unproject(in_clip(shift[:, None])[:, 0], depth, size), np.float64)
    start = np.asarray(matrix_from_angles(angles), np.float64)
    weights = np.ones(seen.shape[:2])
    return refine_pose(seen, shape, start, origin, size, weights, rounds=_POSE_ROUNDS)


def reprojection_error(
    track: FaceTrack, model: FaceModel, identity: Floats, motion: Motion
) -> Floats:
    """Mean distance of the model's landmarks from the tracked, `[shape=(T,), float32]`.

    In px for a face of 256 px from the topmost to the lowest landmark of the mesh.
    """
    mean, by_identity, by_expression = model.landmark_bases()
    shape = mean + by_identity @ identity
    shape = shape + np.einsum("lck,tk->tlc", by_expression, motion.expression)
    camera = point_in_camera(shape, motion.rotation, motion.translation)
    observed = track.landmarks[:, model.landmark_index, :2]
    distance = np.linalg.norm(project(camera, track.size)[0] - observed, axis=-1).mean(1)
    height = np.ptp(track.landmarks[:, :POINTS, 1], axis=1)
    return np.asarray(distance * FACE_HEIGHT / np.maximum(height, 1.0), np.float32)
