"""Run any graph, by name or from a YAML file, on inputs given as name=value."""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from talkgraph.cli import options
from talkgraph.cli.output import SUFFIXES, deliver
from talkgraph.cli.progress import watcher
from talkgraph.cli.report import add_report, check_page, reporting_failure, write_page
from talkgraph.cli.talk import stages_json
from talkgraph.errors import InputError

if TYPE_CHECKING:
    from talkgraph.cache.store import Store
    from talkgraph.engine import Result

NAME = "run"
HELP = "run any graph"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `talkgraph run`."""
    options.add_graph(parser)
    options.add_inputs(parser)
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="FILE",
        help="where to put the file that the graph makes",
    )
    options.add_device(parser)
    options.add_store(parser)
    options.add_executor(parser)
    options.add_marks(parser)
    options.add_metadata(parser)
    add_report(parser)
    options.add_quiet(parser)
    options.add_json(parser)
    options.add_debug(parser)


def run(args: argparse.Namespace) -> int:
    """Run the graph; put its file in its place, or say what came out."""
    from talkgraph import models
    from talkgraph.cache.files import File
    from talkgraph.nodes import media

    graph = options.graph_of(args)
    inputs = options.inputs_of(args, graph)
    until = args.until[0] if len(args.until) == 1 else args.until or None
    if args.report is not None:
        check_page(args.report)
    if args.output is not None:
        media.check_target(args.output)
        if len(args.until) > 1:
            raise InputError("--output takes one file; give one --until")
        if graph.source_type(args.until[0] if args.until else graph.output) is not File:
            raise InputError(f"--output: graph '{graph.name}' makes no file; leave it away")
    signer = options.signer_of(args)
    executor = options.executor_of(args)
    store = options.open_store(args)
    with (
        models.use_device(args.device),
        reporting_failure(args.report, store, quiet=args.quiet or args.json),
        watcher(quiet=args.quiet, store=store, graph=graph.name, inputs=inputs) as watch,
    ):
        result = graph.run(
            inputs, store=store, until=until, force=args.force, on_event=watch, executor=executor
        )
    value = result.output
    if args.output is not None:
        marks = deliver(result, store, args.output, args, signer)
        if not args.quiet and args.output.suffix.lower() in SUFFIXES:
            print(f"{args.output}: {marks}", file=sys.stderr)
    if args.json:
        stages = stages_json(result.records)
        options.print_json({"output": _output_json(args, result, store), "stages": stages})
    elif not args.quiet:
        print(_said(value, args.output), file=sys.stdout)
    write_page(args.report, store, result.run_id, quiet=args.quiet or args.json)
    return 0


def _output_json(args: argparse.Namespace, result: Result, store: Store) -> Any:
    """What came out, for JSON; by name where several targets were asked for."""
    if args.output is not None:
        return str(args.output)
    if len(args.until) > 1:
        return {source: _as_json(result, source, store) for source in args.until}
    return _as_json(result, args.until[0] if args.until else result.graph.output, store)


def _as_json(result: Result, source: str, store: Store) -> Any:
    """Plain data as it is, the path of a file, else what kind of value it is, and its digest."""
    from talkgraph.cache.codecs import field_of
    from talkgraph.cache.files import File
    from talkgraph.cache.keys import digest_tree
    from talkgraph.engine.declare.sources import parse_source

    value = result[source]
    if isinstance(value, File):
        return str(value.path)
    with contextlib.suppress(TypeError, ValueError):
        json.dumps(value, allow_nan=False)
        return value
    name, path = parse_source(source)
    key = result.records[name].key
    record = None if key is None else store.action(key)
    digest = {} if record is None else {"digest": digest_tree(field_of(record["output"], path))}
    return {"kind": type(value).__name__, **digest}


def _said(value: Any, output: Path | None) -> str:
    """One line on the graph's output: the path of a file, else what kind of value it is."""
    if output is not None:
        return str(output)
    path = getattr(value, "path", None)
    if isinstance(path, Path):
        return str(path)
    from talkgraph.engine.declare.types import brief

    return brief(value)
