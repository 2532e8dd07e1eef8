"""Every decoder of what strangers wrote, fuzzed for minutes each."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from . import file_decoders, store_decoders, torch_decoder
from .fuzzing import KEPT, Decoder, Find, fuzz
from .row import Row, Setting
from .shares import WORKERS

DECODERS = (*store_decoders.DECODERS, *file_decoders.DECODERS, *torch_decoder.DECODERS)
SECONDS = 300.0
# These share five minutes by kind: the store's small files, archives, what comes over a wire.
SHARED = {"records": 100.0, "memos": 100.0, "lines": 100.0, "archives": 150.0, "exports": 150.0,
          "downloads": 150.0, "child_answers": 150.0, "torch_files": 150.0}  # fmt: skip


def fuzzed(setting: Setting) -> Iterator[Row]:
    """A row for each decoder; finds are kept in tests/data/fuzz/, where the tests take them up."""

    def hunt(decoder: Decoder) -> tuple[int, list[Find]]:
        seconds = SHARED.get(decoder.name, SECONDS) * setting.scale
        return fuzz(decoder, seconds=max(0.5, seconds), seed=setting.seed)

    with ThreadPoolExecutor(WORKERS) as pool:  # each waits for a process of its own
        for decoder, (done, finds) in zip(DECODERS, pool.map(hunt, DECODERS), strict=True):
            said = [f"{one.what} ({_placed(one, decoder)})" for one in finds]
            yield Row(f"fuzzing: {decoder.name}", done, done, said)


def _placed(find: Find, decoder: Decoder) -> Path:
    """Keep a find; where, from the project's root."""
    return find.save(KEPT / decoder.name).relative_to(KEPT.parents[2])
