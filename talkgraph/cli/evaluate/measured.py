"""Run a graph of scores over clips; print every clip, the mean, and who fares worst."""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import attrs

from talkgraph.cli import options
from talkgraph.cli.evaluate.choices import OneClip
from talkgraph.cli.failure import explain
from talkgraph.cli.progress import watcher
from talkgraph.cli.report import reporting_failure, write_page
from talkgraph.errors import InputError

if TYPE_CHECKING:
    from talkgraph.engine import Graph, Result
    from talkgraph.nodes.evaluate.head.talks import HeadTalk
    from talkgraph.nodes.evaluate.summary import ClipScores, Columns


def measure(args: argparse.Namespace, graph: Graph, clips: Sequence[OneClip]) -> int:
    """Run, print, write the page.

    Raises:
        TalkgraphError: why the only clip cannot be measured.
        InputError: none of several can be.
    """
    from talkgraph import models
    from talkgraph.cli.evaluate.text import text_of
    from talkgraph.nodes.evaluate.summary import SCORES, ClipScores, columns_of

    targets = [name for name in graph.steps if name.endswith(SCORES)]
    executor, store = options.executor_of(args), options.open_store(args)
    quiet = args.quiet or args.json
    with (
        models.use_device(args.device),
        reporting_failure(args.report, store, quiet=quiet),
        watcher(quiet=args.quiet, store=store, graph=graph.name) as watch,
    ):
        how: Any = {"store": store, "until": targets, "on_event": watch, "executor": executor}
        inputs = [clip.inputs for clip in clips]
        # One alone fails with its own error.
        results = [graph.run(inputs[0], **how)] if len(clips) == 1 else graph.map(inputs, **how)
    done: list[ClipScores] = []
    failed: dict[str, str] = {}
    whole: list[Result] = []
    for clip, result in zip(clips, results, strict=True):
        if result.error is not None:
            # The name stands before it; the folders of the user's files are nobody's business.
            paths = [f"{one}: " for one in clip.inputs.values()]
            why = explain(result.error)[0]
            failed[clip.name] = next((why[len(p) :] for p in paths if why.startswith(p)), why)
            continue
        found = columns_of({name: result[name] for name in targets})
        done.append(ClipScores(clip.name, clip.person, found))
        whole.append(result)
    if not done:
        raise InputError(f"none of {len(clips)} clips can be measured; {_first(failed)}")
    if "real_head" in graph.steps:
        done = with_strangers(done, [result["real_head"] for result in whole])
    pooled = _pooled(graph, whole, [one.person for one in done])
    if args.json:
        options.print_json(json_of(args.way, done, failed, pooled))
    else:
        print(text_of(args.way, done, pooled))
        for name, why in failed.items():
            print(f"{name} is left out: {why}", file=sys.stderr)
    write_page(args.report, store, results[0].run_id, quiet=quiet)
    return 0


def json_of(
    way: str,
    done: Sequence[ClipScores],
    failed: dict[str, str],
    pooled: dict[str, dict[str, float]],
) -> dict[str, Any]:
    """What `--json` prints."""
    from talkgraph.nodes.evaluate.summary import mean_of, worst_person

    worst = worst_person(done)
    return {
        "evaluate": way,
        "clips": [
            {"clip": one.clip, "person": one.person, "scores": _finite(one.columns)} for one in done
        ],
        "failed": failed,
        "mean": _finite(mean_of(done)),
        "pooled": _finite(pooled),
        "worst": None
        if worst is None
        else {"person": worst[0], "figure": worst[1], "value": worst[2]},
    }


def with_strangers(done: Sequence[ClipScores], heads: Sequence[HeadTalk]) -> list[ClipScores]:
    """The same with a column `stranger`: the real head of the next other person, put at the place
    of the own one; as it is where there is nobody else.
    """
    import numpy as np

    from talkgraph.nodes.evaluate import CompareHeadMotion
    from talkgraph.nodes.evaluate.head.similarity import at_place_of

    found = []
    for k, (clip, own) in enumerate(zip(done, heads, strict=True)):
        others = [j for j in (*range(k, len(done)), *range(k)) if done[j].person != clip.person]
        columns = dict(clip.columns)
        if others:
            stranger = heads[others[0]]
            moved = stranger.with_pose(np.asarray(at_place_of(stranger.pose, own.pose)))
            columns["stranger"] = CompareHeadMotion().run(moved, own).values
        found.append(attrs.evolve(clip, columns=columns))
    return found


def _finite(columns: Columns) -> dict[str, dict[str, float | None]]:
    """JSON knows neither infinity nor NaN."""
    return {
        column: {name: one if math.isfinite(one) else None for name, one in values.items()}
        for column, values in columns.items()
    }


def _pooled(
    graph: Graph, results: Sequence[Result], people: Sequence[str]
) -> dict[str, dict[str, float]]:
    """Figures of heads over all clips, by column, where there are heads and several clips."""
    from talkgraph.nodes.evaluate.head.pooled import pooled_figures

    heads = [name for name in graph.steps if name.endswith("_head") and name != "real_head"]
    if len(results) < 2 or "real_head" not in graph.steps:
        return {}
    real = [result["real_head"] for result in results]
    return {
        _column(name): pooled_figures([result[name] for result in results], real, people)
        for name in heads
    }


def _column(head: str) -> str:
    return "halves" if head == "learned_head" else head.removesuffix("_head")


def _first(failed: dict[str, str]) -> str:
    return next(f"{name}: {why}" for name, why in failed.items())
