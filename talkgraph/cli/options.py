"""Options that several commands share, and how their text becomes values."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from talkgraph.errors import InputError
from talkgraph.graphs.quality import QUALITIES

if TYPE_CHECKING:
    from talkgraph.cache.store import Store
    from talkgraph.engine import Executor, Graph
    from talkgraph.nodes.media.credentials import Identity

DEVICES = ("auto", "cpu", "cuda")


def add_run_or_video(parser: argparse.ArgumentParser) -> None:
    """The run that a command looks at; `report.run_of` finds it."""
    parser.add_argument(
        "run_or_video", nargs="?", default="last", metavar="RUN|VIDEO",
        help="a run's id or the start of it, `last`, or a video that talkgraph made; "
        "default: %(default)s",
    )  # fmt: skip


def add_store(parser: argparse.ArgumentParser) -> None:
    """`--store DIR`, or the URL of a remote store."""
    parser.add_argument(
        "--store",
        metavar="DIR",
        help="where results are kept: a folder, or a URL such as s3://bucket/prefix "
        "(default: TALKGRAPH_STORE or the user's cache folder)",
    )


def add_device(parser: argparse.ArgumentParser) -> None:
    """`--device`."""
    parser.add_argument(
        "--device", choices=DEVICES, default="auto", help="where networks run; default: %(default)s"
    )


def add_executor(parser: argparse.ArgumentParser) -> None:
    """`--executor`, `--workers`, `--scheduler`, read by `executor_of`."""
    parser.add_argument(
        "--executor",
        metavar="NAME",
        help="where steps run: in-process (default), joblib (processes here) or dask",
    )
    parser.add_argument(
        "--workers", type=int, metavar="N", help="worker processes; default: one for each core"
    )
    parser.add_argument(
        "--scheduler", metavar="tcp://HOST:PORT", help="of Dask; default: a cluster on this machine"
    )


def executor_of(args: argparse.Namespace) -> Executor:
    """The executor of `add_executor`."""
    from talkgraph.engine import executor

    if args.scheduler is not None and args.executor not in (None, "dask"):
        raise InputError(f"--scheduler is for dask, not {args.executor}; leave one of them out")
    if args.workers is not None and args.workers < 1:
        raise InputError(f"--workers {args.workers}: give 1 or more")
    name = args.executor or ("dask" if args.scheduler else None)
    return executor(name, args.workers, args.scheduler)


def open_store(args: argparse.Namespace) -> Store:
    """The store that the user means, proven to be writable."""
    from talkgraph.cache.store import Store

    store = Store(args.store)
    store.prepare()
    return store


def known_store(args: argparse.Namespace) -> Store:
    """The store that the user means, to look into; it need not be there.

    Raises:
        StoreError: a file is in its place.
    """
    from talkgraph.cache.store import Store
    from talkgraph.errors import StoreError

    store = Store(args.store)
    if store.path.is_file():
        raise StoreError(f"{store.path}: a file, not a store; check --store and TALKGRAPH_STORE")
    return store


def add_graph(parser: argparse.ArgumentParser, *, optional: bool = False) -> None:
    """GRAPH, `--quality` and `--set`, read by `graph_of`."""
    parser.add_argument(
        "graph", metavar="GRAPH", nargs="?" if optional else None, help="a name, or a YAML file"
    )
    parser.add_argument("--quality", choices=QUALITIES, help="for graphs that have this option")
    add_settings(parser)


def graph_of(args: argparse.Namespace) -> Graph:
    """The graph of `add_graph`, with its settings."""
    from talkgraph.cli.lookup import load_graph, with_settings

    marks = mark_options(args) if hasattr(args, "mark") else {}
    graph = load_graph(args.graph, quality=args.quality, **marks)
    return with_settings(graph, pairs(args.settings, "--set"))


def add_inputs(parser: argparse.ArgumentParser) -> None:
    """`--input NAME=VALUE` and `--until STEP`, as often as wanted."""
    parser.add_argument(
        "-i", "--input", action="append", default=[], dest="inputs", metavar="NAME=VALUE",
        help="an input of the graph, such as a file; repeatable",
    )  # fmt: skip
    parser.add_argument(
        "--until", action="append", default=[], metavar="STEP",
        help="stop at this step instead of the output; repeatable",
    )  # fmt: skip
    parser.add_argument(
        "--force", action="append", default=[], metavar="STEP",
        help="make this step again though its result is stored; repeatable",
    )  # fmt: skip


def inputs_of(args: argparse.Namespace, graph: Graph) -> dict[str, Any]:
    """The values of `--input`, by the types of the graph's inputs."""
    from talkgraph.cli.lookup import from_text

    texts = pairs(args.inputs, "--input")
    return {name: from_text(text, graph.inputs.get(name, Any)) for name, text in texts.items()}


