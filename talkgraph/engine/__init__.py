"""Nodes, graphs, plans and runs. Knows no faces and no torch."""

from talkgraph.engine.context import note, progress, scratch_folder
from talkgraph.engine.node import Node, node, param

__all__ = ["Node", "node", "note", "param", "progress", "scratch_folder"]
