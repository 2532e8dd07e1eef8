"""Write a page that shows a run: its graph, a look at every step's value, and the result."""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from talkgraph.cli.options import add_debug, add_quiet, add_run_or_video, add_store, known_store
from talkgraph.errors import InputError

if TYPE_CHECKING:
    from talkgraph.cache.store import Store
    from talkgraph.engine.history.run_records import RunRecord

NAME = "report"
HELP = "write a page that shows a run and everything in it"
_VIDEOS = (".mp4", ".m4v")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `talkgraph report`."""
    add_run_or_video(parser)
    parser.add_argument(
        "-o", "--output", type=Path, default=Path("report.html"), metavar="FILE",
        help="where the page goes; default: %(default)s",
    )  # fmt: skip
    add_store(parser)
    add_quiet(parser)
    add_debug(parser)


def run(args: argparse.Namespace) -> int:
    """Find the run and write its page."""
    from talkgraph.report import RunValues, write_report

    check_page(args.output)
    store = known_store(args)
    found, title = run_of(store, args.run_or_video)
    with RunValues(found, store) as values:
        write_report(values, args.output, title)
    if not args.quiet:
        print(f"{args.output} shows run {found.run_id}", file=sys.stderr)
    return 0


def run_of(store: Store, text: str) -> tuple[RunRecord, str | None]:
    """The run that an id, `last` or a video stands for, and the video's name.

    Errors: InputError if the store does not know it.
    """
    from talkgraph.engine.history.run_records import find

    path = Path(text)
    if path.suffix.lower() not in _VIDEOS:
        return find(store, text), None
    from talkgraph.nodes.media import provenance_of

    run_id = provenance_of(path).run
    try:
        return find(store, run_id), path.name
    except InputError as error:
        raise InputError(
            f"{path}: its run is not in store {store.path}; give the store it was made with "
            "(--store), or make it again"
        ) from error


def add_report(parser: argparse.ArgumentParser) -> None:
    """`--report FILE`, for commands that run a graph."""
    parser.add_argument(
        "--report", type=Path, metavar="FILE",
        help="also write a page that shows the run, if it fails or is stopped too",
    )  # fmt: skip


def check_page(path: Path) -> None:
    """Refuse a place where no page could be written. Errors: InputError."""
    from talkgraph.nodes.media import check_target

    if path.suffix.lower() not in (".html", ".htm"):
        raise InputError(f"{path}: the report is a web page; end its name in .html")
    check_target(path)


@contextlib.contextmanager
def reporting_failure(
    path: Path | None, store: Store, *, quiet: bool, title: str | None = None
) -> Iterator[None]:
    """Write the page of a run in the body that fails or is stopped; the error goes on."""
    try:
        yield
    except BaseException as error:
        run_id = getattr(error, "run_id", None)
        if path is not None and run_id is not None:
            with contextlib.suppress(Exception):  # what went wrong first is what is said
                write_page(path, store, run_id, quiet=quiet, title=title)
        raise


def write_page(
    path: Path | None, store: Store, run_id: str, *, quiet: bool, title: str | None = None
) -> None:
    """Write the page of a run, where one is wanted, and say so."""
    if path is None:
        return
    from talkgraph.engine.history.run_records import find
    from talkgraph.report import RunValues, write_report

    with RunValues(find(store, run_id), store) as values:
        write_report(values, path, title)
    if not quiet:
        print(f"{path} shows how it was made, step by step", file=sys.stderr)
