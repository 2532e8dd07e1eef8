"""A run at a glance: the drawing with states and times, the table of steps, what to know."""

from __future__ import annotations

import re
from collections import Counter

from talkgraph.engine.declare.sources import parse_source
from talkgraph.engine.history.run_records import RunRecord, StepRun
from talkgraph.engine.run.events import StepState
from talkgraph.report.drawing import Box, Fold, drawn
from talkgraph.report.format import bounded, duration, size_text
from talkgraph.report.markup import Html, table, tag

MEANING = {
    StepState.HIT: "taken from the store",
    StepState.RUN: "made in this run",
    StepState.STREAMED: "made on the fly, not stored",
    StepState.GIVEN: "given by you",
    StepState.NOT_NEEDED: "not needed",
    StepState.FAILED: "failed",
    StepState.BLOCKED: "not reached: something it needs failed",
    StepState.CANCELLED: "was running when the run was stopped",
    StepState.NOT_REACHED: "not reached",
}
_FOLDERS = re.compile(r"^(?:[A-Za-z]:)?[\\/](?:.*[\\/])?", re.DOTALL)
_SHORT = {StepState.HIT: "stored", StepState.RUN: "made"}
_WORST = (
    StepState.FAILED, StepState.CANCELLED, StepState.BLOCKED, StepState.NOT_REACHED,
    StepState.RUN, StepState.STREAMED, StepState.GIVEN, StepState.HIT,
)  # fmt: skip


def kind_of(state: StepState) -> str:
    """The state as a word for style sheets."""
    return state.replace(" ", "-")


def input_text(text: str) -> str:
    """An input for the eyes of strangers: files without the folders they lie in."""
    return _FOLDERS.sub("", text)


def shareable(run: RunRecord, text: str) -> str:
    """A message without the folders of the run's inputs."""
    for one in run.inputs.values():
        text = text.replace(one.text, input_text(one.text))
    return text


def anchor(name: str) -> str:
    """The id of a step's or nested graph's section."""
    return f"step-{name}"


def run_drawing(run: RunRecord, view: Fold, *, links: bool = True) -> Html:
    """The drawing of one level of a run's graph."""
    ends = {parse_source(target)[0] for target in run.targets}
    boxes = {}
    for name in view.inputs:
        if name in run.steps:
            boxes[name] = _step_box(run.steps[name], ends, links, kind="outside")
        else:
            given = run.inputs.get(name)
            text = "input" if given is None else input_text(given.text)
            words = "input" if given is None else f"input: {text}"
            boxes[name] = Box(name, "input", text, words, "#inputs" if links else None)
    for name in view.steps:
        if name in view.groups:
            boxes[name] = _group_box(run, name, view.groups[name], ends, links)
        else:
            boxes[name] = _step_box(run.steps[name], ends, links)
    return drawn(view, boxes, f"the graph {run.graph}, from left to right")


def _step_box(step: StepRun, ends: set[str], links: bool, kind: str | None = None) -> Box:
    detail = _SHORT.get(step.state, step.state)
    if step.seconds >= 0.05:
        detail = f"{detail}, {duration(step.seconds)}"
    words = [MEANING[step.state]]
    if step.seconds:
        words.append(f"time {duration(step.seconds)}")
    if step.size is not None:
        words.append(f"size {size_text(step.size)}")
    if step.reason and step.state in ("run", "failed", "streamed", "cancelled"):
        words.append(f"why: {step.reason}")
    href = f"#{anchor(step.name)}" if links else None
    name = step.name if kind else step.name.rpartition("/")[2]  # of elsewhere: its whole name
    look = kind or kind_of(step.state)
    return Box(name, look, detail, "; ".join(words), href, step.name in ends)


def _group_box(run: RunRecord, name: str, inside: list[str], ends: set[str], links: bool) -> Box:
    states = Counter(run.steps[one].state for one in inside)
    state = next((s for s in _WORST if s in states), StepState.NOT_NEEDED)
    seconds = sum(run.steps[one].seconds for one in inside)
    words = ", ".join(f"{n} {_SHORT.get(s, s)}" for s, n in states.items())
    detail = f"{len(inside)} steps, {duration(seconds)}"
    href = f"#{anchor(name)}" if links else None
    short = name.rpartition("/")[2]
    kind = f"group {kind_of(state)}"
    return Box(short, kind, detail, f"nested graph: {words}", href, bool(ends & set(inside)))


def steps_table(run: RunRecord, *, links: bool = True) -> Html:
    """Every step with state, time, size and reason."""
    rows = []
    for step in run.steps.values():
        name = tag("a", step.name, href=f"#{anchor(step.name)}") if links else step.name
        size = "" if step.size is None else size_text(step.size)
        seconds = duration(step.seconds) if step.seconds else ""
        rows.append((name, badge(step.state), seconds, size, bounded(step.reason, 200)))
    return table(rows, ("step", "state", "time", "size", "why"))


def badge(state: StepState) -> Html:
    """A state as a small label."""
    return tag("span", _SHORT.get(state, state), class_=f"badge {kind_of(state)}",
               title=MEANING.get(state))  # fmt: skip


def notes_list(run: RunRecord, *, links: bool = True) -> Html | None:
    """What the run and its steps said that a person should know; None where they said nothing."""
    said: dict[str, str] = {}
    for step in run.steps.values():
        for text in step.notes:
            said.setdefault(shareable(run, text), step.name)
    items = [tag("li", shareable(run, text)) for text in run.notes]
    items += [
        tag("li", text, " ", tag("a", name, href=f"#{anchor(name)}") if links else f"({name})")
        for text, name in said.items()
    ]
    return tag("ul", *items, class_="notes") if items else None


def counts(run: RunRecord) -> str:
    """How many steps became what, in words."""
    found = Counter(step.state for step in run.steps.values())
    words = {"hit": "from the store", "run": "made", "streamed": "made on the fly"}
    parts = [f"{n} {words.get(state, state)}" for state, n in found.items()]
    return f"{len(run.steps)} steps: {', '.join(parts)}"
