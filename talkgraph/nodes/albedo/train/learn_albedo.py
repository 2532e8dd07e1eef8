"""Learn the albedo part of the default face model from clips of many persons.

Albedo and light can be told apart only up to a factor per colour channel: every clip's albedo is
taken relative to the present mean, so that the light carries the overall tone of the skin, and the
basis what is left: brows, beards, lips, cheeks. Means and components are symmetric.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import attrs
import numpy as np
from numpy.typing import NDArray

from talkgraph.nodes.albedo.complete import mirror_vertices, weighted_median
from talkgraph.nodes.albedo.detailed_albedo import DetailedAlbedo
from talkgraph.nodes.albedo.parameters import RIDGE
from talkgraph.nodes.face_model.face_model import LIP, FaceModel
from talkgraph.nodes.values import Albedo, Clip, FaceFit, Floats

COMPONENTS = 80  # Yi et al. 2020, section 3.1
FRAMES = 5  # per clip
BRIGHTEST_INNER = 0.9  # teeth and eyes in shadow; more is a mistaken irradiance


@attrs.frozen(eq=False, kw_only=True)
class LearnedAlbedo:
    """As `save_face_model` takes them.

    mean_albedo: `[shape=(W, 3), float32]` of the W vertices of skin and lips.
    albedo_basis: `[shape=(M, 3, <=80), float32]` of the first M vertices, per standard deviation.
    inner_albedo: `[shape=(P, 3), float32]` of the patches in mouth and eyes.
    """

    mean_albedo: Floats
    albedo_basis: Floats
    inner_albedo: Floats


def clip_albedo(clip: Clip, fit: FaceFit, model: FaceModel) -> Albedo:
    """The albedo that a clip contributes: detailed, from several frames."""
    return DetailedAlbedo(frames=FRAMES, ridge=RIDGE).run(clip, fit, model)


def learn_albedo(
    albedos: Iterable[Floats],
    persons: Sequence[str],
    model: FaceModel,
    *,
    basis_vertices: int = 1790,
    components: int = COMPONENTS,
) -> LearnedAlbedo:
    """Mean and principal components of albedos; each person counts once.

    Args:
        albedos: N arrays `[shape=(V, 3)]`, from `clip_albedo` with `model`.
        persons: who is shown, N names.
        model: the model with which they were made (its mean only decides the overall tone).
        basis_vertices: store the basis for so many vertices: 468, 1790 or 6990.
        components: at most so many; never more than persons, mirrored ones included, allow.

    Raises:
        ValueError: no albedo, or another number of persons.
    """
    stack = np.stack([np.asarray(colour, np.float64) for colour in albedos])
    if len(stack) != len(persons):
        raise ValueError(f"{len(stack)} albedos but {len(persons)} persons")
    by_person = np.stack(
        [
            stack[[k for k, name in enumerate(persons) if name == person]].mean(axis=0)
            for person in sorted(set(persons))
        ]
    )
    mirrored = by_person[:, mirror_vertices(model)]
    both = np.concatenate([by_person, mirrored])
    # The overall tone is the light's: bring every person to the mean tone.
    outer = model.region <= LIP
    tone = np.median(both[:, outer], axis=1, keepdims=True)
    both *= tone.mean(axis=0) / np.maximum(tone, 1e-3)
    median, _ = weighted_median(both.astype(np.float32), np.ones(both.shape[:2], np.float32))
    basis = _principal(both[:, :basis_vertices] - median[:basis_vertices], components)
    return LearnedAlbedo(
        mean_albedo=median[outer],
        albedo_basis=basis.astype(np.float32),
        inner_albedo=np.minimum(median[~outer], BRIGHTEST_INNER),
    )


def _principal(samples: NDArray[np.float64], components: int) -> NDArray[np.float64]:
    """Principal components scaled by their standard deviations, `[shape=(M, 3, K)]`."""
    flat = samples.reshape(len(samples), -1)
    _, size, rows = np.linalg.svd(flat, full_matrices=False)
    kept = size[:components] > 1e-6 * max(size[0], 1e-12)
    scaled = rows[:components][kept] * size[:components][kept, None] / np.sqrt(len(samples))
    # A fixed sign, so that the result does not depend on the linear algebra library.
    sign = np.sign(scaled[np.arange(len(scaled)), np.abs(scaled).argmax(axis=1)])
    basis: NDArray[np.float64] = (scaled * sign[:, None]).T.reshape(*samples.shape[1:], -1)
    return basis
