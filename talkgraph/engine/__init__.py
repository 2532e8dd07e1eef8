"""Nodes, graphs, plans and runs. Knows no faces and no torch.

declare/    a class of parameters with a typed `run`; graphs of checked edges; both as YAML
keys/       what a key is made of: the code, the parameters, the inputs; why a step runs
run/        what was asked for, what it would take, and how it is made, step by step
executors/  where jobs are made: here, in processes, on Dask
history/    a record of every run
api.py      what can be done with a graph
"""

from talkgraph.engine.api import Graph
from talkgraph.engine.declare.checks import check
from talkgraph.engine.declare.graph import NestedGraph
from talkgraph.engine.declare.graph_registry import graph, graphs
from talkgraph.engine.declare.node import Node, Step, node, param
from talkgraph.engine.declare.registry import node_class, node_ids
from talkgraph.engine.executors import Executor, InProcess, executor
from talkgraph.engine.run.context import note, progress, scratch_folder
from talkgraph.engine.run.events import (
    Event,
    Failed,
    Finished,
    Note,
    Progress,
    Started,
    StepRecord,
    StepState,
)
from talkgraph.engine.run.plan import Plan, PlannedStep
from talkgraph.engine.run.result import Result

__all__ = [
    "Event", "Executor", "Failed", "Finished", "Graph", "InProcess", "NestedGraph", "Node", "Note",
    "Plan", "PlannedStep", "Progress", "Result", "Started", "Step", "StepRecord", "StepState",
    "check", "executor", "graph", "graphs", "node", "node_class", "node_ids", "note", "param",
    "progress", "scratch_folder",
]  # fmt: skip
