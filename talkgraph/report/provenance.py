"""The foot of the page: inputs, models and licences, machine, versions, times."""

from __future__ import annotations

import time
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import attrs

from talkgraph.engine.declare.ports import signature
from talkgraph.errors import TalkgraphError
from talkgraph.report.format import duration
from talkgraph.report.markup import Html, table, tag
from talkgraph.report.overview import anchor, input_text
from talkgraph.report.run_values import RunValues

_PACKAGES = ("numpy", "onnxruntime", "onnxruntime-gpu", "torch", "av", "pillow", "scipy", "numba")


def provenance(values: RunValues) -> Html:
    """How the result came to be."""
    run = values.run
    inputs = [
        (name, input_text(one.text), tag("code", (one.digest or "")[:16]))
        for name, one in run.inputs.items()
    ]
    machine = run.machine
    rows = [
        ("run", run.run_id),
        ("graph", run.graph),
        ("asked for", ", ".join(run.targets)),
        ("marked as synthetic", _marks(values)),
        ("started", time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(run.started))),
        ("took", duration(run.seconds)),
        ("talkgraph", run.talkgraph),
        ("Python", run.python),
        ("packages when this page was written", _packages()),
        ("system", machine.get("system")),
        ("processor", machine.get("cpu")),
        ("GPU", machine.get("gpu") or "none"),
    ]
    parts = [tag("h2", "Provenance")]
    if inputs:
        parts += [
            tag("h3", "Inputs", id="inputs"),
            table(inputs, ("input", "value", "content (BLAKE3)")),
        ]
    models = _models(values)
    if models:
        parts += [
            tag("h3", "Models"),
            table(models, ("model", "what it is for", "licence", "source", "steps")),
        ]
    parts += [tag("h3", "Run"), table([(name, text) for name, text in rows if text])]
    parts.append(
        tag("p", "Synthetic video: mark it as such wherever you show it, and show nobody saying "
            "what they have not agreed to say.", class_="ethics")
    )  # fmt: skip
    return tag("section", *parts, id="provenance")


def _marks(values: RunValues) -> str:
    """By what the video that was made says that it is synthetic."""
    nodes = {step.node for step in values.run.steps.values()}
    if "write_video" not in nodes:
        return ""
    ways = (
        ("mark_frames", "invisible watermark"),
        ("state_origin", "metadata and, when published, credentials"),
        ("label_frames", "visible label"),
    )
    return ", ".join(words for node, words in ways if node in nodes) or "NOT marked"


def _packages() -> str:
    found = []
    for name in _PACKAGES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    return ", ".join(found)


def _models(values: RunValues) -> list[tuple[Any, ...]]:
    """Values that carry a licence: networks, as they were loaded or trained, and face models."""
    from talkgraph import models

    purposes = {status.name: status.purpose for status in models.status()}
    rows: list[tuple[Any, ...]] = []
    for step in values.run.steps:
        if not _licensed(values.node_class(step)):
            continue
        try:
            value = values[step]
        except (TalkgraphError, OSError):
            continue
        facts = getattr(value, "facts", None) or {}
        licence = getattr(value, "licence", None) or facts.get("licence")
        if isinstance(licence, str) and licence:
            name = getattr(value, "name", None) or facts.get("name") or step
            what = facts.get("kind", "3D face model" if not facts else "")
            source = facts.get("source", f"result of {step}")
            rows.append((name, purposes.get(name, what), licence, source, _links([step])))
    return rows


def _licensed(node: type | None) -> bool:
    """Whether what a node makes can carry a licence."""
    output = None if node is None else signature(node).output
    if not (isinstance(output, type) and attrs.has(output)):
        return False
    return any(field.name in ("facts", "licence") for field in attrs.fields(output))


def _links(names: list[str]) -> Html:
    links = [tag("a", name, href=f"#{anchor(name)}") for name in names]
    return tag("span", *(part for link in links for part in (link, " ")))
