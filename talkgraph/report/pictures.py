"""Pictures in the page: samples of a clip, drawings over pictures, before and after."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from talkgraph.cache.frames import Frames, Pictures
from talkgraph.report.markup import Html, figure, tag

SIDE = 256  # px; the longer side of a sample
QUALITY = 84
_SQUARE = 16  # px of the chequered ground behind what is transparent


def picture_of(
    pixels: Pictures, *, alt: str, side: int | None = None, lossless: bool = False
) -> Html:
    """`<img>` of `pixels [shape=(H, W, C), uint8]`, C = 1, 3 or 4, shrunk to `side` px."""
    address, width, height = picture_data(pixels, side=side, lossless=lossless)
    return tag("img", src=address, alt=alt, width=width, height=height, decoding="async")


def picture_data(
    pixels: Pictures, *, side: int | None = None, lossless: bool = False
) -> tuple[str, int, int]:
    """A picture as a data address, with its width and height."""
    from PIL import Image

    pixels = np.asarray(pixels)
    if pixels.ndim == 3 and pixels.shape[2] == 4:
        pixels = on_chequers(pixels)
    if pixels.ndim == 3 and pixels.shape[2] == 1:
        pixels = pixels[..., 0]
    image = Image.fromarray(np.ascontiguousarray(pixels))
    if side is not None and max(image.size) > side:
        image.thumbnail((side, side), Image.Resampling.LANCZOS)
    stream = io.BytesIO()
    if lossless:
        image.save(stream, "PNG", optimize=True)
    else:
        image.save(stream, "JPEG", quality=QUALITY)
    kind = "png" if lossless else "jpeg"
    data = base64.b64encode(stream.getvalue()).decode()
    return f"data:image/{kind};base64,{data}", image.width, image.height


def on_chequers(pixels: Pictures) -> Pictures:
    """RGBA over a chequered ground, `[shape=(H, W, 3), uint8]`."""
    height, width = pixels.shape[:2]
    cells = (np.arange(height)[:, None] // _SQUARE + np.arange(width) // _SQUARE) % 2
    ground = np.where(cells[..., None], 225.0, 250.0)
    share = pixels[..., 3:].astype(np.float32) / 255
    return np.rint(ground + share * (pixels[..., :3] - ground)).astype(np.uint8)


def sampled(count: int, most: int) -> list[int]:
    """At most `most` indices below `count`, evenly spread, away from both ends."""
    if count <= most:
        return list(range(count))
    return [int((k + 0.5) * count / most) for k in range(most)]


def strip(
    frames: Frames, caption: str, *, fps: float | None = None, most: int = 4, side: int = SIDE
) -> Html:
    """A few frames of a clip, evenly spread, each with its time."""
    if frames.once:
        return tag("p", "Frames that can be read only once are not looked at.", class_="empty")
    shots = [
        (picture_of(frames[k], alt=f"frame {k}", side=side), moment(k, fps))
        for k in sampled(len(frames), most)
    ]
    return side_by_side(shots, caption)


def side_by_side(shots: Sequence[tuple[Html, str]], caption: str, kind: str = "strip") -> Html:
    """Pictures in a row, each with its line; a single one needs none but the whole's."""
    if len(shots) == 1:
        return figure(shots[0][0], caption)
    return figure(tag("div", *(figure(*shot) for shot in shots), class_=kind), caption)


def moment(frame: int, fps: float | None) -> str:
    """When a frame is shown."""
    return f"frame {frame}" if not fps else f"{(frame + 0.5) / fps:.2f} s"


def overlaid(picture: Html, size: tuple[int, int], shapes: Sequence[Html]) -> Html:
    """SVG shapes in px of a picture of `size` (width, height), drawn over it."""
    drawing = tag("svg", *shapes, viewBox=f"0 0 {size[0]} {size[1]}", aria_hidden="true")
    return tag("div", picture, drawing, class_="over")


def dots(points: NDArray[np.floating], kind: str = "dots") -> Html:
    """Points `[shape=(n, 2)]` in px as one path of round dots."""
    return tag("path", d="".join(f"M{x:.1f} {y:.1f}h0" for x, y in points.tolist()), class_=kind)


def edges(points: NDArray[np.floating], pairs: NDArray[np.integer], kind: str = "mesh") -> Html:
    """Lines between points `[shape=(n, 2)]`, for `pairs [shape=(m, 2)]` of them, as one path."""
    ends = np.round(points[pairs], 1).tolist()
    return tag(
        "path", d="".join(f"M{a:g} {b:g}L{c:g} {d:g}" for (a, b), (c, d) in ends), class_=kind
    )


def box(left: float, top: float, width: float, height: float, kind: str = "box") -> Html:
    """A rectangle in px."""
    sides = {"x": left, "y": top, "width": width, "height": height}
    return tag("rect", **{k: round(v, 1) for k, v in sides.items()}, class_=kind)


def wipe(before: Pictures, after: Pictures, caption: str, names: tuple[str, str]) -> Html:
    """Two pictures of one size, one over the other, with a slider between them."""
    label = f"how much of the picture shows {names[1]}"
    content = tag(
        "div",
        tag("div", picture_of(before, alt=names[0]), class_="under"),
        tag("div", picture_of(after, alt=names[1]), class_="upper"),
        tag("span", names[0], class_="name left"),
        tag("span", names[1], class_="name right"),
        tag("input", type="range", min=0, max=100, value=50, step=1, aria_label=label),
        class_="wipe",
    )
    return figure(content, caption)
