"""Coefficient vectors of Deng et al., as the network of the paper gives them."""

import numpy as np

from talkgraph.nodes.face_model.coefficients import (
    ANGLES,
    CONSTANT_LIGHT,
    COUNT,
    EXPRESSION,
    IDENTITY,
    LIGHT,
    TEXTURE,
    TRANSLATION,
    Coefficients,
)
from talkgraph.nodes.values import Floats


def join_coefficients(coefficients: Coefficients) -> Floats:
    """The vectors `[shape=(T, 257), float32]` of `coefficients`; the inverse of the split."""
    vectors = np.empty((len(coefficients.expression), COUNT), np.float32)
    vectors[:, IDENTITY] = coefficients.identity
    vectors[:, EXPRESSION] = coefficients.expression
    vectors[:, TEXTURE] = coefficients.texture
    vectors[:, ANGLES] = coefficients.rotation
    vectors[:, TRANSLATION] = coefficients.translation
    light = np.array(coefficients.light, np.float32)
    light[:, 0] -= CONSTANT_LIGHT
    vectors[:, LIGHT] = light.swapaxes(1, 2).reshape(len(light), -1)
    return vectors
