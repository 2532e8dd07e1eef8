"""Say what differs between two runs: inputs, steps, parameters, code, results and figures."""

from __future__ import annotations

import argparse

import attrs

from talkgraph.cli.options import add_debug, add_json, add_store, known_store, print_json

NAME = "diff"
HELP = "say what differs between two runs"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `talkgraph diff`."""
    words = "its id or start of it, 'last', or 'last~1' for the one before; default: %(default)s"
    parser.add_argument("before", nargs="?", default="last~1", metavar="RUN_A", help=words)
    parser.add_argument("after", nargs="?", default="last", metavar="RUN_B", help=words)
    add_store(parser)
    add_json(parser)
    add_debug(parser)


def run(args: argparse.Namespace) -> int:
    """Print a line for each difference."""
    from talkgraph.cache.upkeep import visible
    from talkgraph.engine.history.compare import differences
    from talkgraph.engine.history.run_records import find

    store = known_store(args)
    before, after = find(store, args.before), find(store, args.after)
    found = differences(before, after)
    if args.json:
        print_json(
            {
                "before": before.run_id,
                "after": after.run_id,
                "differences": [attrs.asdict(one) for one in found],
            }
        )
        return 0
    rows = [
        (
            one.step or "",
            f"{one.what} {one.name}".strip(),
            f"{one.before or '-'} -> {one.after or '-'}",
        )
        for one in found
    ]
    widths = [max((len(row[i]) for row in rows), default=0) for i in range(2)]
    print(f"{before.run_id} -> {after.run_id}: {_count(len(found))}")
    for row in rows:
        line = "  ".join([*(row[i].ljust(widths[i]) for i in range(2)), row[2]])
        print(visible(line))
    return 0


def _count(count: int) -> str:
    return {0: "nothing differs", 1: "1 difference"}.get(count, f"{count} differences")
