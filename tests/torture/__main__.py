"""Run torture tests and print one table; exit code 1 if anything was violated."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
import time
from pathlib import Path

import attrs

from tests.torture.catalogue import TESTS
from tests.torture.row import SHORT, Row, Setting

_SHOWN = 5  # violations that are printed of each row; --json has all


def main() -> int:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m tests.torture", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(TESTS)}")
    parser.add_argument("--short", action="store_true", help=f"the same as --scale {SHORT}")
    parser.add_argument("--scale", type=float, default=1.0, help="share of the cases (default: 1)")
    parser.add_argument("--seed", type=int, default=0, help="of everything random (default: 0)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the table there as well")
    args = parser.parse_args()
    unknown = set(args.names) - set(TESTS)
    if unknown:
        parser.error(f"no test {', '.join(sorted(unknown))}; there are {', '.join(TESTS)}")
    scale = SHORT if args.short else args.scale
    lines = []
    began = time.monotonic()
    print(f"{'test':<44} {'cases':>15} {'violations':>10} {'seconds':>8} {'seed':>5}")
    for name in args.names or TESTS:
        with tempfile.TemporaryDirectory(prefix="talkgraph torture ") as folder:
            started = time.monotonic()
            for row in TESTS[name](Setting(Path(folder), scale, args.seed)):
                seconds, started = time.monotonic() - started, time.monotonic()
                _show(row, seconds, args.seed)
                lines.append({**attrs.asdict(row), "seconds": round(seconds, 1)})
    total = time.monotonic() - began
    violations = sum(len(line["violations"]) for line in lines)
    print(f"{violations} violations in {total:.0f} s")
    if args.json is not None:
        found = {
            "command": f"python -m tests.torture --scale {scale:g} --seed {args.seed}",
            "seed": args.seed,
            "scale": scale,
            "seconds": round(total),
            "python": platform.python_version(),
            "system": f"{platform.system()} {platform.release()}, {os.cpu_count()} cores",
            "rows": lines,
        }
        args.json.write_text(json.dumps(found, indent=1) + "\n")
    return 1 if violations else 0


def _show(row: Row, seconds: float, seed: int) -> None:
    cases = f"{row.done}/{row.total}"
    print(f"{row.name:<44} {cases:>15} {len(row.violations):>10} {seconds:>8.1f} {seed:>5}")
    for text in row.violations[:_SHOWN]:
        print(f"    {text}")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
