"""Read the triangles of the 468-point face mesh from the package that defines them."""

from __future__ import annotations

import ast
import io

import numpy as np
from numpy.typing import NDArray

from talkgraph.errors import ModelError

POINTS, TRIANGLES = 468, 852


def read_triangles(source: bytes) -> NDArray[np.int32]:
    """The triangles in FACEMESH_TESSELATION, `[shape=(852, 3), int32]`, consistently oriented.

    The constant is a frozenset of directed edges; in the order of the source text every three
    are the edges (a, b), (b, c), (c, a) of one triangle. So the text is parsed, never run.

    Raises:
        ModelError: the text is not what was expected.
    """
    try:
        module = ast.parse(source.decode())
        (value,) = (
            node.value
            for node in module.body
            if isinstance(node, ast.Assign)
            and isinstance(node.targets[0], ast.Name)
            and node.targets[0].id == "FACEMESH_TESSELATION"
        )
        if not isinstance(value, ast.Call):
            raise ValueError("no frozenset")
        edges = np.array(ast.literal_eval(value.args[0]), np.int32).reshape(-1, 3, 2)
    except (SyntaxError, ValueError, TypeError, IndexError, RecursionError) as error:
        raise ModelError(f"the face mesh's triangles cannot be read: {error}") from error
    starts, ends = edges[:, :, 0], edges[:, :, 1]
    closed = (ends == np.roll(starts, -1, axis=1)).all()
    if len(edges) != TRIANGLES or not closed or starts.max() != POINTS - 1:
        raise ModelError("the face mesh's edges are not 852 triangles over 468 points")
    return np.ascontiguousarray(starts)


def as_npy(triangles: NDArray[np.int32]) -> bytes:
    """The array as the bytes of a .npy file."""
    buffer = io.BytesIO()
    np.save(buffer, triangles, allow_pickle=False)
    return buffer.getvalue()
