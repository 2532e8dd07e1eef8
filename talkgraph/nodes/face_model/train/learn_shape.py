"""Learn the default face model from tracked faces: mean, identity and expression bases.

All arrays live on the 468 landmarks of the tracker. Every face is brought into head space
(see nodes/values.py) by lifting and Procrustes alignment, and enters twice, once mirrored, so
that mean and bases are symmetric. Identity is the principal components of the persons' neutral
faces (lips closed), completed with the low-frequency harmonics of the mesh, whose size is
measured on persons left out; expression is the principal directions of displacement from the
neutral face of a clip.
"""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import numpy as np
from numpy.typing import NDArray

from talkgraph.nodes.face_model.face_mesh import POINTS, face_mesh_mirror, face_mesh_triangles
from talkgraph.nodes.geometry.camera import DISTANCE
from talkgraph.nodes.geometry.mesh import unique_edges
from talkgraph.nodes.geometry.rigid_pose import initial_pose, lift
from talkgraph.nodes.values import FaceTrack

Array = NDArray[np.float64]

FACE_WIDTH = 1.6  # head units; the width of the mean face, as in the Basel face model's scale
INNER_LIPS = (13, 14)  # middle of the upper and of the lower lip, inside
FOREHEAD, CHIN = 10, 152  # the mean face stands upright when these two have the same depth
FOLDS = 10  # persons are left out in so many groups
ALIGNMENTS = 8  # rounds of generalised Procrustes analysis


@attrs.frozen(kw_only=True)
class Subject:
    """One tracked clip or photo of a person; `moving` is False for a photo."""

    person: str
    track: FaceTrack
    moving: bool


@attrs.frozen(kw_only=True)
class LearnedShape:
    """The result on the L = 468 landmarks.

    mean `[shape=(L, 3)]`, identity `[shape=(L, 3, Ki)]`, expression `[shape=(L, 3, Ke)]`, head
    units per standard deviation.
    """

    mean: Array
    identity: Array
    expression: Array


def learn_face_model(
    subjects: Sequence[Subject],
    *,
    identity_components: int = 80,
    identity_from_people: int = 40,
    expression_components: int = 64,
    frames_per_clip: int = 150,
) -> LearnedShape:
    """Learn mean, identity and expression bases.

    Args:
        subjects: tracked clips and photos of many persons.
        identity_components: all identity components (80 in the paper).
        identity_from_people: how many of these are principal components of the persons.
        expression_components: 64 in the paper.
        frames_per_clip: at most so many evenly spread frames of a clip are used.
    """
    picked = [_spread(s.track, frames_per_clip) for s in subjects]
    sizes = [s.track.size for s in subjects]
    mirror = face_mesh_mirror()
    mean = _mean_face(picked, sizes, mirror)
    registered = [_register(p, size, mean) for p, size in zip(picked, sizes, strict=True)]
    moves = []
    for subject, shapes in zip(subjects, registered, strict=True):
        if subject.moving:
            moved = shapes - _closed(shapes)
            moves.append(moved / np.sqrt(len(moved)))
    samples = np.concatenate(moves) / np.sqrt(len(moves))
    expression = _principal(np.concatenate([samples, _flip(samples, mirror)]) / np.sqrt(2))
    persons: dict[str, list[Array]] = {}
    for subject, shapes in zip(subjects, registered, strict=True):
        neutral = _closed(shapes) if subject.moving else _close(shapes[0], expression[..., 0])
        persons.setdefault(subject.person, []).append(neutral)
    people = np.stack([np.mean(shapes, 0) for shapes in persons.values()])
    mean = people.mean(0)
    mean = (mean + _flip(mean[None], mirror)[0]) / 2
    identity = _identity_basis(people - mean, mirror, identity_components, identity_from_people)
    return LearnedShape(
        mean=mean,
        identity=identity,
        expression=expression[..., :expression_components],
    )


def _spread(track: FaceTrack, count: int) -> Array:
    """At most `count` evenly spread measured frames, `[shape=(T, 468, 3)]`."""
    frames = np.flatnonzero(track.measured)
    frames = frames[np.linspace(0, len(frames) - 1, min(count, len(frames))).round().astype(int)]
    return track.landmarks[frames, :468].astype(np.float64)


def _register(landmarks: Array, size: int, mean: Array) -> Array:
    """Every frame in head space, `[shape=(T, L, 3)]`."""
    weights = np.ones(landmarks.shape[:2])
    rotation, translation = initial_pose(landmarks, mean, size, weights)
    points = lift(landmarks, size, DISTANCE - translation[:, 2])
    return np.asarray(np.einsum("tji,tlj->tli", rotation, points - translation[:, None]))


