"""The model files: what there is, under which licence, where it lies and whether it is whole."""

from __future__ import annotations

import argparse
import functools
import sys
import time
from pathlib import Path
from typing import Any

from talkgraph.cli.options import add_action, add_quiet, print_json
from talkgraph.cli.progress import watcher
from talkgraph.errors import ModelError
from talkgraph.graphs.quality import QUALITIES
from talkgraph.report.format import size_text

NAME = "models"
HELP = "list, fetch, find and verify the model files"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare `talkgraph models list|pull|add|convert|where|verify`."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)

    action = functools.partial(add_action, actions)
    action("list", "every model with its purpose, licence, source and state")
    pull = action("pull", "fetch and convert models; without names all that its graphs load")
    pull.add_argument("names", nargs="*", metavar="NAME")
    pull.add_argument(
        "--graph", metavar="GRAPH", help="those that this graph loads: a name, or a YAML file"
    )
    pull.add_argument("--quality", choices=QUALITIES, help="of --graph, if it has this option")
    add_quiet(pull)
    add = action("add", "take in a file that you bring: ONNX, or what a model is made from")
    add.add_argument("name", metavar="NAME")
    add.add_argument("file", metavar="FILE", type=Path)
    convert = action("convert", "make an ONNX file anew from the published one, as it is shipped")
    convert.add_argument("name", metavar="NAME")
    convert.add_argument("file", metavar="FILE", type=Path)
    where = action("where", "print the folder of the models, or the file of one")
    where.add_argument("name", nargs="?", metavar="NAME")
    verify = action("verify", "read models again and compare their sha256; without names all here")
    verify.add_argument("names", nargs="*", metavar="NAME")


def run(args: argparse.Namespace) -> int:
    """Do one of the actions."""
    actions = {
        "list": _list, "pull": _pull, "add": _add, "convert": _convert, "where": _where,
        "verify": _verify,
    }  # fmt: skip
    return actions[args.action](args)


def _list(args: argparse.Namespace) -> int:
    from talkgraph import models

    rows = models.status()
    if args.json:
        print_json([_plain(row) for row in rows])
        return 0
    for row in rows:
        state = size_text(row.size) if row.path else row.state
        print(f"{row.name:<26} {state:>9}  {row.purpose}")
        print(f"{'':<26} {'':>9}  {row.licence}; {row.source}")
    return 0


def _plain(row: Any) -> dict[str, Any]:
    return {
        "name": row.name, "state": row.state, "size": row.size, "purpose": row.purpose,
        "licence": row.licence, "source": row.source,
        "path": None if row.path is None else str(row.path),
    }  # fmt: skip


def _pull(args: argparse.Namespace) -> int:
    from talkgraph import models
    from talkgraph.cli.lookup import load_graph
    from talkgraph.models.assets import ASSETS

    names = list(args.names)
    if args.graph is not None:
        from talkgraph.nodes.networks import networks_of

        names += networks_of(load_graph(args.graph, quality=args.quality))
    elif not names:
        names = [name for name, asset in ASSETS.items() if asset.wanted]
    files: dict[str, str] = {}
    with watcher(quiet=args.quiet) as watch:
        for name in names:
            began = time.perf_counter()
            absent = models.where(name) is None
            if absent:
                watch.started(name)
            (file,) = models.pull([name], functools.partial(watch.progress, name))
            if absent:
                watch.finished(name, time.perf_counter() - began)
            files[name] = str(file)
    if args.json:
        print_json(files)
    elif not args.quiet:
        print(f"{len(files)} models are ready in {models.root()}", file=sys.stderr)
    return 0


def _add(args: argparse.Namespace) -> int:
    from talkgraph import models

    files = models.add(args.name, args.file)
    if args.json:
        print_json({args.name: [str(file) for file in files] if len(files) > 1 else str(files[0])})
    else:
        print(*files, sep="\n")
    return 0


def _convert(args: argparse.Namespace) -> int:
    from talkgraph import models

    _print_one(args, args.name, models.convert(args.name, args.file))
    return 0


def _where(args: argparse.Namespace) -> int:
    from talkgraph import models

    if args.name is None:
        _print_one(args, "root", models.root())
        return 0
    file = models.where(args.name)
    if file is None:
        raise ModelError(
            f"model '{args.name}' is not here; run 'talkgraph models pull {args.name}'"
        )
    _print_one(args, args.name, file)
    return 0


def _verify(args: argparse.Namespace) -> int:
    from talkgraph import models

    names = args.names or [row.name for row in models.status() if row.path is not None]
    damaged: dict[str, str] = {}
    for name in names:
        try:
            models.verify(name)
        except ModelError as error:
            damaged[name] = str(error)
            print(str(error), file=sys.stderr)
        else:
            if not args.json:
                print(f"{name}: whole")
    if args.json:
        print_json({name: name not in damaged for name in names})
    return 2 if damaged else 0


def _print_one(args: argparse.Namespace, name: str, path: Path) -> None:
    if args.json:
        print_json({name: str(path)})
    else:
        print(path)
