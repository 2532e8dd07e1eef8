"""The process of one run: a request on standard input, messages on standard output, JSON lines.

The request: ``recipe`` and ``files`` as in `recipe`, ``labels`` as in `files.in_words`, ``store``,
``device``, ``folder`` for outputs, ``until`` to stop early (no outputs then); or, with ``report``,
the id of a run, of which nothing but the page is made. The messages:

    {"plan": [[step, node, state, reason], ...],
     "past": {step: seconds that it took last time}}
    {"event": ["Started", step, reason] | ["Progress", step, done, total] | ...}   as engine.events
    {"done": text, "output": path or None}
    {"failed": line}
    {"run": id}                                     a cancelled run, which the store remembers
    {"report": path}

When standard input ends, the studio has gone: the run unwinds as after Ctrl-C, and is killed with
all that it started if that takes long.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
import traceback
from functools import partial
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, NoReturn

from talkgraph.cli import failure

if TYPE_CHECKING:
    from talkgraph.engine.history.run_records import RunRecord
    from talkgraph.engine.run.events import Event
    from talkgraph.engine.run.result import Result

_PATIENCE = 5.0  # s for unwinding, less than that of `child`
_EVERY = 0.1  # s between two progress messages of a step
_gone = threading.Event()  # whether the studio has


def main() -> int:
    """Serve one request; exit code 0, or as `cli.failure` has it."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # see `cli.main`
    messages = Messages()
    signal.signal(signal.SIGTERM, _unwind)
    request = json.loads(_line())
    threading.Thread(target=_end_with_the_studio, daemon=True).start()
    try:
        return _serve(request, messages)
    finally:
        if _gone.is_set():  # nobody else ends what the run has started
            os.killpg(0, signal.SIGKILL)


def _serve(request: dict[str, Any], messages: Messages) -> int:
    if "report" in request:
        _report(request, request["report"], messages)
        return 0
    run_id: str | None
    try:
        result = _run(request, messages)
        if not request["until"]:
            _deliver(request, result, messages)
        code, run_id = 0, result.run_id
    except SystemExit as error:  # cancelled; a page is made of it when all that it started is gone
        if run_id := getattr(error, "run_id", None):
            messages.say({"run": run_id})
        raise
    except Exception as error:
        line, code = failure.explain(error)
        if code == failure.INTERNAL:
            traceback.print_exc()
            line = line.replace("--debug shows", "the terminal of the studio shows")
        messages.say({"failed": line})
        run_id = getattr(error, "run_id", None)
    if run_id is not None and not request["until"]:
        _report(request, run_id, messages)
    return code


class Messages:
    """The way back to the studio; standard output itself is turned away from what nodes print."""

    def __init__(self) -> None:
        self._pipe = os.dup(1)
        os.dup2(2, 1)
        self._lock = threading.Lock()
        self._told: dict[str, float] = {}

    def say(self, message: dict[str, Any]) -> None:
        """Send one message."""
        line = json.dumps(message).encode() + b"\n"
        with self._lock:
            while line:
                try:
                    line = line[os.write(self._pipe, line) :]
                except BrokenPipeError:
                    _gone.set()
                    raise SystemExit(failure.TERMINATED) from None

    def __call__(self, event: Event) -> None:
        """Send an event of the engine; of the progress of a step only now and then."""
        from talkgraph.engine.run import events

        if isinstance(event, events.Failed):
            self.say({"event": ["Failed", event.step, failure.explain(event.error)[0]]})
            return
        if isinstance(event, events.Progress):
            now = time.monotonic()
            if now - self._told.get(event.step, 0.0) < _EVERY and event.done < event.total:
                return
            self._told[event.step] = now
        self.say({"event": events.to_plain(event)})


def _run(request: dict[str, Any], messages: Messages) -> Result:
    from talkgraph import models
    from talkgraph.cache.store import Store
    from talkgraph.engine.history.time_left import past_seconds
    from talkgraph.studio.recipe import Recipe, build, inputs_of

    recipe = Recipe.read(request["recipe"])
    files = {id: Path(path) for id, path in request["files"].items()}
    graph = build(recipe, files)
    until = request["until"] or None
    inputs = inputs_of(recipe, graph.subgraph(*until) if until else graph, files)
    store = Store(request["store"])
    store.prepare()
    force = [step for step in recipe.force if step in graph.steps]
    plan = graph.plan(inputs, store=store, until=until, force=force)
    rows = [[one.name, one.node_id, one.state, one.reason] for one in plan]
    messages.say({"plan": rows, "past": past_seconds(store, graph.name)})
    with models.use_device(request["device"]):
        return graph.run(inputs, store=store, until=until, force=force, on_event=messages)


def _deliver(request: dict[str, Any], result: Result, messages: Messages) -> None:
    """Copy the result to where the studio finds it: the store may drop it later."""
    from talkgraph.cache.files import File
    from talkgraph.cache.store import Store
    from talkgraph.engine.declare.types import brief
    from talkgraph.nodes import media

    value, target = result.output, None
    if isinstance(value, File):
        target = Path(request["folder"]) / f"output{value.path.suffix}"
        media.publish(result, target, Store(request["store"]), metadata=False)
    messages.say(
        {"done": "" if target else brief(value), "output": str(target) if target else None}
    )


def _report(request: dict[str, Any], run_id: str, messages: Messages) -> None:
    """Write the report of a run, however it ended; that there is none spoils nothing."""
    from talkgraph.cache.store import Store
    from talkgraph.engine.history.run_records import find
    from talkgraph.report.page import write_report
    from talkgraph.report.run_values import RunValues

    path = Path(request["folder"]) / "report.html"
    try:
        store = Store(request["store"])
        shown = partial(_in_words, labels=request["labels"])
        write_report(RunValues(find(store, run_id), store, shown=shown), path)
    except Exception:
        traceback.print_exc()
    else:
        messages.say({"report": str(path)})


def _in_words(run: RunRecord, labels: dict[str, str]) -> RunRecord:
    """A record that names files as their owner does."""
    import attrs

    from talkgraph.studio.files import in_words

    def words(text: str) -> str:
        return in_words(text, labels)

    inputs = {name: attrs.evolve(one, text=words(one.text)) for name, one in run.inputs.items()}
    steps = {
        name: attrs.evolve(
            step,
            reason=words(step.reason),
            notes=tuple(map(words, step.notes)),
            error=step.error and words(step.error),
            parameters={port: words(text) for port, text in step.parameters.items()},
        )
        for name, step in run.steps.items()
    }
    return attrs.evolve(run, inputs=inputs, steps=steps, error=run.error and words(run.error))


def _line() -> bytes:
    """The first line of standard input; unbuffered, as a blocked buffered reader hinders exit."""
    pieces = []
    while (piece := os.read(0, 1 << 16)) and not piece.endswith(b"\n"):
        pieces.append(piece)
    return b"".join([*pieces, piece])


def _end_with_the_studio() -> None:
    while os.read(0, 1 << 10):
        pass
    _gone.set()
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_PATIENCE)
    os.killpg(0, signal.SIGKILL)


def _unwind(number: int, frame: FrameType | None) -> NoReturn:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # a second one would cut the unwinding short
    raise SystemExit(failure.TERMINATED)


if __name__ == "__main__":
    sys.exit(main())
