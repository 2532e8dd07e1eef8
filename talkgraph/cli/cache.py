"""Look after the store of results: what is in it, how large it is, what may go, is it whole.

Of a store at a URL, such as s3://bucket/prefix, all of this is about its near tier, the folder on
this machine; what is at the remote stays. `export` and `import` carry results in one file.
"""

from __future__ import annotations

import argparse
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from talkgraph.cli.options import add_action, add_store, print_json, size
from talkgraph.report.format import duration, size_text

if TYPE_CHECKING:
    from talkgraph.cache.store import Store

NAME = "cache"
HELP = "look after the store of results"
_NAMED = "a key or its start (see ls), a step, GRAPH:STEP, or a node"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare `talkgraph cache ls|du|rm|gc|verify|why|export|import`."""
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
    made = action("export", "write results and all that they need to one file")
    made.add_argument("file", metavar="FILE", type=Path, help="a zip, such as results.zip")
    made.add_argument("results", metavar="RESULT", nargs="*", help=f"{_NAMED}; default: all")
    action("import", "take in the results of an exported file, all of them or none").add_argument(
        "file", metavar="FILE", type=Path, help="made by export; it may come from a stranger"
    )


def run(args: argparse.Namespace) -> int:
    """Do one of the actions."""
    from talkgraph.cache.store import Store

    actions = {
        "ls": _ls, "du": _du, "rm": _rm, "gc": _gc, "verify": _verify, "why": _why,
        "export": _export, "import": _import,
    }  # fmt: skip
    store = Store(args.store)
    if store.remote is not None and args.action not in ("export", "import"):
        print(f"the near tier of {store.remote.objects.name}: {store.path}", file=sys.stderr)
    return actions[args.action](args, store)


def _ls(args: argparse.Namespace, store: Store) -> int:
    from talkgraph.cache import upkeep

    entries = upkeep.entries(store)
    if args.json:
        print_json([attrs.asdict(entry) for entry in entries])
        return 0
    now = time.time()
    for entry in entries:
        step = upkeep.visible(f"{entry.graph}:{entry.step}")
        print(
            f"{entry.key[:12]}  {size_text(entry.size):>9}  {step:<32} "
            f"made in {duration(entry.seconds)}, used {duration(max(0.0, now - entry.used))} ago"
        )
    return 0


def _du(args: argparse.Namespace, store: Store) -> int:
    from talkgraph.cache import collect, upkeep

    steps: dict[str, int] = {}
    for entry in upkeep.entries(store):
        name = f"{entry.graph}:{entry.step}"
        steps[name] = steps.get(name, 0) + entry.size
    total = collect.usage(store)
    if args.json:
        print_json({"store": str(store.path), "total": total, "steps": steps})
        return 0
    for name, taken in sorted(steps.items(), key=lambda item: -item[1]):
        print(f"{size_text(taken):>9}  {upkeep.visible(name)}")
    print(f"{size_text(total):>9}  {store.path} (what results share is counted once)")
    return 0


def _rm(args: argparse.Namespace, store: Store) -> int:
    from talkgraph.cache import upkeep

    entry = upkeep.remove(store, args.result)
    name = upkeep.visible(f"{entry.graph}:{entry.step}")
    return _tell(args, entry, f"removed {entry.key[:12]} ({name})")


def _gc(args: argparse.Namespace, store: Store) -> int:
    freed = store.gc(args.limit)
    counts = f"{freed.results} results, {freed.files} files"
    return _tell(args, freed, f"freed {size_text(freed.bytes)}: {counts}")


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

    facts = upkeep.provenance(store, args.result)
    if args.json:
        print_json(facts)
        return 0
    try:
        print("\n".join(map(upkeep.visible, _origin(facts))))
    except (KeyError, AttributeError, TypeError, ValueError, OverflowError, OSError):
        raise upkeep.odd(facts["key"]) from None
    return 0


def _origin(facts: dict[str, Any]) -> list[str]:
    """What a result was made from, where and when, in lines."""
    made = datetime.fromtimestamp(facts["created"]).isoformat(" ", "seconds")
    lines = [
        f"{facts['key']}",
        f"step {facts.get('step')} of graph {facts.get('graph')}: "
        f"node {facts.get('node')} version {facts.get('version')}, "
        f"made {made} in {facts.get('seconds', 0.0):.2f} s",
    ]
    machine = facts.get("machine")
    if machine:
        place = ", ".join(str(fact) for name, fact in machine.items() if fact and name != "host")
        lines.append(f"  on {machine['host']}: {place}")
        lines.append(f"  with talkgraph {facts['talkgraph']}, {facts['python']}")
    lines += [f"  parameter {name} = {text}" for name, text in facts["parameters"].items()]
    for port, read in facts["inputs"].items():
        lines.append(f"  port {port} = {read['source']} @ {read['digest'][:12]}")
    lines += [f"  note: {text}" for text in facts.get("notes", ())]
    if facts["others"]:
        keys = ", ".join(key[:12] for key in facts["others"][:5])
        lines.append(f"  {len(facts['others'])} more of that name: {keys}")
    return lines


def _export(args: argparse.Namespace, store: Store) -> int:
    from talkgraph.cache import archive

    moved = archive.export(store, args.file, *args.results)
    return _tell(args, moved, f"{args.file}: {moved.results} results, {size_text(moved.bytes)}")


def _import(args: argparse.Namespace, store: Store) -> int:
    from talkgraph.cache import archive

    moved = archive.import_(store, args.file)
    known = f", {moved.known} of them known already" if moved.known else ""
    return _tell(args, moved, f"{args.file}: {moved.results} results{known}")


def _tell(args: argparse.Namespace, done: attrs.AttrsInstance, text: str) -> int:
    """Say what was done, in words or with `--json` as its fields."""
    if args.json:
        print_json(attrs.asdict(done))
    else:
        print(text)
    return 0
