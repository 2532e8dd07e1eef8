"""Rigid pose of a known shape from landmarks, for all frames of a clip at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from talkgraph.nodes.geometry.camera import (
    DISTANCE,
    FOCAL,
    project,
    projection_jacobian,
    unproject,
)
from talkgraph.nodes.geometry.pose import ROTATION, TRANSLATION

Array = NDArray[np.float64]


def lift(landmarks: NDArray[np.floating], size: int, depth_of_head: Array) -> Array:
    """Points in camera space that project exactly onto the landmarks.

    The tracker's z is a depth relative to the head's centre in the same scale as x and y (weak
    perspective); it is turned into camera units at the distance of the head.

    Args:
        landmarks: `[shape=(T, L, 3)]`, px, z negative towards the camera.
        size: side of the picture in px.
        depth_of_head: `[shape=(T,)]`, distance of the head's centre from the camera (10 - t_z).

    Returns:
        `[shape=(T, L, 3), float64]` in camera space.
    """
    points = np.asarray(landmarks, np.float64)
    unit_per_px = (depth_of_head / (FOCAL * size))[:, None]
    towards_viewer = -(points[..., 2] - points[..., 2].mean(1, keepdims=True)) * unit_per_px
    return np.asarray(unproject(points[..., :2], depth_of_head[:, None] - towards_viewer, size))


def similarity(source: Array, target: Array, weights: Array) -> tuple[Array, Array, Array]:
    """Least-squares similarity target ≈ s R source + t per frame (Umeyama 1991).

    Args:
        source, target: `[shape=(T, L, 3)]`.
        weights: `[shape=(T, L)]`, non-negative.

    Returns:
        scale `[shape=(T,)]`, rotation matrices `[shape=(T, 3, 3)]`, translation `[shape=(T, 3)]`.
    """
    share = weights / weights.sum(1, keepdims=True)
    centre_source = np.einsum("tl,tlc->tc", share, source)
    centre_target = np.einsum("tl,tlc->tc", share, target)
    p, q = source - centre_source[:, None], target - centre_target[:, None]
    covariance = np.einsum("tl,tli,tlj->tij", share, q, p)
    u, singular, vt = np.linalg.svd(covariance)
    flip = np.ones_like(singular)
    flip[:, 2] = np.sign(np.linalg.det(u @ vt))
    rotation = (u * flip[:, None, :]) @ vt
    scale = (singular * flip).sum(1) / np.einsum("tl,tlc,tlc->t", share, p, p)
    translation = centre_target - scale[:, None] * np.einsum("tij,tj->ti", rotation, centre_source)
    return scale, rotation, translation


def initial_pose(
    landmarks: NDArray[np.floating], shape: Array, size: int, weights: Array, rounds: int = 4
) -> tuple[Array, Array]:
    """Pose of a rigid shape by lifting and Procrustes alignment.

    Args:
        landmarks: `[shape=(T, L, 3)]`, px.
        shape: `[shape=(L, 3)]` or `[shape=(T, L, 3)]`, in head space.
        size: side of the picture in px.
        weights: `[shape=(T, L)]`.
        rounds: fixed-point iterations for the distance of the head.

    Returns:
        rotation matrices `[shape=(T, 3, 3)]`, translation `[shape=(T, 3)]`, head to camera.
    """
    shape = np.broadcast_to(shape, (len(landmarks), *np.shape(shape)[-2:]))
    distance = np.full(len(landmarks), DISTANCE)
    for _ in range(rounds):
        points = lift(landmarks, size, distance)
        scale, rotation, _ = similarity(shape, points, weights)
        # A head that looks s times too large at this distance is s times nearer.
        distance = distance / scale
    points = lift(landmarks, size, distance)
    _, rotation, translation = similarity(shape, points, weights)
    return rotation, translation


def refine_pose(
    landmarks: NDArray[np.floating],
    shape: Array,
    rotation: Array,
    translation: Array,
    size: int,
    weights: Array,
    rounds: int = 3,
) -> tuple[Array, Array]:
    """Gauss-Newton on the 2D reprojection error, six unknowns per frame.

    Args and returns as `initial_pose`; `shape` is `[shape=(T, L, 3)]`.
    """
    observed = np.asarray(landmarks[..., :2], np.float64)
    for _ in range(rounds):
        turned = np.einsum("tij,tlj->tli", rotation, shape)
        points = turned + translation[:, None]
        residual = observed - project(points, size)[0]
        to_camera = projection_jacobian(points, size)
        # d(camera point)/d(small rotation about the camera's axes) = -[turned]x
        a, b, c = np.moveaxis(turned, -1, 0)
        zero = np.zeros_like(a)
        cross = np.stack(
            [
                np.stack([zero, c, -b], -1),
                np.stack([-c, zero, a], -1),
                np.stack([b, -a, zero], -1),
            ],
            -2,
        )
        jacobian = np.concatenate([to_camera @ cross, to_camera], -1)
        hessian = np.einsum("tl,tlki,tlkj->tij", weights, jacobian, jacobian)
        gradient = np.einsum("tl,tlki,tlk->ti", weights, jacobian, residual)
        trace = np.einsum("tii->t", hessian)
        hessian += (1e-9 * trace)[:, None, None] * np.eye(6)
        step = np.linalg.solve(hessian, gradient[..., None])[..., 0]
        rotation = _rotation_from_vector(step[:, ROTATION]) @ rotation
        translation = translation + step[:, TRANSLATION]
    return rotation, translation


def _rotation_from_vector(vectors: Array) -> Array:
    from scipy.spatial.transform import Rotation

    return np.asarray(Rotation.from_rotvec(vectors).as_matrix())
