"""Puts a finished video under the user's name, with all that it should say of itself."""

from __future__ import annotations

from pathlib import Path

import attrs

from talkgraph.cache.files import File
from talkgraph.cache.store import Store
from talkgraph.engine import Result
from talkgraph.engine.history import run_records
from talkgraph.engine.history.run_records import RunRecord
from talkgraph.errors import TalkgraphError
from talkgraph.nodes.media.boxes import is_mp4
from talkgraph.nodes.media.credentials import Identity, local_identity, manifest, sign
from talkgraph.nodes.media.provenance_box import describe, provenance_box
from talkgraph.nodes.media.save import save
from talkgraph.nodes.values import Origin

_ORIGIN, _WATERMARK = "state_origin", "mark_frames"  # ids of nodes


@attrs.frozen
class Marks:
    """By what a published file can be known as synthetic.

    watermark: whether an invisible one is in the pictures.
    signed_by: whose credentials it carries; None if it has none.
    local: whether nobody but this machine vouches for that name.
    """

    watermark: bool
    signed_by: str | None = None
    local: bool = False

    def __str__(self) -> str:
        """In words, for a log."""
        if self.signed_by is None:
            return "watermark, no credentials" if self.watermark else "not marked as synthetic"
        who = f"credentials signed by '{self.signed_by}'"
        who += ", whom nobody vouches for" if self.local else ""
        return f"watermark, {who}" if self.watermark else f"no watermark, {who}"


def publish(
    result: Result,
    path: str | Path,
    store: Store,
    *,
    metadata: bool = True,
    identity: Identity | None = None,
    time_stamp: str | None = None,
) -> Marks:
    """Put the file that a run made at `path`, whole or not at all.

    A video whose graph states its origin (`state_origin`) is signed, in the name of `identity`.
    That is no node: a signature is different each time, speaks of the run as a whole, and needs a
    private key, and nothing secret goes into a step, its key or the store.

    Args:
        metadata: also tell how it was made (`provenance_of`).
        identity: whose certificate signs; default: one of this machine.
        time_stamp: URL of an authority (RFC 3161) that states when it was signed.

    Raises:
        InputError: as `save`, `sign` and `local_identity` say.
        StoreError: the disk is full.
    """
    file: File = result.output
    path, graph = Path(path), result.graph
    run = _record(store, result.run_id)
    told = describe(file, run, graph, store) if metadata and run is not None else None
    box = b"" if told is None else provenance_box(told)
    nodes = {
        graph.steps[name].node.node_id: name
        for name in graph.needed_for([graph.output] if run is None else run.targets)
    }
    marks = Marks(watermark=_WATERMARK in nodes)
    if _ORIGIN not in nodes or not is_mp4(file.path):
        save(file, path, box)
        return marks
    origin: Origin = result[nodes[_ORIGIN]]
    signer = identity or local_identity()
    claim = manifest(path.name, origin, watermarked=marks.watermark, provenance=told)
    with store.scratch() as scratch:
        whole, signed = scratch / "whole.mp4", scratch / "signed.mp4"
        save(file, whole, box)
        sign(whole, signed, claim, signer, time_stamp)
        save(File(signed), path)
    return attrs.evolve(marks, signed_by=signer.name, local=signer.local)


def _record(store: Store, run_id: str) -> RunRecord | None:
    """What is known of the run; a store that cannot be written keeps nothing."""
    try:
        return run_records.find(store, run_id)
    except TalkgraphError:
        return None
