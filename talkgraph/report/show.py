"""How any value is shown: by its preview where there is one, else by what it consists of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import attrs
import numpy as np

from talkgraph.cache.files import File
from talkgraph.cache.frames import Frames
from talkgraph.display import Look, Scene, look_of
from talkgraph.report.curves import Series, heat_map, histogram, line_chart
from talkgraph.report.format import bounded, size_text
from talkgraph.report.markup import Html, facts, figure, join, table, tag
from talkgraph.report.pictures import picture_of, strip

ROWS = 40  # of a dict or list
LETTERS = 2000  # of a text
DEPTH = 3  # of values within values
_CURVES = 6  # columns of an array that are drawn as curves


def shown(value: Any, scene: Scene, node: type | None = None) -> Html:
    """A value as HTML; a preview that fails says so and costs nothing but itself.

    Args:
        node: the class of the node that made it, whose preview goes first.
    """
    look = look_of(*([node] if node is not None else []), type(value)) or by_parts
    return join(_guarded(look, value, scene))


def _guarded(look: Look, value: Any, scene: Scene) -> Iterator[Any]:
    try:
        yield from look(value, scene)
    except Exception as error:  # anybody's code, and values of any kind
        reason = bounded(f"{type(error).__name__}: {error}", 300)
        yield tag("p", f"Its picture could not be made ({reason}).", class_="empty")


def by_parts(value: Any, scene: Scene) -> Iterator[Html]:
    """What can be shown of any value: numbers as curves or pictures, fields one by one."""
    yield from _parts(value, scene, 0)


def _parts(value: Any, scene: Scene, depth: int) -> Iterator[Html]:
    if isinstance(value, np.ndarray):
        yield from array(value)
    elif isinstance(value, Frames):
        yield facts(frames=len(value), size=size_of(value))
        yield strip(value, "Sampled frames")
    elif isinstance(value, File):
        yield facts(file=value.path.name, size=size_text(value.path.stat().st_size))
    elif isinstance(value, Mapping | list | tuple) and depth < DEPTH:
        yield from _items(value, scene, depth)
    elif attrs.has(type(value)) and depth < DEPTH:
        for field in attrs.fields(type(value)):
            part = getattr(value, field.name)
            look = look_of(type(part))
            inner = _guarded(look, part, scene) if look else _parts(part, scene, depth + 1)
            yield tag("div", tag("h4", field.name), *inner, class_="field")
    elif isinstance(value, str):
        yield tag("p", bounded(value, LETTERS) or "empty", class_="value" if value else "empty")
    else:
        yield tag("p", bounded(_repr(value), LETTERS), class_="value")


def _items(value: Any, scene: Scene, depth: int) -> Iterator[Html]:
    pairs = list(value.items() if isinstance(value, Mapping) else enumerate(value))
    plain = all(isinstance(item, str | int | float | bool | None) for _, item in pairs)
    if plain:
        rows = [(bounded(str(key), 80), bounded(str(item), 300)) for key, item in pairs[:ROWS]]
        yield table(rows) if rows else tag("p", "empty", class_="empty")
    else:
        for key, item in pairs[:8]:
            inner = _parts(item, scene, depth + 1)
            yield tag("div", tag("h4", bounded(str(key), 80)), *inner, class_="field")
    left = len(pairs) - (ROWS if plain else 8)
    if left > 0:
        yield tag("p", f"and {left} more", class_="empty")


def array(value: np.ndarray[Any, Any], name: str = "values") -> Iterator[Html]:
    """Shape, type and range of an array, and a drawing that suits its shape."""
    shape = " × ".join(map(str, value.shape)) or "one number"
    numbers = value.dtype.kind in "biuf" and value.size > 0
    sample = thinned(value) if numbers else value
    finite = sample[np.isfinite(sample)] if numbers else sample
    low_high = None
    if numbers and finite.size:
        low_high = f"{finite.min():.4g} to {finite.max():.4g}"
    yield facts(shape=shape, type=str(value.dtype), range=low_high)
    if low_high is None and value.dtype.kind in "biuf":
        said = "no finite number" if value.size else "empty"
        yield tag("p", said, class_="empty")
    if low_high is None or value.size < 2:
        return
    if value.ndim == 3 and value.shape[2] in (1, 3, 4) and value.dtype == np.uint8:
        yield figure(picture_of(value, alt=name, side=512), name)
        return
    if value.ndim == 1 or (value.ndim == 2 and value.shape[1] <= _CURVES < value.shape[0]):
        columns = value[:, None] if value.ndim == 1 else value
        lines = [Series(f"{name} {k}", columns[:, k]) for k in range(columns.shape[1])]
        yield line_chart(lines, f"{name}, by row", x_unit="")
    elif value.ndim == 2 and min(value.shape) > 1:
        step = max(1, len(value) // 1000)
        rows = value[::step, :512]
        yield heat_map(rows.T if len(rows) > rows.shape[1] else rows, f"{name}, as a map")
    yield histogram(sample, f"How often each of the {name} occurs")


def thinned(value: np.ndarray[Any, Any], most: int = 200_000) -> np.ndarray[Any, Any]:
    """About `most` numbers of an array, evenly spread, without reading the rest of a mapped one."""
    flat = value.reshape(-1) if value.flags.c_contiguous else value.ravel()
    step = max(1, flat.size // most)
    return np.asarray(flat[::step])


def size_of(frames: Frames) -> str:
    """Width, height and kind of the pictures."""
    height, width, channels = frames.shape
    kind = {1: "grey", 3: "RGB", 4: "RGBA"}.get(channels, f"{channels} channels")
    return f"{width} × {height} px, {kind}"


def _repr(value: Any) -> str:
    try:
        return repr(value)
    except Exception as error:  # anybody's repr
        return f"a {type(value).__name__} that cannot be written ({type(error).__name__})"