def add_settings(parser: argparse.ArgumentParser) -> None:
    """`--set STEP.PARAM=VALUE`, as often as wanted."""
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        dest="settings",
        metavar="STEP.PARAM=VALUE",
        help="change a parameter of the graph; repeatable",
    )


def add_json(parser: argparse.ArgumentParser) -> None:
    """`--json`."""
    parser.add_argument(
        "--json", action="store_true", help="print one JSON object on standard output, nothing else"
    )


def print_json(value: Any) -> None:
    """What `--json` prints: one line on standard output."""
    print(json.dumps(value, ensure_ascii=False))


def add_action(actions: Any, name: str, text: str) -> argparse.ArgumentParser:
    """One of a command's actions, such as `cache ls`, with `--json` and `--debug`."""
    made: argparse.ArgumentParser = actions.add_parser(name, help=text, description=text)
    add_json(made)
    add_debug(made)
    return made


def add_metadata(parser: argparse.ArgumentParser) -> None:
    """`--no-metadata`."""
    parser.add_argument(
        "--no-metadata", action="store_false", dest="metadata",
        help="leave out of the video how it was made (see `talkgraph provenance`)",
    )  # fmt: skip


def add_marks(parser: argparse.ArgumentParser) -> None:
    """`--no-mark` and `--label`, read by `mark_options`, `--sign` and `--time-stamp`."""
    parser.add_argument(
        "--no-mark", action="store_false", dest="mark",
        help="leave out what says that the video is synthetic: watermark and content credentials; "
        "in many places the law asks for them",
    )  # fmt: skip
    parser.add_argument(
        "--label", nargs="?", const="AI-generated", metavar="TEXT",
        help="also write so into the picture; default: %(const)s",
    )  # fmt: skip
    parser.add_argument(
        "--sign", nargs=2, metavar=("CERT.pem", "KEY.pem"),
        help="sign the credentials with this certificate; default: TALKGRAPH_SIGN_CERT and "
        "TALKGRAPH_SIGN_KEY, or one of this machine that nobody vouches for",
    )  # fmt: skip
    parser.add_argument(
        "--time-stamp", metavar="URL", help="let this authority (RFC 3161) state when it was signed"
    )


def mark_options(args: argparse.Namespace) -> dict[str, Any]:
    """What `add_marks` chooses, as options of a graph; None is left to the graph."""
    if args.label is not None and not args.label.strip():
        raise InputError("--label: the text is empty; give one, or leave the option out")
    return {"mark": None if args.mark else False, "label": args.label}


def signer_of(args: argparse.Namespace) -> Identity | None:
    """Whose certificate `add_marks` means; None for that of this machine."""
    from talkgraph.nodes.media import read_identity

    if not args.mark:
        for name, given in (("--sign", args.sign), ("--time-stamp", args.time_stamp)):
            if given is not None:
                raise InputError(f"{name} goes with credentials; leave out --no-mark, or {name}")
        return None
    if args.time_stamp is not None and not args.time_stamp.startswith(("http://", "https://")):
        raise InputError(
            f"--time-stamp {args.time_stamp}: not a URL; give http://... or https://..."
        )
    if args.sign is not None:
        return read_identity(*args.sign)
    certificate, key = (os.environ.get(f"TALKGRAPH_SIGN_{name}") for name in ("CERT", "KEY"))
    if bool(certificate) != bool(key):
        there, missing = ("CERT", "KEY") if certificate else ("KEY", "CERT")
        raise InputError(
            f"TALKGRAPH_SIGN_{there} is set without TALKGRAPH_SIGN_{missing}; set both"
        )
    return read_identity(certificate, key) if certificate and key else None


def add_quiet(parser: argparse.ArgumentParser) -> None:
    """`-q`, `--quiet`."""
    parser.add_argument("-q", "--quiet", action="store_true", help="say nothing but errors")


def add_debug(parser: argparse.ArgumentParser) -> None:
    """`--debug`."""
    parser.add_argument("--debug", action="store_true", help="show where an error came from")


def pairs(texts: Iterable[str], option: str) -> dict[str, str]:
    """Split ``name=value`` texts; the value may be empty and hold more equals signs.

    Raises:
        InputError: no equals sign, no name, or the same name twice.
    """
    found: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise InputError(f"{option} {text}: not of the form name=value")
        if name.strip() in found:
            raise InputError(f"{option} {text}: '{name.strip()}' is given twice; give it once")
        found[name.strip()] = value
    return found


def size(text: str) -> int:
    """Turn ``500M``, ``1.5 GiB`` or ``4096`` into bytes (powers of 1024); for argparse."""
    from talkgraph.cache.collect import bytes_of

    try:
        return bytes_of(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
