"""Processor time of the stages that make a picture, each run by itself on what came before it."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from photo_field import FIELD, RENDERED

from talkgraph.cache.files import File
from talkgraph.cache.frames import Frames
from talkgraph.engine import Graph, Result
from talkgraph.nodes.keypoint_field import DenseMotion, GenerateFrames
from talkgraph.nodes.values import OnnxModel

ROUNDS = 3  # the quickest counts: what else runs only ever adds
FEW = 4  # frames of the published size, of which each takes seconds


def cost(rendered: Graph, field: Graph, start: Mapping[str, Any], store: Any) -> dict[str, Any]:
    """ms of a processor per frame for every stage of both pictures, and of published networks.

    Args:
        start: `clip`, `track`, `fit` and `motion` of `benchmarks/photo.py`.
    """
    counted = len(start["motion"].expression)
    ways = {}
    for way, graph, steps in (("photo", rendered, RENDERED), ("field", field, FIELD)):
        first = before(graph, steps) - set(start)
        made = graph.run({}, store=store, given=start, until=tuple(sorted(first)))
        ways[way] = stages(graph, steps, {**{one: made[one] for one in first}, **start}, counted)
        if way == "field":
            plain = graph.with_params(frames={"detail": 0.0})
            known = {**{one: made[one] for one in first}, **start}
            ways["field, 256 px"] = stages(plain, steps, known, counted)
            published = published_size(made, start)
    return {
        "size": start["clip"].frames.shape[0],
        "frames": counted,
        "load": round(os.getloadavg()[0], 1),
        "ms": ways,
        "published_ms": published,
    }


def before(graph: Graph, steps: Sequence[str]) -> set[str]:
    """The steps that others read, themselves not among them."""
    sources = [source for step in steps for source in graph.steps[step].sources.values()]
    return {source.partition(".")[0] for source in sources} - set(steps)


def stages(
    graph: Graph, steps: Sequence[str], known: Mapping[str, Any], frames: int
) -> dict[str, float]:
    """ms per frame of each of `steps`, whose sources are earlier ones or `known`."""
    values, found = dict(known), {}
    for step in steps:
        node, sources = graph.steps[step].node, graph.steps[step].sources
        ports = {port: at(values, source) for port, source in sources.items()}
        seconds, values[step] = timed(lambda node=node, ports=ports: node.run(**ports))
        found[step] = round(1e3 * seconds / frames, 2)
    return found


def at(values: Mapping[str, Any], source: str) -> Any:
    """A step's value, or a part of it."""
    step, _, part = source.partition(".")
    return getattr(values[step], part) if part else values[step]


def timed(run: Callable[[], Any]) -> tuple[float, Any]:
    """The least processor time of some runs, frames drawn, and what was made."""
    seconds = []
    for _ in range(ROUNDS):
        began = time.process_time()
        made = run()
        if isinstance(made, Frames):
            made = Frames.from_array(made.array())
        seconds.append(time.process_time() - began)
    return min(seconds), made


def published_size(made: Result, start: Mapping[str, Any]) -> dict[str, float]:
    """ms per frame of networks as large as the published ones, with weights that say nothing."""
    import torch

    from talkgraph.models.audio2head.generator import DenseMotion as Network
    from talkgraph.models.audio2head.generator import Generator
    from talkgraph.models.audio2head.published import EXPORTS

    keypoints = made["source"].position.shape[1]
    torch.manual_seed(0)
    network = Generator(keypoints=keypoints).eval()
    network.dense_motion_network = Network(keypoints).eval()
    found: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        files = {}
        for name in ("dense-motion", "generator"):
            file = Path(folder) / f"{name}.onnx"
            file.write_bytes(EXPORTS[f"audio2head-{name}"].write(network, {}, keypoints=keypoints))
            files[name] = OnnxModel(file=File(file), facts={})
        still = _still(made["source"], FEW)
        clip = start["clip"]
        seconds, field = timed(
            lambda: DenseMotion().run(clip, made["source"], still, files["dense-motion"])
        )
        found["field"] = round(1e3 * seconds / FEW, 1)
        seconds, _ = timed(lambda: GenerateFrames().run(clip, field, files["generator"]))
        found["frames"] = round(1e3 * seconds / FEW, 1)
    return found


def _still(source: Any, frames: int) -> Any:
    """Keypoints that stay where they are."""
    import attrs

    return attrs.evolve(
        source,
        position=np.repeat(source.position[:1], frames, axis=0),
        jacobian=np.repeat(source.jacobian[:1], frames, axis=0),
    )
