"""What differs from the run before."""

from __future__ import annotations

import time
from collections.abc import Iterator

from talkgraph.engine.history.compare import differences
from talkgraph.report.format import bounded
from talkgraph.report.markup import Html, table, tag
from talkgraph.report.overview import shareable
from talkgraph.report.run_values import RunValues

_ROWS = 40
_LETTERS = 80


def comparison_section(values: RunValues) -> Iterator[Html]:
    """A table against the run of the same graph before, if the store remembers one."""
    run, last = values.run, values.run_before()
    if last is None:
        return
    found = differences(last, run)
    when = time.strftime("%d %B %Y, %H:%M UTC", time.gmtime(last.started)).lstrip("0")

    def text(value: str | None) -> str:
        if value is None:
            return "–"
        return bounded(shareable(last, shareable(run, value)), _LETTERS)

    rows = [(one.step or "", one.about, text(one.before), text(one.after)) for one in found[:_ROWS]]
    said = f"{len(found)} differences from" if len(found) != 1 else "1 difference from"
    if not found:
        said = "Nothing differs from"
    yield tag(
        "section",
        tag("h2", "Compared with the run before"),
        tag("p", f"{said} run {last.run_id} of {when}."),
        table(rows, ("step", "what", "then", "now")) if rows else None,
        tag("p", f"The first {_ROWS} are shown.") if len(found) > _ROWS else None,
        id="comparison",
    )
