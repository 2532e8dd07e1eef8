"""What the library says, in the words of the command line: its options and commands.

The library names a port or parameter in backticks (`photo`, `face=2`), and stores and functions as
one does in Python. Here is, in one place, what is typed instead.
"""

from __future__ import annotations

import re

_OPTIONS = (
    "audio", "audio_track", "device", "executor", "face", "photo", "scheduler", "seed", "shot",
    "sign", "store", "time_stamp", "turn", "video", "video_track",
)  # fmt: skip
_TYPED = tuple(
    (re.compile(said), typed)
    for said, typed in (
        (r"`models\.pull\(\['([\w-]+)'\]\)`", r"'talkgraph models pull \1'"),
        (r"`models\.add\('([\w-]+)', '([\w.-]+)'\)`", r"'talkgraph models add \1 \2'"),
        (r"`models\.status\(\)`", "`talkgraph models list`"),
        (r"give (\w+)=\.\.\.", r"give -i \1=..."),
        (r"an earlier `start`", "fewer --seconds"),  # of `evaluate self`
        (r"`learn_face_model`", "`talkgraph train face-model`"),
        (r"`runs\(store\)`", "`talkgraph runs`"),
        (r"free some or lower the store's limit", "free some (talkgraph cache gc --limit SIZE)"),
        (r"give another folder as store", "choose another folder with --store or TALKGRAPH_STORE"),
        (r"go on with (\S+) as store", r"go on with --store '\1'"),
        (r"verify the store, then", "`talkgraph cache verify` removes what is damaged, then"),
        (r"list them to see which there are", "`talkgraph cache ls` lists them"),
        (r"remove that result", "`talkgraph cache rm RESULT` removes it"),
        (r"raise the limit of open files", "raise the limit of open files (ulimit -n)"),
        (r"not made by an export", "not made by `talkgraph cache export`"),
    )
)
_PARAMETER = re.compile(r"`([A-Za-z_]\w*)(?:=([^`\s]+))?`")


def typed(text: str, step: str | None = None) -> str:
    """A message or a note, with options and commands in the place of Python's names.

    Args:
        text: what the library says.
        step: the step of the graph that says it; its parameters are changed by ``--set``.

    Example:
        >>> typed("give one `photo` instead, or raise `max_seconds`", "footage")
        'give one --photo instead, or raise --set footage.max_seconds'
    """
    for said, meant in _TYPED:
        text = said.sub(meant, text)
    return _PARAMETER.sub(lambda found: _option(found, step), text)


def _option(found: re.Match[str], step: str | None) -> str:
    name, value = found.groups()
    if name in _OPTIONS:
        option = f"--{name.replace('_', '-')}"
        return option if value is None else f"{option} {value}"
    if step is None:
        return found[0]
    return f"--set {step}.{name}" if value is None else f"--set {step}.{name}={value}"
