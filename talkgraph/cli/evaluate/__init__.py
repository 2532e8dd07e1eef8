"""Measure how near a result comes to the real video; every stage comes out of the store."""

from __future__ import annotations

import argparse
from typing import Any

from talkgraph.cli import options
from talkgraph.cli.evaluate import compare, self_, sync
from talkgraph.cli.evaluate.measured import measure
from talkgraph.cli.report import add_report, check_page

NAME = "evaluate"
HELP = "measure a result against the real video"

_WAYS: tuple[Any, ...] = (sync, self_, compare)
"""A module per way: NAME, HELP, `add_arguments(parser)`, `check(args)`, which refuses what is wrong
before any work, `graph(args)`, and `clips(args)`, the inputs of the graph for each clip."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare `talkgraph evaluate sync|self|compare`."""
    ways = parser.add_subparsers(dest="way", metavar="WAY", required=True)
    for module in _WAYS:
        made = ways.add_parser(module.NAME, help=module.HELP, description=module.__doc__)
        module.add_arguments(made)
        options.add_settings(made)
        options.add_device(made)
        options.add_store(made)
        options.add_executor(made)
        add_report(made)
        options.add_quiet(made)
        options.add_json(made)
        options.add_debug(made)
        made.set_defaults(module=module)


def run(args: argparse.Namespace) -> int:
    """Run the graph over every clip and print what was found."""
    args.module.check(args)
    if args.report is not None:
        check_page(args.report)
    return measure(args, args.module.graph(args), args.module.clips(args))
