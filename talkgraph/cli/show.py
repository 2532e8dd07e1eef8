"""Draw a graph as Mermaid or SVG, print it as YAML, or the schema of graph files for editors."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from talkgraph.cli.options import add_debug, add_graph, graph_of

if TYPE_CHECKING:
    from talkgraph.engine import Graph

NAME = "show"
HELP = "draw a graph; without a name, list the graphs"
FORMATS = ("mermaid", "svg", "yaml")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `talkgraph show`."""
    add_graph(parser, optional=True)
    parser.add_argument("--format", choices=FORMATS, default="mermaid", help="default: %(default)s")
    parser.add_argument(
        "--schema", action="store_true", help="print the JSON Schema of graph files, for editors"
    )
    parser.add_argument(
        "-o", "--output", type=Path, metavar="FILE", help="write it there instead of printing it"
    )
    add_debug(parser)


def run(args: argparse.Namespace) -> int:
    """Print the drawing, or the names of the graphs."""
    if args.schema:
        return schema()
    if args.graph is None:
        from talkgraph.engine import graphs

        print("\n".join(graphs()))
        return 0
    graph = graph_of(args)
    text = _as(graph, args.format)
    if args.output is None:
        print(text)
        return 0
    from talkgraph.nodes.media import check_target

    check_target(args.output)
    args.output.write_text(text + "\n", encoding="utf-8")
    return 0


def _as(graph: Graph, format_: str) -> str:
    if format_ == "svg":
        from talkgraph.report.drawing import svg_file

        return svg_file(graph).rstrip("\n")
    return mermaid(graph) if format_ == "mermaid" else graph.to_yaml().rstrip("\n")


def schema() -> int:
    """Print the JSON Schema of graph files; on standard error, packages that are left out."""
    from talkgraph.cli.graph_schema import graph_schema
    from talkgraph.engine.declare.registry import broken

    print(json.dumps(graph_schema(), indent=1, ensure_ascii=False))
    for line in broken():
        print(f"talkgraph show: left out: {line}", file=sys.stderr)
    return 0


def mermaid(graph: Graph) -> str:
    """The graph as a Mermaid flowchart: inputs rounded, the output with a thick border."""
    from talkgraph.engine.declare.sources import parse_source
    from talkgraph.engine.declare.types import type_name

    ids = {name: f"n{index}" for index, name in enumerate([*graph.inputs, *graph.steps])}
    lines = ["flowchart TD"]
    for name, type_ in graph.inputs.items():
        lines.append(f"  {ids[name]}([{_quoted(f'{name}: {type_name(type_)}')}])")
    for name, step in graph.steps.items():
        lines.append(f"  {ids[name]}[{_quoted(f'{name}<br>{step.node.node_id}')}]")
    for name, step in graph.steps.items():
        for port, text in step.sources.items():
            source, fields = parse_source(text)
            label = ".".join(["", *fields]) if fields else ""
            label = label if port == source or label.endswith(f".{port}") else f"{label} {port}"
            arrow = f" -- {_quoted(label.strip())} -->" if label.strip() else " -->"
            lines.append(f"  {ids[source]}{arrow} {ids[name]}")
    lines.append(f"  style {ids[parse_source(graph.output)[0]]} stroke-width:3px")
    return "\n".join(lines)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace('\\"', "#quot;")
