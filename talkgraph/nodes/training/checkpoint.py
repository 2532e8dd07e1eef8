"""The state of a training that can be cut off and gone on with, as a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch


def write_checkpoint(state: dict[str, Any], path: Path) -> None:
    """Write tensors and plain values; whoever reads finds the last whole state."""
    half = path.with_name(f".{path.name}.half")
    torch.save(state, half)
    half.replace(path)


def read_checkpoint(path: Path) -> dict[str, Any]:
    """Read what `write_checkpoint` wrote; nothing in it is executed."""
    state: dict[str, Any] = torch.load(path, weights_only=True)
    return state
