"""How much is spent on a video, and whose refiner: the lists that graphs and command line read."""

from __future__ import annotations

from typing import Literal, get_args

Quality = Literal["draft", "standard", "best"]
QUALITIES: tuple[Quality, ...] = get_args(Quality)

Preset = Literal["ours", "paper"]
PRESETS: tuple[Preset, ...] = get_args(Preset)
