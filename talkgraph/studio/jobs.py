"""The queue: one run at a time, a few waiting, and what is known of each."""

from __future__ import annotations

import itertools
import threading
import time
from collections import deque
from pathlib import Path
from typing import Any, Literal

import attrs

from talkgraph.cli import failure
from talkgraph.engine.history.time_left import StepTime
from talkgraph.errors import InputError
from talkgraph.studio.child import Child, Message
from talkgraph.studio.files import Files, in_words
from talkgraph.studio.recipe import Recipe

WAITING = 3  # runs in the queue besides the one that is going on
KEPT = 5  # ended runs whose outputs are kept

State = Literal["queued", "running", "stopping", "done", "failed", "cancelled"]
_OVER = ("done", "failed", "cancelled")


class QueueFull(InputError):
    """More runs wait than is sensible."""


@attrs.define
class Stage:
    """One step of a run: its plan, then what becomes of it."""

    name: str
    node: str
    state: str
    reason: str
    done: float = 0.0
    total: float = 0.0
    time: StepTime = attrs.field(factory=StepTime)
    seconds: float | None = None
    notes: list[str] = attrs.field(factory=list)

    def take(self, kind: str, facts: list[Any]) -> None:
        """Take one event of the engine."""
        match kind, facts:
            case "Started", [reason]:
                self.state, self.reason = "running", reason
                self.time.start(time.monotonic())
            case "Progress", [done, total]:
                self.done, self.total = done, total
                if self.time.began is None:  # streamed: it runs when what reads it does
                    self.state = "running"
                self.time.progress(time.monotonic(), done, total)
            case "Note", [text]:
                self.notes.append(text)
            case "Finished", [cached, seconds]:
                if not cached:
                    self.state, self.seconds = "made", seconds
                elif self.state != "streamed":
                    self.state = "hit"
            case "Failed", [text]:
                self.state, self.reason = "failed", text

    def close(self, outcome: State) -> None:
        """The run is over: say what became of a stage that did not come to its own end."""
        if self.state == "running":
            self.state = "made" if outcome == "done" else "cancelled"
        elif self.state in ("run", "pending", "streamed"):
            self.state, self.reason = ("unused" if outcome == "done" else "idle"), ""

    def shown(self) -> dict[str, Any]:
        """The stage as JSON; `left` is the time left in seconds, if it can be told."""
        left = self.time.left(time.monotonic()) if self.state == "running" else None
        return {
            "name": self.name, "node": self.node, "state": self.state, "reason": self.reason,
            "done": self.done, "total": self.total, "left": left, "seconds": self.seconds,
            "notes": self.notes,
        }  # fmt: skip


@attrs.define(eq=False)
class Job:
    """One run that was asked for."""

    id: str
    recipe: Recipe
    device: str
    folder: Path
    state: State = "queued"
    stages: dict[str, Stage] = attrs.field(factory=dict)
    error: str | None = None
    value: str | None = None
    output: str | None = None
    report: str | None = None
    run_id: str | None = None  # of what ended, as the store remembers it
    began: float | None = None
    seconds: float | None = None
    child: Child = attrs.field(factory=Child)

    def shown(self) -> dict[str, Any]:
        """The job as JSON."""
        seconds = self.seconds
        if seconds is None and self.began is not None:
            seconds = time.monotonic() - self.began
        return {
            "id": self.id, "state": self.state, "error": self.error, "value": self.value,
            "output": self.output, "report": self.report, "seconds": seconds,
            "recipe": self.recipe.document, "device": self.device,
            "stages": [stage.shown() for stage in list(self.stages.values())],
        }  # fmt: skip


