"""Nodes, graphs, plans and runs. Knows no faces and no torch.

A node (`node.py`) is a class of parameters with a typed `run`; a graph (`graph.py`) places nodes
and checks the edges; a plan (`plan.py`) says what would run and why; a run (`run.py`) does it.
Keys are made in `keying.py` and `code.py`; what a running node may say is in `context.py`.
"""

from talkgraph.engine.choice import Choose
from talkgraph.engine.context import note, progress, scratch_folder
from talkgraph.engine.events import Event, Failed, Finished, Note, Progress, Started
from talkgraph.engine.executors import Executor, InProcess, executor
from talkgraph.engine.graph import Graph, NestedGraph, Step
from talkgraph.engine.node import Node, node, param
from talkgraph.engine.plan import Plan, PlannedStep
from talkgraph.engine.registry import node_class, node_ids
from talkgraph.engine.result import Result, StepRecord

__all__ = [
    "Choose", "Event", "Executor", "Failed", "Finished", "Graph", "InProcess", "NestedGraph",
    "Node", "Note", "Plan", "PlannedStep", "Progress", "Result", "Started", "Step", "StepRecord",
    "executor", "node", "node_class", "node_ids", "note", "param", "progress", "scratch_folder",
]  # fmt: skip
