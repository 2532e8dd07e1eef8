"""`talkgraph`, or `python -m talkgraph.cli`: the command line, which Ctrl-C ends at any moment."""

from __future__ import annotations

import _thread
import signal
import sys
import threading

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


def _again(lost: sys.UnraisableHookArgs) -> None:
    """Repeat a Ctrl-C that came while Python cleaned up, where it does not stop a program."""
    if issubclass(lost.exc_type, KeyboardInterrupt):
        threading.Timer(_SOON, _interrupt).start()
    else:
        sys.__unraisablehook__(lost)


def _interrupt() -> None:
    main_thread = threading.main_thread().ident
    if hasattr(signal, "pthread_kill") and main_thread is not None:
        signal.pthread_kill(main_thread, signal.SIGINT)  # wakes it, too, if it waits
    else:
        _thread.interrupt_main()


if __name__ == "__main__":
    sys.exit(main())
