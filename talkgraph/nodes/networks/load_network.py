"""Node `LoadNetwork`: the one door by which a network enters a graph."""

from __future__ import annotations

from collections.abc import Mapping

from talkgraph import models
from talkgraph.cache.files import File
from talkgraph.engine import Graph, Node, node, param, progress
from talkgraph.errors import GraphError
from talkgraph.models.assets import ASSETS
from talkgraph.nodes.values import OnnxModel


@node("load_network", version=1)
class LoadNetwork(Node):
    """Load a network, () -> OnnxModel, from the model store or from a file of your own.

    Any network of a graph is swapped by it:
    ``graph.replace(identity_network=LoadNetwork(file="mine.onnx"))``.

    Example:
        >>> from talkgraph.nodes.networks import LoadNetwork
        >>> LoadNetwork(name="general-mapping-mfcc").run().facts["kind"]
        'speech-to-motion mapping'
    """

    name: str | None = param(None, "network of the model store", choices=tuple(ASSETS))
    file: File | None = param(None, "ONNX file to load, in the place of a named one")

    def __attrs_post_init__(self) -> None:
        if self.name is None and self.file is None:
            raise GraphError(
                f"node '{self.node_id}' needs a network; give name=... of the model store, "
                f"or file=... ({', '.join(ASSETS)})"
            )

    def outside(self) -> Mapping[str, str]:
        """The content of the named network, so that another one of that name is another key."""
        return {} if self.name is None or self.file else {"network": models.content(self.name)}

    def run(self) -> OnnxModel:
        """Load it; what the model store does not hold yet is fetched.

        Returns:
            The file, and as facts its metadata; name, licence and source of a named network too.

        Raises:
            ModelError: the network cannot be fetched, is still to be brought by the user, or is
                damaged; the file is no ONNX model, or keeps its weights elsewhere.
        """
        if self.file is not None:
            models.check_onnx(self.file.path)
            return OnnxModel(file=self.file, facts=models.read_facts(self.file.path))
        assert self.name is not None
        models.pull([self.name], progress)
        path = models.path(self.name)
        facts = {**models.facts(self.name), **models.read_facts(path)}
        return OnnxModel(file=File(path), facts=facts)


def networks_of(graph: Graph) -> list[str]:
    """Names of the networks that the steps of a graph load from the model store."""
    nodes = [step.node for step in graph.steps.values()]
    named = [one.name for one in nodes if isinstance(one, LoadNetwork) and one.file is None]
    return [name for name in dict.fromkeys(named) if name is not None]