class Jobs:
    """Runs jobs one after the other in children; all methods may be called from any thread.

    Args:
        files: where uploads lie and outputs go.
        store: folder or address of the store; None for the default.
    """

    def __init__(self, files: Files, store: str | None) -> None:
        self._files = files
        self._store = store
        self._jobs: dict[str, Job] = {}
        self._queue: deque[Job] = deque()
        self._changed = threading.Condition()
        self._closed = False
        self._checks: set[Child] = set()
        self._numbers = itertools.count(1)
        self._runner = threading.Thread(target=self._run_all, name="studio-jobs", daemon=True)
        self._runner.start()

    def submit(self, recipe: Recipe, device: str) -> Job:
        """Queue a run; QueueFull if too many wait."""
        with self._changed:
            if len(self._queue) >= WAITING:
                raise QueueFull(f"{WAITING} runs wait already; cancel one or let them finish")
            job = Job(str(next(self._numbers)), recipe, device, self._files.new_folder())
            self._jobs[job.id] = job
            self._queue.append(job)
            self._forget_old()
            self._changed.notify()
        return job

    def get(self, id: str) -> Job | None:
        """The job of that id."""
        return self._jobs.get(id)

    def all(self) -> list[Job]:
        """Every job that is remembered, the oldest first."""
        with self._changed:
            return list(self._jobs.values())

    def cancel(self, job: Job) -> None:
        """Stop a job or take it out of the queue; nothing if it is over."""
        with self._changed:
            if job in self._queue:
                self._queue.remove(job)
                job.state = "cancelled"
            elif job.state == "running":
                job.state = "stopping"
        job.child.stop()

    def check(self, recipe: Recipe, until: list[str], device: str) -> str | None:
        """Have the readers of an upload decode it now; what is wrong with it, or None.

        What they make is stored, so the run that follows does not decode it again.
        """
        child = Child()
        said: list[str] = []
        with self._changed:
            if self._closed:
                return "the studio is closing"
            self._checks.add(child)
        try:
            code = child.follow(
                self._request(recipe, device, self._files.folder, until),
                lambda message: said.append(message["failed"]) if "failed" in message else None,
            )
        finally:
            self._checks.discard(child)
        if code == 0:
            return None
        return in_words(said[0], self._files.labels()) if said else _ended(code)

    def close(self) -> None:
        """Stop everything; returns when no process is left."""
        with self._changed:
            self._closed = True
            self._queue.clear()
            children = [job.child for job in self._jobs.values()] + list(self._checks)
            self._changed.notify()
        for child in children:
            child.stop()
        for child in children:
            child.end()
        self._runner.join(timeout=5)

    # -- the runner's thread ---------------------------------------------------------------------

    def _run_all(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closed or self._queue)
                if self._closed:
                    return
                job = self._queue.popleft()
                job.state, job.began = "running", time.monotonic()
            self._run(job)

    def _run(self, job: Job) -> None:
        request = self._request(job.recipe, job.device, job.folder, [])
        code = self._follow(job, request)
        outcome: State
        with self._changed:
            job.seconds = time.monotonic() - (job.began or 0.0)
            if job.output or job.value:  # all but the report
                outcome = "done"
            elif job.state == "stopping":
                outcome = "cancelled"
            else:
                outcome = "done" if code == 0 else "failed"
            if outcome == "failed" and job.error is None:
                job.error = _ended(code)
            for stage in job.stages.values():
                stage.close(outcome)
            report_missing = outcome == "cancelled" and job.run_id and not self._closed
            if report_missing:
                job.child = Child()  # another, as the first one was told to end
        if report_missing:
            self._follow(job, {**request, "report": job.run_id})
        with self._changed:
            job.state = outcome

    def _follow(self, job: Job, request: Message) -> int:
        try:
            return job.child.follow(request, lambda message: self._take(job, message))
        except OSError as error:
            job.error = failure.explain(error)[0]
            return 1

    def _request(self, recipe: Recipe, device: str, folder: Path, until: list[str]) -> Message:
        files = {id: str(path) for id, path in self._files.paths().items()}
        return {
            "recipe": recipe.document, "files": files, "labels": self._files.labels(),
            "store": self._store, "device": device, "folder": str(folder), "until": until,
        }  # fmt: skip

    def _take(self, job: Job, message: Message) -> None:
        """Note one message of a job's child."""
        labels = self._files.labels()
        with self._changed:
            if "run" in message:
                job.run_id = message["run"]
            elif "report" in message:
                job.report = self._files.publish(Path(message["report"]), "report.html")
            elif job.state != "running":
                return
            elif "plan" in message:
                job.stages = {row[0]: Stage(*row) for row in message["plan"]}
                for name, seconds in message["past"].items():
                    if name in job.stages:
                        job.stages[name].time.past = seconds
            elif "event" in message:
                kind, step, *facts = message["event"]
                if step in job.stages:
                    facts = [in_words(f, labels) if isinstance(f, str) else f for f in facts]
                    job.stages[step].take(kind, facts)
            elif "failed" in message:
                job.error = in_words(message["failed"], labels)
            elif "done" in message:
                job.value = message["done"] or None
                if message["output"]:
                    path = Path(message["output"])
                    job.output = self._files.publish(path, f"talk{path.suffix}")

    def _forget_old(self) -> None:
        over = [job for job in self._jobs.values() if job.state in _OVER]
        for job in over[: max(0, len(over) - KEPT)]:
            del self._jobs[job.id]
            self._files.withdraw((job.output, job.report), job.folder)


def _ended(code: int) -> str:
    """What is said of a child that ended without a word."""
    if code < 0:
        return (
            f"the run was ended from outside (signal {-code}), perhaps for lack of memory; "
            "finished stages are kept: start it again"
        )
    return "the run ended without a word; the terminal of the studio may say more"
