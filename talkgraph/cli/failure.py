"""Which line and which exit code an error deserves.

0 fine · 1 our own failure · 2 something the user can mend · 130 Ctrl-C · 143 ended from outside;
`verify` has 3 and 4 for its verdicts
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator

from talkgraph.cli.words import typed
from talkgraph.errors import NodeError, TalkgraphError

USER, INTERNAL, INTERRUPTED, TERMINATED = 2, 1, 130, 143

_FULL = (errno.ENOSPC, errno.EDQUOT)
_REMEDIES = {
    errno.ENOENT: "check the path",
    errno.EACCES: "check its permissions",
    errno.EPERM: "check its permissions",
    errno.EROFS: "choose a folder that can be written",
    errno.EISDIR: "name a file, not a folder",
    errno.ENOTDIR: "check the path",
    errno.ENAMETOOLONG: "choose a shorter name",
    errno.EMFILE: "raise the limit of open files (ulimit -n)",
}


def explain(error: BaseException) -> tuple[str, int]:
    """Return the one line to print for `error`, and the exit code.

    A node's failure counts as the user's when what failed inside it was their file: the error
    that the node raised is then what is said.
    """
    for cause in _chain(error):
        if isinstance(cause, OSError) and cause.errno in _FULL:
            return f"{_place(cause)}{_full}", USER
        if isinstance(cause, TalkgraphError) and not isinstance(cause, NodeError):
            return typed(_line(cause), cause.step), USER
        if isinstance(cause, OSError) and cause.filename is not None:
            remedy = _REMEDIES.get(cause.errno or 0, "check the file and its folder")
            return f"{_place(cause)}{(cause.strerror or 'cannot be used').lower()}; {remedy}", USER
    if isinstance(error, FileNotFoundError) and _is_nowhere():
        return "the folder that this was started in is gone; change to another", USER
    if isinstance(error, NodeError):
        return f"{_line(error)}; --debug shows where", INTERNAL
    return f"internal error: {type(error).__name__}: {_line(error)}; --debug shows where", INTERNAL


_full = (
    "no space left on the disk; free some (talkgraph cache du, talkgraph cache gc --limit SIZE) "
    "and run the same command again: finished stages are kept"
)


def _is_nowhere() -> bool:
    """Whether the working folder was removed."""
    try:
        os.getcwd()
    except FileNotFoundError:
        return True
    return False


def _chain(error: BaseException) -> Iterator[BaseException]:
    """`error` and what caused it, outermost first, each once."""
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        current = current.__cause__ or (
            None if current.__suppress_context__ else current.__context__
        )


def _place(error: OSError) -> str:
    return f"{error.filename}: " if error.filename is not None else ""


def _line(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__
