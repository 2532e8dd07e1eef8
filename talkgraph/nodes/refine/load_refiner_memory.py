"""The memory in a file of its own, as Yi et al. 2020 publish it."""

from __future__ import annotations

import numpy as np

from talkgraph.engine import Node, node
from talkgraph.errors import ModelError
from talkgraph.models.onnx_reading import load_onnx
from talkgraph.nodes.refine.memory.spatial import open_spatial
from talkgraph.nodes.values import OnnxModel, RefinerMemory

ARRAYS = {"weight": 2, "bias": 1, "keys": 2, "values": 2, "ages": 1, "indices": 1}  # axes


@node("load_refiner_memory", version=1)
class LoadRefinerMemory(Node):
    """Take the refiner's memory out of the file that holds it and its spatial network.

    Example:
        >>> import talkgraph as tg
        >>> from talkgraph.nodes.networks import LoadNetwork
        >>> from talkgraph.nodes.refine import LoadRefinerMemory
        >>> steps = {
        ...     "file": LoadNetwork(name="yi2020-memory").on(),
        ...     "memory": LoadRefinerMemory().on(file="file"),
        ... }
        >>> tg.Graph("memory", inputs={}, steps=steps).output
        'memory'
    """

    def run(self, file: OnnxModel) -> RefinerMemory:
        """Read the memory.

        Args:
            file: `yi2020-memory`.

        Raises:
            ModelError: the file holds no memory.
        """
        open_spatial(file, self.node_id, "file")
        from onnx import numpy_helper

        found = {one.name: one for one in load_onnx(file.file.path).graph.initializer}
        arrays = {}
        for name, axes in ARRAYS.items():
            if name not in found or len(found[name].dims) != axes:
                raise ModelError(
                    f"node '{self.node_id}', port 'file': {file.file.path.name} holds no memory "
                    f"('{name}' is missing); use LoadNetwork(name='yi2020-memory')"
                )
            arrays[name] = numpy_helper.to_array(found[name])
        for name in ("ages", "indices"):
            arrays[name] = np.rint(arrays[name]).astype(np.int64)
        return RefinerMemory(network=file, **arrays)
