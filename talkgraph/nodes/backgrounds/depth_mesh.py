"""The face mesh extended over hair, ears and neck: face profiling for small turns.

Zhu et al. 2016 ("Face alignment across large poses", section 4; reference [60] of Yi et al. 2020)
turn a photo by giving depth to what surrounds the face and rotating the whole mesh. Here rings of
vertices continue the face's outline outwards: their depth falls to the plane of the ears, where
the silhouette of a head lies, and their share in the head's motion falls from one (hair, ears) to
nothing (background, shoulders), over the neck gradually. All of it is laid out once, in the
head's own space. In a turned face the rings begin where the picture's face ends, see `silhouette`.
"""

from __future__ import annotations

import attrs
import numpy as np
from numpy.typing import NDArray

from talkgraph.nodes.backgrounds.silhouette import overhang
from talkgraph.nodes.face_model.face_model import LIP, SKIN, FaceModel
from talkgraph.nodes.geometry.camera import DISTANCE, FOCAL
from talkgraph.nodes.geometry.mesh import boundary_loops, vertex_normals
from talkgraph.nodes.geometry.rotation import matrix_from_angles
from talkgraph.nodes.values import Floats

Real = NDArray[np.float64]
Indices = NDArray[np.int64]

# Outward distances of the rings from the outline, head units: dense where the depth bends, then
# wide, far enough that the last ring lies outside of any crop.
RINGS = np.concatenate([np.arange(0.08, 2.4, 0.12), np.arange(2.4, 9.0, 0.4)])

# A contour that is no outline moves as one from this far within it (`composite` fades the face out
# there) to this far outside, head units; it counts for more than the vertices that it passes over.
CONTOUR = np.array([-0.1, -0.05, 0.0, 0.04])
CONTOUR_WEIGHT = 8.0
CONTOUR_FROM = 0.05  # head units that it comes back to the outline, from which it counts fully
SLACK = 0.01  # head units that an outline may miss of the face by its coarseness


@attrs.frozen
class Reach:
    """How far around the face what moves with the head, head units (a face is about 1.6 wide).

    side, crown: fully, beside the face (ears, hair) and above it; neck: until where nothing moves
    below the chin; falloff: least length from all to nothing beside and above; stretch: that
    length per displacement, above 1.5 so that nothing folds; skin: how far a movement of the face's
    outline (the jaw) drags its surroundings along.
    """

    side: float
    crown: float
    neck: float
    falloff: float
    stretch: float
    skin: float


def smooth_fall(x: Real) -> Real:
    """1 for x <= 0, 0 for x >= 1, with zero slope at both ends."""
    inside = np.clip(x, 0.0, 1.0)
    return np.asarray(1.0 - inside * inside * (3.0 - 2.0 * inside), np.float64)


@attrs.frozen
class DepthMesh:
    """The extended mesh of one person.

    surface: vertices on skin and lips (eyeballs and the mouth's inside say nothing about the
        picture's outlines), `[shape=(W,), int64]`.
    outline: vertices of the face's outer boundary in order, `[shape=(B,), int64]`.
    facing: outward normals of the neutral face there, `[shape=(W, 3)]`.
    rim: nearness of each of them to the outline, `[shape=(W,)]` in (0, 1], 1 on it.
    rings: the rings' vertices minus their outline vertex, `[shape=(K, B, 3)]`, head units.
    plateau: distance up to which all moves with the head, `[shape=(B,)]`, head units.
    down: how far each direction points to the neck, `[shape=(B,)]` in [0, 1].
    drag: part in the outline's change of expression, `[shape=(K, B)]` in [0, 1].
    """

    surface: Indices
    outline: Indices
    facing: Real
    rim: Real
    rings: Real
    plateau: Real
    down: Real
    drag: Real
    reach: Reach

    def share(self, displacement: Real) -> Real:
        """Part of every ring vertex in the head's motion, `[shape=(K, B)]` in [0, 1].

        Beside and above the head it falls to nothing as soon as the size of the motion allows, so
        that a small nod leaves the wall behind it alone.

        Args:
            displacement: of the head's edge in each direction, `[shape=(B,)]`, head units.
        """
        falloff = np.maximum(self.reach.falloff, self.reach.stretch * displacement)
        length = falloff * (1 - self.down) + self.reach.neck * self.down
        return smooth_fall((RINGS[:, None] - self.plateau) / length)


