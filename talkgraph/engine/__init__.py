"""Nodes, graphs, plans and runs. Knows no faces and no torch.

What is declared
    node.py, ports.py, types.py      a class of parameters with a typed `run`; its ports and types
    registry.py                      nodes by id, those of other packages too
    graph.py, step.py, choice.py     steps and checked edges, nested graphs, conditional branches
    graph_file.py, plain_yaml.py, schema.py    graphs as YAML, and a JSON Schema of that
    many.py, networkx_view.py        one graph over many inputs; a graph for networkx
What a key is made of
    keying.py, windows.py            keys of steps, and of chunks of streams
    code.py, source.py, live.py, unread.py    digest of a node's code, in files and in notebooks
    lineage.py                       what a step was last made from, to say why it runs
What is done
    request.py, agenda.py, plan.py   what was asked for, in which order, and what it would take
    run.py, job.py, arguments.py     settles every step; one step to be made; what it reads
    executors/                       where jobs are made: here, joblib processes, Dask
    context.py, step_context.py, events.py, stopwatch.py    what a running node says and takes
    result.py                        what a run gives back
What is remembered
    history.py, recorder.py          a record of every run
    origin.py, provenance.py         how an output came to be, on which machine
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
