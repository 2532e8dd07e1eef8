"""High dynamic range and wide gamut as they are shown on an ordinary screen.

HLG and PQ become light by ITU-R BT.2100 (for a screen of 1000 cd/m2), reference white at 203 cd/m2
(BT.2408) becomes the white of an ordinary picture, what is brighter is compressed into its last
few levels, and colours go from the primaries of the video to those of BT.709.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

Light = NDArray[np.float64]

# Numbers of ITU-T H.273.
PQ, HLG, LINEAR = 16, 18, 8
BT2020, DCI_P3, DISPLAY_P3 = 9, 11, 12
_CURVES = {PQ: "PQ", HLG: "HLG", LINEAR: "linear light"}
_GAMUTS = {BT2020: "BT.2020", DCI_P3: "DCI-P3", DISPLAY_P3: "Display P3"}
_XY = {  # x and y of red, green, blue and white
    1: ((0.640, 0.330), (0.300, 0.600), (0.150, 0.060), (0.3127, 0.3290)),
    BT2020: ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046), (0.3127, 0.3290)),
    DCI_P3: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), (0.3127, 0.3290)),
    DISPLAY_P3: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), (0.3127, 0.3290)),
}
_GAMMA = 2.4  # of an ordinary screen, BT.1886
_WHITE = 203.0  # cd/m2
_PEAK = 1000.0  # cd/m2, of the screen that HLG is meant for
_KNEE = 0.93  # of the picture's range; what is brighter is compressed
_POINTS = 49  # along each side of the table


class Converter:
    """Frames of one video to RGB of 16 bits with the primaries and the curve of BT.709.

    Args:
        curve, primaries: numbers of ITU-T H.273.
        folder: takes the table.
    """

    def __init__(self, curve: int, primaries: int, folder: Path) -> None:
        self._table = folder / "colours.cube"
        self._table.write_text(cube(curve, primaries), encoding="ascii")
        self._graph: Any = None
        self._like: tuple[int, int] = (0, 0)

    def __call__(self, frame: Any, matrix: int, span: int) -> Any:
        """Convert a frame with this matrix and range."""
        deep = frame.reformat(
            format="gbrp16le", src_colorspace=matrix, src_color_range=span, dst_color_range=2
        )
        if self._like != (deep.width, deep.height):
            self._graph = self._make(deep)
            self._like = deep.width, deep.height
        deep.pts, deep.time_base = 0, Fraction(1, 25)
        self._graph.push(deep)
        done = self._graph.pull()
        done.colorspace, done.color_range = 0, 2  # RGB, full
        return done

    def _make(self, frame: Any) -> Any:
        graph = av.filter.Graph()
        source = graph.add_buffer(
            width=frame.width,
            height=frame.height,
            format=frame.format.name,
            time_base=Fraction(1, 25),
        )
        table = graph.add("lut3d", file=str(self._table), interp="tetrahedral")
        sink = graph.add("buffersink")
        source.link_to(table)
        table.link_to(sink)
        graph.configure()
        return graph


def converter(frame: Any, folder: Path) -> tuple[Converter, str] | None:
    """The conversion that a frame's colour tags ask for and a note about it; None if none."""
    curve, primaries = int(frame.color_trc), int(frame.color_primaries)
    if curve not in _CURVES and primaries not in _GAMUTS:
        return None
    if curve in (PQ, HLG) and primaries not in _XY:
        primaries = BT2020
    told = ", ".join(
        name for name in (_CURVES.get(curve), _GAMUTS.get(primaries)) if name is not None
    )
    note = f"the video's wide range of colours ({told}) is converted to that of an ordinary screen"
    if curve in (PQ, HLG):
        note = (
            f"the video is in high dynamic range ({told}) and is converted to an ordinary one: "
            f"white lies at {_WHITE:g} cd/m2, what is brighter is compressed"
        )
    return Converter(curve, primaries, folder), note


def cube(curve: int, primaries: int) -> str:
    """The conversion as a table of the format .cube, red running fastest."""
    steps = np.linspace(0.0, 1.0, _POINTS)
    blue, green, red = np.meshgrid(steps, steps, steps, indexing="ij")
    out = ordinary(np.stack([red, green, blue], -1).reshape(-1, 3), curve, primaries)
    rows = "\n".join(f"{r:.6f} {g:.6f} {b:.6f}" for r, g, b in out)
    return f"LUT_3D_SIZE {_POINTS}\n{rows}\n"


def ordinary(coded: Light, curve: int, primaries: int) -> Light:
    """Coded values `[shape=(n, 3)]` in [0, 1] of the video as those of BT.709, in [0, 1]."""
    light = _light.get(curve, _screen)(coded)
    if primaries in _XY:
        light = light @ (np.linalg.inv(_to_xyz(1)) @ _to_xyz(primaries)).T
    shown = np.clip(light, 0, None) ** (1 / _GAMMA)
    brightest = shown.max(1, keepdims=True)
    over = np.maximum(brightest - _KNEE, 0) / (1 - _KNEE)
    pressed = np.where(over > 0, _KNEE + (1 - _KNEE) * -np.expm1(-over), brightest)
    if curve not in (PQ, HLG):
        return np.clip(shown, 0, 1)
    return np.asarray(np.clip(shown * pressed / np.maximum(brightest, 1e-9), 0, 1))


def _hlg(coded: Light) -> Light:
    """BT.2100, table 5: to scene light, then to that of the screen; 1 is reference white.

    The screen's gamma of 1.2 acts on each channel, not on luminance: so an ordinary camera and
    screen act together, and colours are as saturated as theirs.
    """
    a = 0.17883277
    b, c = 1 - 4 * a, 0.5 - a * np.log(4 * a)
    scene = np.where(coded <= 0.5, coded**2 / 3, (np.exp((coded - c) / a) + b) / 12)
    return np.asarray(scene**1.2 * (_PEAK / _WHITE))


def _pq(coded: Light) -> Light:
    """BT.2100, table 4; 1 is reference white."""
    m1, m2, c1, c2, c3 = 0.1593017578125, 78.84375, 0.8359375, 18.8515625, 18.6875
    root = coded ** (1 / m2)
    return np.asarray((np.maximum(root - c1, 0) / (c2 - c3 * root)) ** (1 / m1) * (10000 / _WHITE))


def _screen(coded: Light) -> Light:
    return np.asarray(coded**_GAMMA)


_light: dict[int, Callable[[Light], Light]] = {PQ: _pq, HLG: _hlg, LINEAR: np.asarray}


def _to_xyz(primaries: int) -> Light:
    """The matrix from linear RGB of these primaries to XYZ (SMPTE RP 177)."""
    *rgb, white = (np.array([x / y, 1.0, (1 - x - y) / y]) for x, y in _XY[primaries])
    columns = np.stack(rgb, 1)
    return np.asarray(columns * np.linalg.solve(columns, white))
