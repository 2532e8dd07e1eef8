"""Where a result is made: machine, talkgraph and Python. Kept with every result."""

from __future__ import annotations

import contextlib
import os
import platform
from functools import cache
from pathlib import Path

from talkgraph.cache.records import Record
from talkgraph.version import __version__


@cache
def facts() -> Record:
    """Facts of this process, in words: ``machine`` (host, system, cpu, gpu or None), ``talkgraph``
    and ``python`` (versions). Found once; nothing large is imported and no driver is woken.
    """
    return {
        "machine": {
            "host": platform.node(),
            "system": f"{platform.system()} {platform.release()} {platform.machine()}",
            "cpu": f"{_cpu()}, {os.cpu_count()} cores",
            "gpu": _gpu(),
        },
        "talkgraph": __version__,
        "python": f"{platform.python_implementation()} {platform.python_version()}",
    }


def _cpu() -> str:
    """The processor's name; only its kind where the system does not tell."""
    with contextlib.suppress(OSError), open("/proc/cpuinfo", encoding="utf-8") as file:
        for line in file:
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.machine()


def _gpu() -> str | None:
    """Names of the NVIDIA GPUs, as their driver lists them."""
    names = []
    for path in sorted(Path("/proc/driver/nvidia/gpus").glob("*/information")):
        with contextlib.suppress(OSError):
            for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
                if line.startswith("Model:"):
                    names.append(line.partition(":")[2].strip())
    return ", ".join(names) or None
