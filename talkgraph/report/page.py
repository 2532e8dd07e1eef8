"""The whole page of a run: one HTML file that needs nothing else."""

from __future__ import annotations

import base64
import hashlib
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import attrs

from talkgraph.engine import Result
from talkgraph.engine.declare.sources import parse_source
from talkgraph.engine.history.run_records import RunRecord
from talkgraph.report.comparison import comparison_section
from talkgraph.report.drawing import fold
from talkgraph.report.failure import failure_section
from talkgraph.report.format import duration
from talkgraph.report.markup import Html, join, tag
from talkgraph.report.overview import MEANING, counts, kind_of, notes_list, run_drawing, steps_table
from talkgraph.report.provenance import provenance
from talkgraph.report.run_values import Absent, RunValues
from talkgraph.report.scores import is_scored, scores_section
from talkgraph.report.sections import step_sections
from talkgraph.report.show import shown
from talkgraph.report.styles import stylesheet

PAGE_BYTES = 14 << 20  # a page stops making pictures beyond this
_STYLES = ("colours.css", "figures.css", "graph.css", "page.css")


@attrs.define
class Room:
    """How much a page may still hold."""

    bytes_left: int

    def take(self, piece: Html) -> Html:
        """Count a piece; one that does not fit is replaced by a line that says so."""
        if len(piece) > self.bytes_left:
            return tag("p", "Left out to keep the page small.", class_="empty")
        self.bytes_left -= len(piece)
        return piece


def report_html(run: Result | RunValues, title: str | None = None) -> str:
    """The page of a run.

    Args:
        run: a result, or the values of a run that the store remembers.
        title: the heading; by default the graph's name.

    Raises:
        StoreError: a result whose run the store does not remember.
    """
    with RunValues.of(run) if isinstance(run, Result) else run as values:
        return _page(values, title or values.run.graph)


def write_report(run: Result | RunValues, path: Path, title: str | None = None) -> None:
    """Write the page of a run to a file, whole or not at all. Errors: as `nodes.media.save`."""
    import tempfile

    from talkgraph.cache.files import File
    from talkgraph.nodes.media import check_target, save

    check_target(path)
    page = report_html(run, title)
    with tempfile.TemporaryDirectory(prefix="talkgraph-") as folder:
        made = Path(folder) / "report.html"
        made.write_text(page, encoding="utf-8", errors="replace")
        save(File(made), path)


def _page(values: RunValues, title: str) -> str:
    room = Room(PAGE_BYTES)
    body = join(
        (
            tag("a", "Skip to the steps", href="#steps", class_="skip"),
            tag("header", tag("h1", title), tag("p", _summary(values.run), class_="summary")),
            tag("main", *_main(values, room)),
            tag("footer", provenance(values)),
        )
    )
    style = Html("\n".join(map(stylesheet, _STYLES)))
    script = Html(stylesheet("page.js"))
    policy = (
        "default-src 'none'; img-src data:; media-src data:; base-uri 'none'; form-action 'none'; "
        f"style-src '{_hash(style)}'; script-src '{_hash(script)}'"
    )
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=policy),
        tag("meta", name_="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name_="color-scheme", content="light dark"),
        # Without an icon of its own, a browser shows that of another page for what plays here.
        tag("link", rel="icon", href=f"data:image/svg+xml,{quote(stylesheet('icon.svg'))}"),
        tag("title", f"{title}: report"),
        tag("style", style),
    )
    page = tag(
        "html", head, tag("body", body, tag("script", script), class_="talkgraph"), lang="en"
    )
    return f"<!doctype html>\n{page}\n"


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _summary(run: RunRecord) -> str:
    when = time.strftime("%d %B %Y, %H:%M UTC", time.gmtime(run.started)).lstrip("0")
    outcome = {"done": "Finished", "failed": "Failed", "cancelled": "Stopped"}[run.outcome]
    return f"{outcome} in {duration(run.seconds)} on {when}. {counts(run)}."


def _main(values: RunValues, room: Room) -> Iterator[Html]:
    run = values.run
    if run.outcome != "done":
        yield failure_section(values)
    notes = notes_list(run)
    if notes is not None:
        yield tag("section", tag("h2", "Worth knowing"), notes, id="notes", class_="warn")
    if run.outcome == "done":
        for target in run.targets:
            if not is_scored(values, target):
                yield _target(values, target, room)
    yield from scores_section(values)
    view = fold({name: step.sources for name, step in run.steps.items()})
    states = dict.fromkeys(step.state for step in run.steps.values())
    legend = tag(
        "ul",
        *(
            tag("li", tag("span", class_=f"swatch state {kind_of(s)}"), MEANING.get(s, s))
            for s in states
        ),
        class_="legend",
    )
    drawing = tag(
        "div", run_drawing(run, view), class_="scroll", tabindex="0", role="region",
        aria_label="the graph; scrolls sideways",
    )  # fmt: skip
    yield tag(
        "section", tag("h2", "The graph"), legend, drawing,
        tag("details", tag("summary", "All steps as a table"), steps_table(run)),
        id="graph",
    )  # fmt: skip
    yield from comparison_section(values)
    yield tag("section", tag("h2", "The steps"), *step_sections(values, room.take), id="steps")


def _target(values: RunValues, target: str, room: Room) -> Html:
    name, path = parse_source(target)
    try:
        value = values[target]
    except Absent as error:
        content = tag("p", f"The result cannot be shown: {error}.", class_="empty")
    else:
        node = None if path or name not in values.run.steps else values.node_class(name)
        content = room.take(shown(value, values.scene(name), node))
    heading = "The result" if len(values.run.targets) == 1 else f"The result: {target}"
    return tag("section", tag("h2", heading), content, id="result", class_="result")
