"""Put the commands together; turn every error into one line on standard error and an exit code."""

from __future__ import annotations

import os
import signal
import sys
import threading
import traceback
from collections.abc import Sequence
from types import FrameType
from typing import Any, NoReturn

import talkgraph
from talkgraph.cli import (
    cache,
    diff,
    doctor,
    evaluate,
    export,
    failure,
    models,
    nodes,
    plan,
    provenance,
    report,
    run,
    runs,
    show,
    streams,
    studio,
    talk,
    train,
    verify,
)
from talkgraph.cli.parser import Parser

_COMMANDS: tuple[Any, ...] = (
    talk, plan, run, runs, diff, report, show, nodes, provenance, verify, export, studio, cache,
    models, train, evaluate, doctor,
)  # fmt: skip


def parser() -> Parser:
    """The whole command line."""
    whole = Parser(
        prog="talkgraph",
        description="Make a video of a person saying a given speech, from a short video or one "
        "photo of them. Use it only with the consent of the person shown.",
    )
    whole.add_argument("--version", action="version", version=f"talkgraph {talkgraph.__version__}")
    commands = whole.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for module in _COMMANDS:
        command = commands.add_parser(module.NAME, help=module.HELP, description=module.__doc__)
        command.set_defaults(run=module.run)
        module.add_arguments(command)
    return whole


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code.

    Args:
        arguments: the words after `talkgraph`; by default those of the process.
    """
    # Before numpy is loaded: frames are drawn with thousands of small products, which several
    # threads of linear algebra only slow down, tenfold when the machine is busy.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    streams.make_sure()
    words = list(sys.argv[1:] if arguments is None else arguments)
    whole = parser()
    whole.check_options(words)
    args = whole.parse_args(words)
    _end_like_interrupt()
    try:
        code: int = args.run(args)
        sys.stdout.flush()
    except KeyboardInterrupt:
        print(
            "stopped; finished stages are kept: run the same command again to go on from there",
            file=sys.stderr,
        )
        return failure.INTERRUPTED
    except BrokenPipeError:  # the reader of our output has gone, as in `talkgraph show x | head`
        sys.stdout = None
        return 0
    except Exception as error:
        if getattr(args, "debug", False):
            traceback.print_exc()
        line, code = failure.explain(error)
        print(f"talkgraph {args.command}: {line}", file=sys.stderr)
        return code
    return code


def _end_like_interrupt() -> None:
    """Let a polite `kill` unwind like Ctrl-C, so that leases and scratch folders are given back."""

    def stop(number: int, frame: FrameType | None) -> NoReturn:
        raise SystemExit(failure.TERMINATED)

    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, stop)
