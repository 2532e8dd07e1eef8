"""Networks: how learned weights enter a graph.

Place in the chain: before every learned stage, each of which has a port for its network.

Nodes
-----
load_network  `LoadNetwork`: () -> OnnxModel, from the model store or a file of your own.
"""

from talkgraph.nodes.networks.load_network import LoadNetwork, networks_of

__all__ = ["LoadNetwork", "networks_of"]
