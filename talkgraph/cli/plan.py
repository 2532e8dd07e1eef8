"""Say what a run would do, step by step, and why; runs nothing."""

from __future__ import annotations

import argparse

import attrs

from talkgraph.cli import options

NAME = "plan"
HELP = "what a run would do, and why"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `talkgraph plan`."""
    options.add_graph(parser)
    options.add_inputs(parser)
    options.add_store(parser)
    options.add_json(parser)
    options.add_debug(parser)


def run(args: argparse.Namespace) -> int:
    """Print the plan."""
    graph = options.graph_of(args)
    inputs = options.inputs_of(args, graph)
    plan = graph.plan(inputs, store=args.store, until=args.until or None, force=args.force)
    if args.json:
        steps = {step.name: attrs.asdict(step) for step in plan}
        options.print_json({"graph": plan.graph, "steps": steps})
    else:
        print(plan)
    return 0