def _mean_face(picked: Sequence[Array], sizes: Sequence[int], mirror: NDArray[np.int64]) -> Array:
    """Symmetric mean by generalised Procrustes analysis, upright and of standard width."""
    first = picked[0][0] * (1, -1, -1)
    mean = _standard(first - first.mean(0))
    for _ in range(ALIGNMENTS):
        faces = [_register(p, s, mean).mean(0) for p, s in zip(picked, sizes, strict=True)]
        mean = _standard(np.mean(faces, 0))
        mean = _standard((mean + _flip(mean[None], mirror)[0]) / 2)
    return mean


def _standard(shape: Array) -> Array:
    """Centre, stand upright about x, face the camera about y and z as symmetry tells, and scale."""
    from scipy.spatial.transform import Rotation

    shape = shape - shape.mean(0)
    up = shape[FOREHEAD] - shape[CHIN]
    roll = np.arctan2(up[0], up[1])
    shape = shape @ Rotation.from_euler("z", roll).as_matrix().T
    across = shape[454] - shape[234]  # the face's ears, image right minus image left
    yaw = np.arctan2(across[2], across[0])
    shape = shape @ Rotation.from_euler("y", yaw).as_matrix().T
    up = shape[FOREHEAD] - shape[CHIN]
    pitch = -np.arctan2(up[2], up[1])
    shape = shape @ Rotation.from_euler("x", pitch).as_matrix().T
    return np.asarray(shape * (FACE_WIDTH / np.ptp(shape[:, 0])))


def _flip(shapes: Array, mirror: NDArray[np.int64]) -> Array:
    """Mirror image of faces or displacements `[shape=(N, L, 3)]`."""
    return shapes[:, mirror] * (-1, 1, 1)


def _gap(shapes: Array) -> Array:
    """How far the lips are apart at their middle, head units."""
    return np.asarray(shapes[..., INNER_LIPS[0], 1] - shapes[..., INNER_LIPS[1], 1])


def _closed(shapes: Array) -> Array:
    """Neutral face of a clip: the mean of the quarter of its frames with the lips closest."""
    count = max(1, len(shapes) // 4)
    return np.asarray(shapes[np.argsort(_gap(shapes))[:count]].mean(0))


def _close(shape: Array, opening: Array) -> Array:
    """Close the mouth of a photo along the first expression component, which opens the jaw."""
    return np.asarray(shape - opening * max(float(_gap(shape)), 0.0) / _gap(opening))


def _principal(samples: Array) -> Array:
    """Principal directions of `samples [shape=(N, L, 3)]`, scaled to one standard deviation."""
    flat = samples.reshape(len(samples), -1)
    _, singular, vt = np.linalg.svd(flat, full_matrices=False)
    return np.asarray((vt * singular[:, None]).T.reshape(*samples.shape[1:], -1))


def _identity_basis(
    people: Array,
    mirror: NDArray[np.int64],
    count: int,
    from_people: int,
) -> Array:
    """Components of the persons first, then harmonics for what new persons have beyond them."""

    def components(some: Array) -> Array:
        both = np.concatenate([some, _flip(some, mirror)]) / np.sqrt(2 * len(some))
        return _principal(both)[..., :from_people]

    basis = components(people).reshape(people[0].size, -1)
    harmonics = _harmonics(count)
    unit = np.linalg.qr(basis)[0]
    rest = harmonics - unit @ (unit.T @ harmonics)
    rest = np.linalg.qr(rest)[0]
    # How large a new person's deviation along each harmonic is: what persons left out keep as
    # residual against the components of the others.
    folds = np.arange(len(people)) % min(FOLDS, len(people))
    power = np.zeros(rest.shape[1])
    for fold in np.unique(folds):
        others = components(people[folds != fold]).reshape(people[0].size, -1)
        frame = np.linalg.qr(others)[0]
        left = people[folds == fold].reshape(-1, people[0].size)
        left = left - (left @ frame) @ frame.T
        power += ((left @ rest) ** 2).sum(0)
    rest = rest * np.sqrt(power / len(people))
    order = np.argsort(-power)[: count - basis.shape[1]]
    return np.concatenate([basis, rest[:, order]], 1).reshape(*people.shape[1:], -1)


def _harmonics(count: int) -> Array:
    """Low-frequency displacement fields: Laplacian eigenvectors times x, y, z, as columns."""
    edges = unique_edges(face_mesh_triangles())[0]
    laplacian = np.zeros((POINTS, POINTS))
    laplacian[edges[:, 0], edges[:, 1]] = laplacian[edges[:, 1], edges[:, 0]] = -1
    np.fill_diagonal(laplacian, -laplacian.sum(1))
    modes = np.linalg.eigh(laplacian)[1][:, 1 : count + 1]
    fields: Array = np.einsum("vm,cd->vcmd", modes, np.eye(3))
    return fields.reshape(POINTS * 3, -1)
