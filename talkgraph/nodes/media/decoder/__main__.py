"""Entry of the child process: limits first, then one job from standard input."""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import sys
from typing import Any

# A job names its module here and nowhere else, so that a job can start nothing but these.
JOBS = {"video": "video", "sound": "sound", "photo": "photo", "streams": "streams"}


def set_limits(limits: dict[str, int]) -> None:
    """Bound memory, processor time, written bytes and open files of this process.

    A file that makes a decoder allocate or loop without end then kills this process only.
    """
    try:
        import resource
    except ImportError:  # not a POSIX system: the parent's time limit still holds
        return
    wanted = {
        resource.RLIMIT_AS: limits["memory_bytes"],
        resource.RLIMIT_CPU: limits["cpu_seconds"],
        resource.RLIMIT_FSIZE: limits["file_bytes"],
        resource.RLIMIT_NOFILE: limits["open_files"],
        resource.RLIMIT_CORE: 0,
    }
    for kind, bound in wanted.items():
        _, hard = resource.getrlimit(kind)
        # Processor time: SIGXCPU at the first limit tells why it ended, SIGKILL at the second.
        last = bound + 2 if kind == resource.RLIMIT_CPU else bound
        if hard != resource.RLIM_INFINITY:
            bound, last = min(bound, hard), min(last, hard)
        with contextlib.suppress(ValueError, OSError):  # macOS bounds no address space
            resource.setrlimit(kind, (bound, last))


def main() -> int:
    """Run the job on standard input; answer with JSON lines on standard output."""
    answers = os.fdopen(os.dup(1), "w", encoding="ascii")
    os.dup2(2, 1)  # whatever a library prints cannot mix with the answers

    def say(**line: Any) -> None:
        answers.write(json.dumps(line) + "\n")
        answers.flush()

    job = json.loads(sys.stdin.buffer.read())
    set_limits(job["limits"])
    from talkgraph.nodes.media.decoder.opening import Refused

    try:
        module = importlib.import_module(f"{__package__}.{JOBS[job['kind']]}")
        result = module.decode(
            job["path"],
            job["folder"],
            progress=lambda done, total: say(done=done, total=total),
            **job["options"],
        )
        say(result=result)
    except Refused as error:
        say(refused=str(error), remedy=error.remedy)
    except MemoryError:
        say(refused="needs more memory than a sound file of its kind would")
    except OSError as error:
        say(errno=error.errno or 0, text=str(error))
    return 0


if __name__ == "__main__":
    sys.exit(main())
