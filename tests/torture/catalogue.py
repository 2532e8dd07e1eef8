"""All torture tests, by name."""

from __future__ import annotations

from tests.torture import (
    corruption,
    crowd,
    decoders,
    faults,
    hostile_media,
    interleaved,
    kills,
    planted,
    power,
    remote_faults,
    sudden,
)
from tests.torture.dask_kills import dask_kills
from tests.torture.row import Test

TESTS: dict[str, Test] = {
    "kills": kills.everywhere,
    "puts": sudden.puts,
    "resumes": sudden.resumes,
    "power": power.cuts,
    "faults": faults.everywhere,
    "recovery": faults.recovery,
    "corruption": corruption.damaged_results,
    "bytes": corruption.changed_bytes,
    "crowd": crowd.crowd,
    "interleaved": interleaved.everywhere,
    "fuzz": decoders.fuzzed,
    "media": hostile_media.hostile_media,
    "planted": planted.planted,
    "dask": dask_kills,
    "network": remote_faults.faults,
    "uploads": remote_faults.kills,
}
