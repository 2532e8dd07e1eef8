"""The report's style sheets and script, as files beside this one."""

from __future__ import annotations

from functools import cache
from importlib.resources import files


@cache
def stylesheet(name: str) -> str:
    """The text of a style sheet or script of the report."""
    return (files("talkgraph.report") / name).read_text(encoding="utf-8")
