"""A spatial network of a few numbers, for examples and tests."""

from __future__ import annotations

from talkgraph import engine
from talkgraph.cache.files import File
from talkgraph.models.onnx_writer import OnnxWriter
from talkgraph.nodes.refine.memory.spatial import SIDE
from talkgraph.nodes.values import OnnxModel

_CELL = 64  # px, of which the mean is taken


def tiny_spatial() -> OnnxModel:
    """A network whose spatial feature is the mean colour of 4 x 4 cells of the picture."""
    import onnx

    out = OnnxWriter()
    picture, spatial = out.fresh("picture"), out.fresh("spatial")
    cells = {"kernel_shape": [_CELL, _CELL], "strides": [_CELL, _CELL]}
    out.name(out.add("Flatten", [out.add("AveragePool", [picture], **cells)]), spatial)  # type: ignore[arg-type]
    width = 3 * (SIDE // _CELL) ** 2
    model = out.model([(picture, ("n", 3, SIDE, SIDE))], [(spatial, ("n", width))], {})
    path = engine.scratch_folder() / "tiny_spatial.onnx"
    onnx.save(model, str(path))
    return OnnxModel(file=File(path), facts={})
