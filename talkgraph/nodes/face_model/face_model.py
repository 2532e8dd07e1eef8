"""The 3D morphable face model as a value (Yi et al. 2020, section 3.1).

S = mean + B_id alpha + B_exp beta and T = mean + B_tex delta, for any number of vertices.
Coefficients are in standard deviations: the bases are scaled by them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from talkgraph.cache.values import value
from talkgraph.nodes.geometry.mesh import Triangles
from talkgraph.nodes.values import Floats, Ints

# Regions of the surface, the values of FaceModel.region.
SKIN, LIP, INNER_MOUTH, EYE = 0, 1, 2, 3
TOGETHER = 8  # expressions
REGIONS = {"skin": SKIN, "lips": LIP, "inner mouth": INNER_MOUTH, "eye": EYE}


@value("face_model")
class FaceModel:
    """A linear model of shape, expression and albedo.

    mean_shape: `[shape=(V, 3), float32]`, head units (see values.py), neutral expression.
    identity_basis: `[shape=(V, 3, 80), float32]`, head units per standard deviation.
    expression_basis: `[shape=(V, 3, 64), float32]`, likewise.
    mean_albedo: `[shape=(V, 3), float32]`, RGB in [0, 1].
    albedo_basis: `[shape=(V, 3, 80), float32]`, per standard deviation.
    triangles: `[shape=(F, 3), int32]`, counter-clockwise from outside.
    landmark_vertices, landmark_index: `[shape=(L,), int64]`; vertex landmark_vertices[i] shows
        where tracked landmark landmark_index[i] (of the 478) lies.
    region: `[shape=(V,), uint8]`, SKIN, LIP, INNER_MOUTH or EYE.
    name, licence: what the model is called and under which terms it comes.
    """

    mean_shape: Floats
    identity_basis: Floats
    expression_basis: Floats
    mean_albedo: Floats
    albedo_basis: Floats
    triangles: Triangles
    landmark_vertices: Ints
    landmark_index: Ints
    region: NDArray[np.uint8]
    name: str
    licence: str

    @property
    def vertex_count(self) -> int:
        """V."""
        return len(self.mean_shape)

    def neutral(self, identity: ArrayLike) -> Floats:
        """Shape of a person without expression.

        Args:
            identity: `[shape=(80,)]`, or fewer coefficients (the rest count as 0).

        Returns:
            `[shape=(V, 3), float32]`, point_in_head.
        """
        return self.mean_shape + _combine(self.identity_basis, identity, "identity")

    def shape(self, identity: ArrayLike, expression: ArrayLike) -> Floats:
        """Shapes of a person with expressions.

        Args:
            identity: `[shape=(80,)]`, standard deviations.
            expression: `[shape=(64,)]` or `[shape=(T, 64)]`, standard deviations.

        Returns:
            `[shape=(V, 3), float32]` or `[shape=(T, V, 3), float32]`, point_in_head.
        """
        return self.neutral(identity) + self.moved(expression)

    def moved(self, expression: ArrayLike) -> Floats:
        """What expressions add to the neutral shape of anybody.

        Args:
            expression: `[shape=(64,)]` or `[shape=(T, 64)]`, standard deviations; TOGETHER of them
                cost little more than one.

        Returns:
            `[shape=(V, 3), float32]` or `[shape=(T, V, 3), float32]`, head units; to the last bit
            the same alone and among others.
        """
        weights = np.asarray(expression, np.float32)
        if weights.ndim != 2:
            alone: Floats = self.moved(weights[None])[0]
            return alone
        # Products of one shape only: those of others add in another order.
        made = np.empty((len(weights), *self.mean_shape.shape), np.float32)
        for start in range(0, len(weights), TOGETHER):
            some = weights[start : start + TOGETHER]
            padded = np.pad(some, ((0, TOGETHER - len(some)), (0, 0)))
            combined = _combine(self.expression_basis, padded, "expression")
            made[start : start + TOGETHER] = combined[: len(some)]
        return made

    def albedo(self, coefficients: ArrayLike) -> Floats:
        """Low-frequency albedo, `[shape=(V, 3), float32]`, of `coefficients [shape=(80,)]`."""
        return self.mean_albedo + _combine(self.albedo_basis, coefficients, "albedo")

    def landmark_bases(self) -> tuple[Floats, Floats, Floats]:
        """Mean `(L, 3)`, identity `(L, 3, 80)`, expression basis `(L, 3, 64)` at landmarks."""
        at = self.landmark_vertices
        return self.mean_shape[at], self.identity_basis[at], self.expression_basis[at]


def _combine(basis: Floats, coefficients: ArrayLike, what: str) -> Floats:
    """Sums of basis vectors `[shape=(..., V, 3)]` for `coefficients [shape=(..., K)]`."""
    weights = np.asarray(coefficients, np.float32)
    if weights.ndim not in (1, 2) or weights.shape[-1] > basis.shape[-1]:
        raise ValueError(
            f"{what} coefficients of shape {weights.shape} do not fit a basis of {basis.shape[-1]}"
        )
    used = basis[..., : weights.shape[-1]].reshape(-1, weights.shape[-1])
    summed: Floats = (weights @ used.T).reshape(*weights.shape[:-1], *basis.shape[:-1])
    return summed
