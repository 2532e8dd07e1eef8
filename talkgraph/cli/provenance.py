"""Say how a video came to be, as the video itself tells."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from talkgraph.cli.options import add_debug, add_json, print_json
from talkgraph.report.format import duration

if TYPE_CHECKING:
    from rich.tree import Tree

    from talkgraph.nodes.media.provenance import Provenance, ProvenanceStep

NAME = "provenance"
HELP = "how a finished video came to be"
_WIDTH = 120  # characters, where the output is no terminal


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `talkgraph provenance`."""
    parser.add_argument("file", type=Path, metavar="FILE", help="an MP4 made by talkgraph")
    parser.add_argument(
        "--parameters", action="store_true", help="show every parameter, not only those set"
    )
    add_json(parser)
    add_debug(parser)


def run(args: argparse.Namespace) -> int:
    """Print the steps behind the video, from the last to the first."""
    from talkgraph.nodes.media import provenance_of, unchanged

    provenance = provenance_of(args.file)
    whole = unchanged(args.file, provenance)
    if args.json:
        print_json({"file": str(args.file), "unchanged": whole, **attrs.asdict(provenance)})
        return 0
    import sys

    from rich.console import Console
    from rich.text import Text

    console = Console(width=None if sys.stdout.isatty() else _WIDTH, highlight=False)
    for line in _head(args.file, provenance, whole):
        console.print(Text(line))
    console.print(tree(provenance, every=args.parameters))
    return 0


def _head(path: Path, provenance: Provenance, whole: bool) -> list[str]:
    when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(provenance.created))
    lines = [
        f"{path}: graph {provenance.graph}, {when}, in {duration(provenance.seconds)}, "
        f"talkgraph {provenance.talkgraph}",
        f"on {provenance.machine}, {provenance.python}; run {provenance.run}",
        "unchanged since it was made" if whole else "CHANGED since it was made",
    ]
    for name, (text, digest) in provenance.inputs.items():
        lines.append(f"input {name} = {text}{f', BLAKE3 {digest}' if digest else ''}")
    return lines


def tree(provenance: Provenance, *, every: bool) -> Tree:
    """The steps as a tree from the output up to the inputs; each step in full once.

    Args:
        every: show the parameters that kept their defaults, too.
    """
    from rich.text import Text
    from rich.tree import Tree

    steps = {step.name: step for step in provenance.steps}
    top = Tree("", hide_root=True)
    seen: set[str] = set()
    stack = [(top, name.partition(".")[0]) for name in provenance.target.split(", ")]
    while stack:
        branch, name = stack.pop()
        step = steps.get(name)
        if step is None or name in seen:
            branch.add(Text(name if step is None else f"{name}, see above", style="dim"))
            continue
        seen.add(name)
        label = Text(_line(step))
        shown = step.parameters if every else [n for n in step.changed if n in step.parameters]
        if shown:
            facts = ", ".join(f"{key}={step.parameters[key]}" for key in shown)
            label.append(f"\n{facts}", "dim")
        twig = branch.add(label)
        above = dict.fromkeys(s.partition(" @ ")[0].partition(".")[0] for s in step.inputs.values())
        stack.extend((twig, one) for one in reversed(above))
    if provenance.omitted:
        top.add(Text(f"{provenance.omitted} more steps did not fit into the file", style="dim"))
    return top


def _line(step: ProvenanceStep) -> str:
    where = f", on {step.machine}" if step.machine else ""
    return f"{step.name}  {step.node} v{step.version}, {duration(step.seconds)}{where}"
