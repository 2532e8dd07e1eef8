"""How near a refiner comes to people whom no training saw."""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import numpy as np
import torch

from talkgraph.nodes.refine.general.examples import Example
from talkgraph.nodes.refine.network import Generator, blend
from talkgraph.nodes.refine.temporal_window import WINDOW
from talkgraph.nodes.values import Floats


@attrs.frozen(kw_only=True)
class Score:
    """Of one clip, means over its moments: PSNR (dB) in the face's and the mouth's mask, and
    detail there (mean absolute Laplacian over that of the real frame), before and after."""

    name: str
    person: str
    face: tuple[float, float]
    mouth: tuple[float, float]
    detail: tuple[float, float]


def scores_of(generator: Generator, examples: Sequence[Example]) -> list[Score]:
    """A `Score` of every clip."""
    return [_score(generator, example) for example in examples]


def _score(generator: Generator, example: Example) -> Score:
    found: dict[str, list[tuple[float, float]]] = {"face": [], "mouth": [], "detail": []}
    for rendered, real, face, mouth in zip(
        example.rendered, example.real, example.face, example.mouth, strict=True
    ):
        shown = rendered[-WINDOW:].astype(np.float32) / np.float32(127.5) - np.float32(1)
        window = torch.from_numpy(shown.transpose(0, 3, 1, 2).reshape(1, -1, *shown.shape[1:3]))
        with torch.no_grad():
            masks = generator(window, torch.from_numpy(example.identity[None]))
            made = blend(window[:, -3:], *masks)[0].numpy().transpose(1, 2, 0)
        refined = np.clip((made + 1) * np.float32(127.5), 0, 255)
        truth, before = real[-1].astype(np.float32), rendered[-1].astype(np.float32)
        for name, mask in (("face", face), ("mouth", mouth)):
            pair = (_psnr(before, truth, mask > 127), _psnr(refined, truth, mask > 127))
            found[name].append(pair)
        wanted = _detail(truth, mouth > 127)
        found["detail"].append(
            (_detail(before, mouth > 127) / wanted, _detail(refined, mouth > 127) / wanted)
        )
    means = {name: np.mean(pairs, axis=0).tolist() for name, pairs in found.items()}
    return Score(
        name=example.name, person=example.person, **{n: (m[0], m[1]) for n, m in means.items()}
    )


def _psnr(made: Floats, real: Floats, mask: Floats) -> float:
    return float(10 * np.log10(255**2 / max(float(((made - real)[mask] ** 2).mean()), 1e-3)))


def _detail(picture: Floats, mask: Floats) -> float:
    grey = picture.mean(axis=2)
    laplacian = np.zeros_like(grey)
    laplacian[1:-1, 1:-1] = np.abs(
        grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:] - 4 * grey[1:-1, 1:-1]
    )
    return max(float(laplacian[mask].mean()), 1e-6)
