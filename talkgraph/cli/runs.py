"""List the last runs, or say what became of each step of one."""

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING

import attrs

from talkgraph.cli.options import add_debug, add_json, add_store, known_store, print_json
from talkgraph.report.format import duration, size_text

if TYPE_CHECKING:
    from talkgraph.engine.history.run_records import RunRecord

NAME = "runs"
HELP = "list the last runs, or show one"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `talkgraph runs`."""
    parser.add_argument("which", nargs="?", metavar="RUN", help="its id or start of it, or 'last'")
    parser.add_argument(
        "-n", "--limit", type=int, default=20, metavar="N", help="how many; default: %(default)s"
    )
    add_store(parser)
    add_json(parser)
    add_debug(parser)


def run(args: argparse.Namespace) -> int:
    """Print the runs, or one."""
    from talkgraph.cache.upkeep import visible
    from talkgraph.engine.declare.checks import verdict
    from talkgraph.engine.history import run_records

    store = known_store(args)
    if args.which is not None:
        found = run_records.find(store, args.which)
        if args.json:
            print_json(attrs.asdict(found))
        else:
            print("\n".join([_line(found), *(f"note: {text}" for text in found.notes)]))
            print(_steps(found))
            for step in found.steps.values():
                for name, wrong in step.checks.items():
                    print(visible(f"{step.name}: {verdict(name, wrong)}"))
        return 0
    runs = run_records.runs(store, max(0, args.limit))
    if args.json:
        print_json([_summary(one) for one in runs])
    else:
        print("\n".join(map(_line, runs)) or f"{store.path} remembers no run")
    return 0


def _line(run: RunRecord) -> str:
    moment = time.strftime("%Y-%m-%d %H:%M", time.localtime(run.started))
    ran = sum(step.state in ("run", "streamed") for step in run.steps.values())
    said = f"{ran} of {len(run.steps)} steps ran"
    why = f": {run.error}" if run.outcome == "failed" else ""
    return (
        f"{run.run_id}  {moment}  {run.graph:<12}  {run.outcome} in {duration(run.seconds)}, "
        f"{said}{why}"
    )


def _steps(run: RunRecord) -> str:
    rows = [
        (
            step.name,
            f"{step.node} v{step.version}",
            step.state,
            duration(step.seconds) if step.seconds else "",
            "" if step.size is None else size_text(step.size),
            step.error or step.reason,
        )
        for step in run.steps.values()
    ]
    widths = [max((len(row[i]) for row in rows), default=0) for i in range(5)]
    return "\n".join(
        "  ".join([*(row[i].ljust(widths[i]) for i in range(5)), row[5]]).rstrip() for row in rows
    )


def _summary(run: RunRecord) -> dict[str, object]:
    states = [step.state for step in run.steps.values()]
    return {
        "run_id": run.run_id, "graph": run.graph, "outcome": run.outcome, "error": run.error,
        "started": run.started, "seconds": run.seconds, "targets": run.targets,
        "states": {state: states.count(state) for state in dict.fromkeys(states)},
    }  # fmt: skip
