"""What is claimed of a video: what made it, of what, and how."""

from __future__ import annotations

from typing import Any

import attrs

from talkgraph.nodes.media.provenance import Provenance
from talkgraph.nodes.values import Origin
from talkgraph.version import __version__

LINEAGE = "talkgraph.lineage"  # label of the assertion that holds a run's provenance
GENERATOR = "talkgraph"


def manifest(
    title: str, origin: Origin, *, watermarked: bool, provenance: Provenance | None
) -> dict[str, Any]:
    """The claim as c2pa-python takes it (C2PA 2.1, sections 10 and 18).

    Args:
        title: the file's name.
        watermarked: whether an invisible watermark is in the pictures.
        provenance: of the run that made it; None tells nothing of inputs and steps.
    """
    agent = {"name": GENERATOR, "version": __version__}
    actions = [
        {"action": "c2pa.created", "digitalSourceType": origin.uri, "softwareAgent": agent},
        *([{"action": "c2pa.watermarked.unbound", "softwareAgent": agent}] if watermarked else []),
    ]
    assertions = [{"label": "c2pa.actions.v2", "data": {"actions": actions}}]
    ingredients = []
    if provenance is not None:
        assertions.append({"label": LINEAGE, "data": attrs.asdict(provenance)})
        ingredients = [
            {"title": text, "relationship": "inputTo", "instance_id": f"blake3:{digest}"}
            for text, digest in provenance.inputs.values()
            if digest
        ]
    return {
        "claim_generator_info": [agent],
        "title": title,
        "format": "video/mp4",
        "assertions": assertions,
        "ingredients": ingredients,
    }
