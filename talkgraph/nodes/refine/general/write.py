"""The general refiner as a file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from talkgraph.nodes.refine.export import export
from talkgraph.nodes.refine.general.examples import Example
from talkgraph.nodes.refine.general.training import GeneralTraining
from talkgraph.nodes.refine.network import Generator


def write_general(
    generator: Generator,
    path: Path,
    settings: GeneralTraining,
    examples: Sequence[Example],
    *,
    licence: str,
) -> None:
    """Write ONNX with the facts that `train_refiner` asks for at its port `general`.

    Raises:
        ModelError: onnxruntime and torch differ.
    """
    import onnx

    difference = export(generator, path, settings.size, len(examples[0].identity))
    model = onnx.load(str(path))
    people = len({example.person for example in examples})
    onnx.helper.set_model_props(
        model,
        {
            "kind": "refiner",
            "size": str(settings.size),
            "network": "compact",
            "width": str(settings.width),
            "stem": str(settings.stem),
            "levels": str(settings.levels),
            "residual": "true",
            "normed": "false",
            "trained": f"{settings.steps} steps of {settings.batch} on {len(examples)} clips of"
            f" {people} people, seed {settings.seed}",
            "licence": licence,
            "parity": f"{difference:.1e} to PyTorch",
        },
    )
    onnx.save(model, str(path))
