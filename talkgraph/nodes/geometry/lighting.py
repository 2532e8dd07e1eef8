"""Spherical-harmonics light on a Lambertian surface (Yi et al. 2020, section 3.1).

colour = albedo * sum over b of light_b * Phi_b(normal), with B = 3 bands, so 9 functions per colour
channel and 27 coefficients. The constants are those of Deng et al. 2019, so that their 257
coefficients keep their meaning; Deng's bands are the clamped-cosine convolution of Ramamoorthi &
Hanrahan 2001 (factors pi, 2 pi / 3, pi / 4 on orthonormal harmonics) times 1, sqrt(3) and sqrt(8).
Normals are in camera space: x right, y up, z towards the viewer.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from talkgraph.nodes.geometry.rotation import Real

BANDS = 3
FUNCTIONS = BANDS**2
# Names as in Deng et al.: a_l scales band l, c_l normalises it.
_A = (math.pi, 2 * math.pi / math.sqrt(3), 2 * math.pi / math.sqrt(8))
_C = (1 / math.sqrt(4 * math.pi), math.sqrt(3 / (4 * math.pi)), 3 * math.sqrt(5 / (12 * math.pi)))
AMBIENT = _A[0] * _C[0]  # value of the constant function
LEAST_SHARE = 0.3  # of the mean irradiance, in what is drawn
DARKEST = 0.05  # irradiance below which dividing a colour by it would only amplify noise


def sh_basis(normals: ArrayLike) -> Real:
    """Values of the nine functions.

    Args:
        normals: `[shape=(..., 3)]`, unit vectors in camera space.

    Returns:
        `[shape=(..., 9)]`, in the dtype of `normals`.
    """
    n = np.asarray(normals)
    x, y, z = n[..., 0], n[..., 1], n[..., 2]
    one, two = _A[1] * _C[1], _A[2] * _C[2]
    return np.stack(
        [
            np.full_like(x, AMBIENT),
            -one * y,
            one * z,
            -one * x,
            two * x * y,
            -two * y * z,
            two * (0.5 / math.sqrt(3)) * (3 * z * z - 1),
            -two * x * z,
            two * 0.5 * (x * x - y * y),
        ],
        axis=-1,
    )


def irradiance(normals: ArrayLike, light: ArrayLike) -> Real:
    """Irradiance that `light` throws on surfaces with `normals`.

    Args:
        normals: `[shape=(..., 3)]`, unit vectors in camera space.
        light: `[shape=(9, 3)]`, coefficients per colour channel.

    Returns:
        `[shape=(..., 3)]`, RGB; colour = albedo * irradiance. May be negative for light that no
        real surroundings could throw; renderers clip the colour.
    """
    lit: Real = sh_basis(normals) @ np.asarray(light)
    return lit


def shade(normals: ArrayLike, light: ArrayLike) -> Real:
    """`irradiance`, but nowhere darker than a share of the light's mean from all around.

    A light that was estimated from a face is unknown for what that face did not turn to the viewer;
    nine harmonics go on there to black, or to negative in one channel, which is a colour.
    """
    mean = np.maximum(AMBIENT * np.asarray(light)[0], 0)
    lit: Real = np.maximum(irradiance(normals, light), LEAST_SHARE * mean)
    return lit


def ambient_light(level: float = 1.0) -> NDArray[np.float32]:
    """Light of the same irradiance `level` from everywhere, `[shape=(9, 3), float32]`."""
    light = np.zeros((FUNCTIONS, 3), np.float32)
    light[0] = level / AMBIENT
    return light


def estimate_light(
    colour: ArrayLike,
    albedo: ArrayLike,
    normals: ArrayLike,
    weights: ArrayLike | None = None,
    *,
    ridge: float = 1e-2,
    rounds: int = 8,
    outlier: float = 0.08,
) -> NDArray[np.float32]:
    """Least-squares estimate of the 27 coefficients (Yi et al. 2020, section 3.1).

    Solves colour = albedo * irradiance per channel by iteratively reweighted least squares with
    Geman-McClure weights, so that hair, glasses and highlights count little. The ridge pulls all
    but the constant function towards zero (towards ambient light).

    Args:
        colour: `[shape=(N, 3)]`, observed sRGB in [0, 1].
        albedo: `[shape=(N, 3)]`, assumed reflectance of the same surface points.
        normals: `[shape=(N, 3)]`, unit, camera space.
        weights: `[shape=(N,)]`, >= 0, e.g. surface area seen; all one if absent.
        ridge: strength of the pull, relative to the mean energy of the weighted data.
        rounds: reweightings; 0 is plain least squares.
        outlier: colour residual at which a sample's weight has fallen to a quarter.

    Returns:
        light `[shape=(9, 3), float32]`.

    Raises:
        ValueError: shapes disagree, or no sample has weight.
    """
    seen = np.asarray(colour, np.float64)
    reflect = np.asarray(albedo, np.float64)
    basis = sh_basis(np.asarray(normals, np.float64))
    if not (seen.shape == reflect.shape == (len(basis), 3)):
        raise ValueError(
            f"colour {seen.shape}, albedo {reflect.shape} and normals ({len(basis)}, 3) disagree"
        )
    base = np.ones(len(seen)) if weights is None else np.asarray(weights, np.float64)
    if not base.sum() > 0:
        raise ValueError("light cannot be estimated: no surface point is visible")
    pull = np.ones(FUNCTIONS)
    pull[0] = 0
    robust = np.ones(len(seen))
    light = np.zeros((FUNCTIONS, 3))
    for _ in range(rounds + 1):
        w = base * robust
        for channel in range(3):
            rows = basis * reflect[:, channel : channel + 1]
            normal_matrix = rows.T @ (rows * w[:, None])
            energy = np.trace(normal_matrix) / FUNCTIONS
            damped = normal_matrix + np.diag(ridge * energy * pull + 1e-12)
            light[:, channel] = np.linalg.solve(damped, rows.T @ (w * seen[:, channel]))
        error = np.sqrt((((basis @ light) * reflect - seen) ** 2).mean(axis=1))
        robust = 1 / (1 + (error / outlier) ** 2) ** 2
    return light.astype(np.float32)
