"""Options that several commands share, and how their text becomes values."""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from talkgraph.errors import InputError

if TYPE_CHECKING:
    from talkgraph.cache.store import Store
    from talkgraph.engine import Graph

QUALITIES = ("draft", "standard", "best")
DEVICES = ("auto", "cpu", "cuda")

_SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([kmgt]?)i?b?", re.IGNORECASE)
_POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}


def add_store(parser: argparse.ArgumentParser) -> None:
    """`--store DIR`."""
    parser.add_argument(
        "--store",
        type=Path,
        metavar="DIR",
        help="where results are kept (default: TALKGRAPH_STORE or the user's cache folder)",
    )


def add_device(parser: argparse.ArgumentParser) -> None:
    """`--device`."""
    parser.add_argument(
        "--device", choices=DEVICES, default="auto", help="where networks run; default: %(default)s"
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
        help="leave out of the video how it was made (see `talkgraph lineage`)",
    )  # fmt: skip


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
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        raise argparse.ArgumentTypeError(f"'{text}' is no size; write it as 500M or 20G")
    return int(float(match[1]) * 1024 ** _POWERS[match[2].lower()])
