"""Look after the store of results: what is in it, how large it is, what may go, is it whole."""

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING

import attrs

from talkgraph.cli.options import add_action, add_store, print_json, size
from talkgraph.report.words import duration, size_text

if TYPE_CHECKING:
    from talkgraph.cache.store import Store

NAME = "cache"
HELP = "look after the store of results"
_NAMED = "a key or its start (see ls), a step, GRAPH:STEP, or a node"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare `talkgraph cache ls|du|rm|gc|verify|why`."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)

    def action(name: str, text: str) -> argparse.ArgumentParser:
        made = add_action(actions, name, text)
        add_store(made)
        return made

    action("ls", "every stored result, the last used first")
    action("du", "how much room the store takes, by step")
    action("rm", "remove exactly one result").add_argument("result", metavar="RESULT", help=_NAMED)
    action("gc", "remove what nothing needs, and the least recently used").add_argument(
        "--limit", type=size, metavar="SIZE", help="leave at most so much, e.g. 20G"
    )
    action("verify", "read everything again; remove what is damaged")
    action("why", "what a result was made from, where and when").add_argument(
        "result", metavar="RESULT", help=_NAMED
    )


def run(args: argparse.Namespace) -> int:
    """Do one of the actions."""
    from talkgraph.cache.store import Store

    actions = {"ls": _ls, "du": _du, "rm": _rm, "gc": _gc, "verify": _verify, "why": _why}
    return actions[args.action](args, Store(args.store))


def _ls(args: argparse.Namespace, store: Store) -> int:
    from talkgraph.cache import upkeep

    entries = upkeep.entries(store)
    if args.json:
        print_json([attrs.asdict(entry) for entry in entries])
        return 0
    now = time.time()
    for entry in entries:
        step = f"{entry.graph}:{entry.step}"
        print(
            f"{entry.key[:12]}  {size_text(entry.size):>9}  {step:<32} "
            f"made in {duration(entry.seconds)}, used {duration(max(0.0, now - entry.used))} ago"
        )
    return 0


def _du(args: argparse.Namespace, store: Store) -> int:
    from talkgraph.cache import upkeep

    steps: dict[str, int] = {}
    for entry in upkeep.entries(store):
        name = f"{entry.graph}:{entry.step}"
        steps[name] = steps.get(name, 0) + entry.size
    total = store.du()
    if args.json:
        print_json({"store": str(store.path), "total": total, "steps": steps})
        return 0
    for name, taken in sorted(steps.items(), key=lambda item: -item[1]):
        print(f"{size_text(taken):>9}  {name}")
    print(f"{size_text(total):>9}  {store.path} (what results share is counted once)")
    return 0


def _rm(args: argparse.Namespace, store: Store) -> int:
    from talkgraph.cache import upkeep

    entry = upkeep.remove(store, args.result)
    if args.json:
        print_json(attrs.asdict(entry))
    else:
        print(f"removed {entry.key[:12]} ({entry.graph}:{entry.step})")
    return 0


def _gc(args: argparse.Namespace, store: Store) -> int:
    freed = store.gc(args.limit)
    if args.json:
        print_json(attrs.asdict(freed))
    else:
        print(f"freed {size_text(freed.bytes)}: {freed.results} results, {freed.files} files")
    return 0


def _verify(args: argparse.Namespace, store: Store) -> int:
    from talkgraph.cache import upkeep

    damage = upkeep.verify(store)
    if args.json:
        print_json({"store": str(store.path), "damage": damage})
    else:
        print("\n".join(damage) or f"{store.path} is whole")
    return 2 if damage else 0


def _why(args: argparse.Namespace, store: Store) -> int:
    from talkgraph.cache import upkeep

    if args.json:
        print_json(upkeep.provenance(store, args.result))
    else:
        print(upkeep.why(store, args.result))
    return 0