def extend(model: FaceModel, neutral: Floats, reach: Reach, *, rim: float = 0.12) -> DepthMesh:
    """Lay out the rings around one person's face.

    Args:
        model: for its triangles; the longest boundary loop is the face's outline.
        neutral: vertices without expression, `[shape=(V, 3)]`, head units.
        reach: how far the surroundings follow.
        rim: distance from the outline at which a vertex's word on the outline's movement has
            fallen to 1/e, head units.
    """
    from scipy.spatial import cKDTree

    vertices = np.asarray(neutral, np.float64)
    on_surface = (model.region == SKIN) | (model.region == LIP)
    surface = np.flatnonzero(on_surface)
    skin = model.triangles[on_surface[model.triangles].all(axis=1)]
    outline = np.asarray(max(boundary_loops(skin), key=len), np.int64)
    edge = vertices[outline]
    outward = edge[:, :2] - edge[:, :2].mean(axis=0)
    outward /= np.maximum(np.linalg.norm(outward, axis=1, keepdims=True), 1e-9)
    up, down = np.clip(outward[:, 1], 0, 1) ** 2, np.clip(-outward[:, 1], 0, 1) ** 2

    distance = RINGS[:, None]
    # The silhouette of a head lies a little behind the front of the ears, where the outline ends.
    silhouette = edge[:, 2].min() - 0.1
    depth_run = 0.7
    fall = smooth_fall(distance / depth_run + np.zeros(len(edge)))
    rings = np.empty((len(RINGS), len(edge), 3))
    rings[..., :2] = outward * distance[..., None]
    rings[..., 2] = (silhouette - edge[:, 2]) * (1 - fall)
    nearest, _ = cKDTree(edge).query(vertices[surface])
    facing = vertex_normals(vertices, skin)[surface]
    return DepthMesh(
        surface=surface,
        outline=outline,
        facing=np.asarray(facing, np.float64),
        rim=np.maximum(np.exp(-((nearest / rim) ** 2)), 1e-4),
        rings=rings,
        plateau=reach.side * (1 - up - down) + reach.crown * up,
        down=down,
        drag=smooth_fall(distance / np.broadcast_to(reach.skin * (1 + down), (len(edge),))),
        reach=reach,
    )


@attrs.frozen
class Posed:
    """A face in one frame: vertices `[shape=(V, 3)]` in head space and its pose."""

    vertices: Real
    rotation: Real
    translation: Real

    def in_picture(self, points: Real, size: int) -> Real:
        """Where head-space `points [shape=(..., 3)]` appear, `[shape=(..., 2)]`, px."""
        from talkgraph.nodes.geometry.camera_kernels import pictured

        camera_from_head = matrix_from_angles(self.rotation)
        flat = pictured(points.reshape(-1, 3), camera_from_head, self.translation, size)
        return np.asarray(flat, np.float64).reshape(*points.shape[:-1], 2)


@attrs.frozen
class Moved:
    """Movement of points of a picture: where they were and how they move, px.

    places: `[shape=(N, 2)]` in the source picture.
    turn: their displacement with the head, `[shape=(N, 2)]`.
    turn_weight: how much to believe it, `[shape=(N,)]`.
    change: their displacement by the change of expression, `[shape=(N, 2)]`.
    change_weight: how much to believe it, `[shape=(N,)]`.
    """

    places: Real
    turn: Real
    turn_weight: Real
    change: Real
    change_weight: Real


