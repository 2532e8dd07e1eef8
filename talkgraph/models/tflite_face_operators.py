"""The three custom operators of the attention face mesh (Grishchenko et al. 2020) in plain ONNX.

The network looks again at lips and eyes: it finds the region from the coarse mesh
(`Landmarks2TransformMatrix`), cuts it out of a feature map (`TransformTensorBilinear`) and maps
the refined points back (`TransformLandmarks`). M, `[shape=(N, 4, 4)]`, is
source_from_region: region px (0..16) to feature-map px (0..48), pixel corners at integers.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from talkgraph.errors import ModelError
from talkgraph.models.onnx_writer import OnnxWriter


def landmarks_to_transform(out: OnnxWriter, landmarks: str, options: dict[str, Any]) -> str:
    """M of the upright box around a subset of `landmarks [shape=(N, L, 3)]`.

    theta = atan2(right - left); the subset is turned by -theta, its axis-aligned box taken, and
    M = T(centre) R(theta) S(scale w / width, scale h / height) T(-width / 2, -height / 2).
    """
    if options.get("target_rotation_radians", 0.0) != 0.0:
        raise ModelError("Landmarks2TransformMatrix with a target rotation cannot be converted")
    width, height = float(options["output_width"]), float(options["output_height"])

    def floats(*values: float) -> str:
        return out.constant(np.array(values, np.float32), "floats")

    xy = out.add("Slice", [landmarks, out.ints([0]), out.ints([2]), out.ints([2])], "xy")
    ends = [
        out.add("Gather", [xy, out.ints([int(options[key])])], "end", axis=1)  # (N, 1, 2)
        for key in ("left_rotation_idx", "right_rotation_idx")
    ]
    along = out.add("Sub", [ends[1], ends[0]], "along")
    length = out.add("ReduceL2", [along], "length", axes=[2], keepdims=1)
    direction = out.add("Div", [along, length], "direction")
    cos = out.add("Slice", [direction, out.ints([0]), out.ints([1]), out.ints([2])], "cos")
    sin = out.add("Slice", [direction, out.ints([1]), out.ints([2]), out.ints([2])], "sin")
    minus_sin = out.add("Neg", [sin], "minus_sin")

    # The rows of `region` are the axes of the turned box: upright = points @ region^T.
    rotation = out.add(
        "Concat",
        [
            out.add("Concat", [cos, minus_sin], "row", axis=2),
            out.add("Concat", [sin, cos], "row", axis=2),
        ],
        "image_from_upright",
        axis=1,
    )  # (N, 2, 2)
    subset = out.add("Gather", [xy, out.ints(options["subset_idxs"])], "subset", axis=1)
    upright = out.add("MatMul", [subset, rotation], "upright")  # p R = (R^T p^T)^T
    low = out.add("ReduceMin", [upright], "low", axes=[1], keepdims=1)
    high = out.add("ReduceMax", [upright], "high", axes=[1], keepdims=1)
    centre = out.add("Mul", [out.add("Add", [low, high]), floats(0.5)], "centre")  # (N, 1, 2)
    size = out.add("Sub", [high, low], "size")
    scale = out.add(
        "Mul",
        [size, floats(options["scale_x"] / width, options["scale_y"] / height)],
        "scale",
    )
    linear = out.add("Mul", [rotation, scale], "linear")  # R diag(scale)
    # Translation in the upright frame, then turned back: R (centre - scale * half size).
    corner = out.add(
        "Sub", [centre, out.add("Mul", [scale, floats(width / 2, height / 2)])], "corner"
    )
    shift = out.add("MatMul", [rotation, out.transpose(corner, (0, 2, 1))], "shift")  # (N, 2, 1)

    zero_column = out.add("Mul", [shift, floats(0.0)], "zero")
    top = out.add("Concat", [linear, zero_column, shift], "top", axis=2)  # (N, 2, 4)
    empty = out.add("Mul", [top, floats(0.0)], "empty")
    bottom = out.add(
        "Add",
        [empty, out.constant(np.array([[[0, 0, 1, 0], [0, 0, 0, 1]]], np.float32), "rest")],
        "bottom",
    )
    return out.add("Concat", [top, bottom], "source_from_region", axis=1)


def transform_tensor(
    out: OnnxWriter, tensor: str, shape: tuple[int, ...], matrix: str, options: dict[str, Any]
) -> str:
    """Sample `tensor [shape=(N, C, H, W)]` at M (u + .5, v + .5) for every region pixel (u, v).

    Bilinear; where the source lies outside the outermost pixel centres the result is 0, without
    the fade that zero padding alone would give.

    Args:
        shape: the tensor's (1, H, W, C) as TFLite states it.
    """
    _, height, width, _ = shape
    region_h, region_w = int(options["output_height"]), int(options["output_width"])
    v, u = np.mgrid[:region_h, :region_w].astype(np.float32) + 0.5
    points = np.stack([u.ravel(), v.ravel(), np.ones(u.size, np.float32)], 1)[None]
    affine = _affine(out, matrix)
    source = out.add(
        "MatMul",
        [out.constant(points, "region_points"), out.transpose(affine, (0, 2, 1))],
        "source",
    )
    source = out.add("Reshape", [source, out.ints([-1, region_h, region_w, 2])], "source")
    unit = out.constant(np.array([2 / width, 2 / height], np.float32), "unit")
    one = out.constant(np.ones((), np.float32), "one")
    grid = out.add("Sub", [out.add("Mul", [source, unit]), one], "grid")
    sampled = out.add(
        "GridSample",
        [tensor, grid],
        "sampled",
        mode="bilinear",
        padding_mode="zeros",
        align_corners=0,
    )
    limit = out.constant(np.array([1 - 1 / width, 1 - 1 / height], np.float32), "limit")
    inside = out.add("LessOrEqual", [out.add("Abs", [grid]), limit], "inside")
    inside = out.add("Cast", [inside], "inside", to=1)
    inside = out.add("ReduceMin", [inside], "inside", axes=[3], keepdims=0)
    inside = out.add("Unsqueeze", [inside, out.ints([1])], "inside")
    return out.add("Mul", [sampled, inside], "region")


def transform_landmarks(out: OnnxWriter, landmarks: str, matrix: str) -> str:
    """Map `landmarks [shape=(N, L, 2)]` by the planar part of M."""
    affine = _affine(out, matrix)
    linear = out.add("Slice", [affine, out.ints([0]), out.ints([2]), out.ints([2])], "linear")
    shift = out.add("Slice", [affine, out.ints([2]), out.ints([3]), out.ints([2])], "shift")
    turned = out.add("MatMul", [landmarks, out.transpose(linear, (0, 2, 1))], "turned")
    return out.add("Add", [turned, out.transpose(shift, (0, 2, 1))], "landmarks")


def _affine(out: OnnxWriter, matrix: str) -> str:
    """Rows x, y and columns x, y, 1 of M: `[shape=(N, 2, 3)]`."""
    rows = out.add("Slice", [matrix, out.ints([0]), out.ints([2]), out.ints([1])], "rows")
    return out.add("Gather", [rows, out.ints([0, 1, 3])], "affine", axis=2)
