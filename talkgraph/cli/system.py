"""What this system cannot do, of what talkgraph does on Linux: for `doctor` and for the studio.

Asked of the system itself where that is possible, not looked up by its name.
"""

from __future__ import annotations

import importlib
import os
import platform
import sys

_NAMES = {"Darwin": "macOS"}
_X86_64 = ("x86_64", "AMD64")


def described() -> str:
    """Name and processor, such as ``Linux x86_64``."""
    system = platform.system()
    return f"{_NAMES.get(system, system)} {platform.machine()}"


def is_tested() -> bool:
    """Whether talkgraph is tested on systems of this kind."""
    return sys.platform == "linux" and platform.machine() in _X86_64


def lacking() -> list[str]:
    """One line for each thing that does not work here, with what to do instead."""
    if sys.platform == "darwin" and platform.machine() in _X86_64:
        return ["PyTorch is no longer built for Intel Macs; use Apple silicon or Linux"]
    return [text for text in (_studio(), _decoder(), _networks()) if text]


def no_studio() -> str:
    """Why the studio cannot run here, and what to do instead; empty where it can."""
    if not hasattr(os, "killpg") or not _has("fcntl"):
        return "needs process groups and file locks of Linux or macOS; on Windows run it in WSL"
    if not hasattr(os, "waitid"):
        return "needs os.waitid, which Python has on macOS since 3.13; use that or a newer one"
    return ""


def _studio() -> str:
    why = no_studio()
    return f"the studio {why}" if why else ""


def _decoder() -> str:
    """Files are read by a child process; what bounds it depends on the system."""
    advice = "open no file here that you do not trust, or use Linux for it"
    if not _has("resource"):
        return f"memory and processor time of a decoder have no bound; {advice}"
    if sys.platform == "darwin":
        return f"the memory of a decoder has no bound; {advice}"
    return ""


def _networks() -> str:
    if sys.platform == "darwin":
        return "networks run on the CPU, as onnxruntime has no CUDA for macOS"
    return ""


def _has(module: str) -> bool:
    try:
        importlib.import_module(module)
    except ImportError:
        return False
    return True
