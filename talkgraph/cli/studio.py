"""Open a web page on this machine: drop a speech and a photo or video, watch, look, rerun."""

from __future__ import annotations

import argparse
import contextlib
import sys
import threading
from pathlib import Path

from talkgraph.cli import options, system
from talkgraph.errors import InputError

NAME = "studio"
HELP = "make videos on a web page of this machine"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `talkgraph studio`."""
    parser.add_argument(
        "--port", type=_port, default=0, metavar="N", help="port of 127.0.0.1; default: a free one"
    )
    parser.add_argument(
        "--no-browser", action="store_true", help="print the address, and open no browser"
    )
    options.add_store(parser)
    options.add_debug(parser)


def run(args: argparse.Namespace) -> int:
    """Serve the page until Ctrl-C."""
    if why := system.no_studio():
        raise InputError(f"the studio {why}")
    try:
        import starlette  # noqa: F401
        import uvicorn  # noqa: F401
    except ImportError:
        raise InputError(
            "the studio needs Starlette and uvicorn: pip install 'talkgraph[studio]'"
        ) from None
    from talkgraph.studio.server import serve

    options.open_store(args)  # what is wrong with it is said before anything is served

    def ready(address: str, folder: Path) -> None:
        print(f"{address}\nThe studio runs at this address until Ctrl-C.", flush=True)
        if not args.no_browser:
            threading.Thread(target=_open, args=(address, folder), daemon=True).start()

    # Ctrl-C is how a studio is meant to end.
    with contextlib.suppress(KeyboardInterrupt):
        serve(args.port, None if args.store is None else str(args.store), ready)
    return 0


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"'{text}' is no port; give a number up to 65535")
    return int(text)


def _open(address: str, folder: Path) -> None:
    """Open the user's browser by way of a private file: its command line would show the token."""
    import webbrowser

    door = folder / "open.html"
    door.write_text(
        f'<!doctype html><meta http-equiv="refresh" content="0; url={address}">', encoding="ascii"
    )
    if not webbrowser.open(door.as_uri()):
        print("No browser was found: open the address yourself.", file=sys.stderr)
