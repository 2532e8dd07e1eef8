"""Run torture tests and print one table; exit code 1 if anything was violated."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs

from tests.torture.catalogue import TESTS
from tests.torture.row import SHORT, Row, Setting

HEAD = "## Torture of the store"
_SHOWN = 5  # violations that are printed of each row; --json has all


def main() -> int:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m tests.torture", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(TESTS)}")
    parser.add_argument("--short", action="store_true", help=f"the same as --scale {SHORT}")
    parser.add_argument("--scale", type=float, default=1.0, help="share of the cases (default: 1)")
    parser.add_argument("--seed", type=int, default=0, help="of everything random (default: 0)")
    parser.add_argument("--repeat", type=int, default=1, metavar="N", help="with seeds from there")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the table there as well")
    parser.add_argument("--section", type=Path, metavar="FILE", help=f"and as '{HEAD}' of a text")
    args = parser.parse_args()
    unknown = set(args.names) - set(TESTS)
    if unknown:
        parser.error(f"no test {', '.join(sorted(unknown))}; there are {', '.join(TESTS)}")
    scale = SHORT if args.short else args.scale
    lines = []
    began = time.monotonic()
    print(f"{'test':<44} {'cases':>15} {'violations':>10} {'seconds':>8} {'seed':>5}")
    seeds = range(args.seed, args.seed + args.repeat)
    for name, seed in ((name, seed) for seed in seeds for name in args.names or TESTS):
        with tempfile.TemporaryDirectory(prefix="talkgraph torture ") as folder:
            started = time.monotonic()
            for row in _rows(name, Setting(Path(folder), scale, seed)):
                seconds, started = time.monotonic() - started, time.monotonic()
                _show(row, seconds, seed)
                lines.append({**attrs.asdict(row), "seconds": round(seconds, 1)})
    total = time.monotonic() - began
    violations = sum(len(line["violations"]) for line in lines)
    print(f"{violations} violations in {total:.0f} s")
    words = ["python -m tests.torture", *args.names, f"--scale {scale:g} --seed {args.seed}"]
    found = {
        "command": " ".join(words),
        "seed": args.seed,
        "scale": scale,
        "seconds": round(total),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()}, {os.cpu_count()} cores",
        "rows": lines,
    }
    if args.json is not None:
        args.json.write_text(json.dumps(found, indent=1) + "\n")
    if args.section is not None:
        _write_section(args.section, found)
    return 1 if violations else 0


def _rows(name: str, setting: Setting) -> Iterator[Row]:
    """The rows of a test; one that ends in an error is a violation, and the others go on."""
    try:
        yield from TESTS[name](setting)
    except Exception as error:
        traceback.print_exc()
        yield Row(f"{name}, which did not end", 0, 1, [f"{type(error).__name__}: {error}"])


def _show(row: Row, seconds: float, seed: int) -> None:
    cases = f"{row.done}/{row.total}"
    print(f"{row.name:<44} {cases:>15} {len(row.violations):>10} {seconds:>8.1f} {seed:>5}")
    for text in row.violations[:_SHOWN]:
        print(f"    {text}")
    sys.stdout.flush()


def _write_section(path: Path, found: dict[str, Any]) -> None:
    """Put the table into a Markdown file, in the place of the last one."""
    lines = [
        HEAD, "",
        f"`{found['command']}`: {found['seconds'] / 60:.0f} min, {found['system']}, Python"
        f" {found['python']}. *Cases*: tried of those that there are, or that were asked for. What"
        " each test does is in `tests/torture`. SIGKILL leaves what the system has yet to write;"
        " power cuts, which do not, are played from a record of the file operations.", "",
        "| test | cases | violations | s |", "|---|---|---|---|",
    ]  # fmt: skip
    for row in found["rows"]:
        cases, count = f"{row['done']:,}/{row['total']:,}", len(row["violations"])
        lines.append(f"| {row['name']} | {cases} | {count} | {row['seconds']:.0f} |")
    before, _, rest = path.read_text().partition(f"{HEAD}\n")
    after = rest[rest.index("\n## ") :] if "\n## " in rest else ""
    path.write_text(f"{before.rstrip()}\n\n".lstrip() + "\n".join(lines) + "\n" + after)


if __name__ == "__main__":
    sys.exit(main())
