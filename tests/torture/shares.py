"""Cases shared among processes, so that a test fills the machine's cores."""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Callable, Iterable
from pathlib import Path

WORKERS = 2

Work = Callable[[Path, Iterable[int]], Iterable[str]]


def shared(folder: Path, cases: int, work: Work) -> list[str]:
    """Run `work(own folder, own cases)` in processes; returns the violations it yields.

    A process that dies is a violation too.
    """
    children = []
    for number in range(min(WORKERS, cases)):
        reading, writing = os.pipe()
        sys.stdout.flush()
        child = os.fork()
        if child == 0:
            code = 1
            try:
                os.close(reading)
                own = folder / f"worker {number}"
                own.mkdir(exist_ok=True)
                with os.fdopen(writing, "w", buffering=1) as said:
                    for text in work(own, range(number, cases, WORKERS)):
                        said.write(json.dumps(text) + "\n")
                code = 0
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(code)
        os.close(writing)
        children.append((child, reading))
    violations = []
    for child, reading in children:
        with os.fdopen(reading) as said:
            violations += [json.loads(line) for line in said]
        _, status = os.waitpid(child, 0)
        if status:
            violations.append(f"a process of the test ended with status {status}")
    return violations
