"""`talkgraph`, or `python -m talkgraph.cli`: the command line, which Ctrl-C ends at any moment."""

import _thread
import sys
import threading
from typing import Any

_SOON = 0.05  # s


def main() -> int:
    """Run the command of this process, and return its exit code."""
    sys.unraisablehook = _again
    try:
        from talkgraph.cli.main import main as run

        return run()
    except KeyboardInterrupt:  # while commands were loaded or words read
        print("stopped before anything was begun", file=sys.stderr)
        return 130


def _again(lost: Any) -> None:
    """Repeat a Ctrl-C that came while Python cleaned up, where it does not stop a program."""
    if issubclass(lost.exc_type, KeyboardInterrupt):
        threading.Timer(_SOON, _thread.interrupt_main).start()
    else:
        sys.__unraisablehook__(lost)


if __name__ == "__main__":
    sys.exit(main())
