"""A run that ended early: where it stopped, why, what is done, and what to do."""

from __future__ import annotations

from collections import Counter

from talkgraph.engine.declare.sources import parse_source
from talkgraph.engine.history.run_records import RunRecord, StepRun
from talkgraph.engine.run.events import StepState
from talkgraph.report.markup import Html, table, tag
from talkgraph.report.overview import anchor, input_text, shareable
from talkgraph.report.run_values import RunValues

_AGAIN = "What is finished is kept: run it again and it goes on from there."


def failure_section(values: RunValues) -> Html:
    """The section that takes the place of the result."""
    run = values.run
    stopped = [s for s in run.steps.values() if s.state in ("failed", "cancelled")]
    names = ", ".join(step.name for step in stopped)
    if run.outcome == "cancelled":
        heading = f"It was stopped{f' during {names}' if names else ''}"
    else:
        heading = f"It failed{f' at {names}' if names else ''}"
    parts = (
        [tag("p", shareable(run, run.error), class_="error")]
        if run.outcome == "failed" and run.error
        else []
    )
    parts += [tag("h3", "What to do"), tag("p", remedy(run, stopped))]
    parts += [tag("h3", "What is done"), tag("p", _done(run))]
    for step in stopped:
        parts += [tag("h3", f"What {step.name} was given"), _given(run, step)]
        behind = _inputs_behind(run, step)
        if behind:
            parts.append(tag("p", f"It goes back to {', '.join(behind)}."))
    return tag("section", tag("h2", heading), *parts, id="failure", class_="fail")


def remedy(run: RunRecord, stopped: list[StepRun]) -> str:
    """What a person can do about it."""
    if run.outcome == "cancelled":
        return _AGAIN
    text = (stopped[0].error if stopped else run.error) or ""
    if not stopped:
        return f"The message above says what is wrong. Mend it, then run again. {_AGAIN}"
    if text.startswith("step '") and "failed:" in text:
        return (
            "This is a fault of the step itself, or an input it does not expect: look at its "
            "inputs below, try other parameters or another input, and add --debug to the command "
            f"to see the place in the code. {_AGAIN}"
        )
    if ";" in text or ":" in text:
        return f"The message says what to change. Change it and run again. {_AGAIN}"
    return _AGAIN


def _done(run: RunRecord) -> str:
    found = Counter(step.state for step in run.steps.values())
    done = (StepState.HIT, StepState.RUN, StepState.STREAMED, StepState.GIVEN)
    left = found[StepState.BLOCKED] + found[StepState.NOT_REACHED]
    made = sum(found[state] for state in done)
    return f"{made} of {len(run.steps)} steps are done and shown below; {left} were not reached."


def _inputs_behind(run: RunRecord, step: StepRun) -> list[str]:
    """The inputs of the graph that a step depends on, with their values."""
    seen: dict[str, None] = {}
    front = [step.name]
    while front:
        name = front.pop()
        if name in run.steps and name not in seen:
            front += [parse_source(text)[0] for text in run.steps[name].sources.values()]
        seen[name] = None
    return [f"{n}: {input_text(one.text)}" for n, one in run.inputs.items() if n in seen]


def _given(run: RunRecord, step: StepRun) -> Html:
    rows = []
    for port, source in step.sources.items():
        name = parse_source(source)[0]
        if name in run.inputs:
            text: object = tag("a", input_text(run.inputs[name].text), href="#inputs")
        else:
            text = tag("a", source, href=f"#{anchor(name)}")
        digest = step.digests.get(port, "")
        rows.append((port, text, tag("code", digest[:16])))
    return table(rows, ("port", "from", "content")) if rows else tag("p", "Nothing.")