def movement(mesh: DepthMesh, source: Posed, target: Posed, size: int) -> Moved:
    """How face and surroundings move from the source's picture to the target's.

    The displacement of a face vertex is the sum of its `turn` (the source's expression in the
    target's pose) and its `change` (the target's expression against the source's, in that pose).
    """
    old, new = source.vertices[mesh.surface], target.vertices[mesh.surface]
    before, turned = source.in_picture(old, size), target.in_picture(old, size)
    change = target.in_picture(new, size)
    change -= turned
    edge = source.vertices[mesh.outline]
    unit = FOCAL * size / (DISTANCE - float(source.translation[2]))  # px per head unit

    edge_before, over_before = _contour(source, before, edge, size, unit)
    edge_turned, over_turned = _contour(target, turned, edge, size, unit)
    new_edge = target.vertices[mesh.outline]
    edge_after, over_after = _contour(target, turned + change, new_edge, size, unit)
    # Only where the face turns back, and shows what was hidden. Where it turns further the contour
    # passes over what is beside it, which then moves as it is: glasses, hair.
    back = np.clip((_length(over_before) - _length(over_turned)) / (CONTOUR_FROM * unit), 0, 1)
    over_before, over_turned, over_after = (
        back[:, None] * over for over in (over_before, over_turned, over_after)
    )
    edge_change = edge_after + over_after - edge_turned - over_turned
    around = edge + mesh.rings
    # What a picture shows beside a face lies beside its contour, not behind it.
    around_before = source.in_picture(around, size) + over_before
    ring_turn = target.in_picture(around, size) + over_turned
    ring_turn -= around_before
    hair = np.sqrt((ring_turn**2).sum(axis=-1)) * (RINGS[:, None] <= mesh.plateau + RINGS[0])
    share = mesh.share(hair.max(axis=0) / unit)
    ring_turn *= share[..., None]
    ring_change = mesh.drag[..., None] * edge_change

    # What the source does not show says little about what lies at its place in the picture.
    toward = mesh.facing @ matrix_from_angles(source.rotation)[2]
    seen = np.clip(toward, 0.02, 1.0)
    rings = np.full(share.size, 0.25)
    turned -= before
    # Where the contour is no outline, no vertex stays on it: contour goes to contour.
    ends = np.tile(CONTOUR_WEIGHT * back, len(CONTOUR))
    end = edge_before + over_before
    end_turn = edge_turned + over_turned - end
    away = end - end.mean(axis=0)
    away /= np.maximum(_length(away), 1e-9)[:, None]
    end = end + CONTOUR[:, None, None] * unit * away
    return Moved(
        places=np.concatenate([before, around_before.reshape(-1, 2), end.reshape(-1, 2)]),
        turn=np.concatenate(
            [turned, ring_turn.reshape(-1, 2), np.tile(end_turn, (len(CONTOUR), 1))]
        ),
        turn_weight=np.concatenate([seen, rings, ends]),
        change=np.concatenate(
            [change, ring_change.reshape(-1, 2), np.tile(edge_change, (len(CONTOUR), 1))]
        ),
        change_weight=np.concatenate([np.maximum(seen, 0.3) * mesh.rim, rings, ends]),
    )


def _contour(pose: Posed, face: Real, outline: Real, size: int, unit: float) -> tuple[Real, Real]:
    """Places of an outline, and what leads from there to where the face ends, `[shape=(B, 2)]`, px.

    Args:
        face: places of the surface in this picture, `[shape=(W, 2)]`, px.
        outline: in head space, `[shape=(B, 3)]`.   unit: px per head unit.
    """
    places = pose.in_picture(outline, size)
    # As deep as the outline's sides, so that it stays between them in any turn.
    middle = np.append(outline[:, :2].mean(axis=0), outline[:, 2].min())
    return places, overhang(face, places, pose.in_picture(middle, size), SLACK * unit)


def _length(vectors: Real) -> Real:
    return np.asarray(np.hypot(vectors[..., 0], vectors[..., 1]), np.float64)
