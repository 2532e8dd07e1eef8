"""Contact sheets of photo.py: a row of frames per way, and the page of all sheets."""

from __future__ import annotations

import base64
import html
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

Pictures = NDArray[np.uint8]
CELL, LABEL, COLUMNS = 192, 90, 7  # px, px, frames of a row


def sheet(rows: Mapping[str, Pictures], columns: int = COLUMNS) -> Image.Image:
    """Frames spread evenly over each row `[shape=(T, S, S, 3), uint8]`, with the row's name."""
    count = min(columns, *(len(frames) for frames in rows.values()))
    page = Image.new("RGB", (LABEL + count * CELL, len(rows) * CELL), "white")
    draw = ImageDraw.Draw(page)
    for row, (name, frames) in enumerate(rows.items()):
        draw.text((4, row * CELL + CELL // 2), name, fill="black")
        for column, at in enumerate(np.linspace(0, len(frames) - 1, count).round().astype(int)):
            cell = Image.fromarray(frames[at]).resize((CELL, CELL), Image.Resampling.LANCZOS)
            page.paste(cell, (LABEL + column * CELL, row * CELL))
    return page


def page(sheets: list[Path]) -> str:
    """One HTML page of all sheets, each under its file's name."""
    parts = ["<!doctype html><meta charset=utf-8><title>Photo mode and the keypoint field</title>"]
    for file in sheets:
        data = base64.b64encode(file.read_bytes()).decode()
        parts.append(f"<h2>{html.escape(file.stem)}</h2><img src='data:image/png;base64,{data}'>")
    return "\n".join(parts)
