"""The checkpoint of Audio2Head as five ONNX files, each held against torch."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import attrs
import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from talkgraph.errors import ModelError
from talkgraph.models.audio2head.blocks import COARSE, SIZE
from talkgraph.models.audio2head.detector import KeypointDetector
from talkgraph.models.audio2head.generator import Generator
from talkgraph.models.audio2head.head_pose import STATE, HeadPose
from talkgraph.models.audio2head.predictor import FRAMES, KeypointPredictor
from talkgraph.models.onnx_writer import OPSET

PARITY = 1e-3
"""Of values that are of the order of 1; of head poses, in units of their range. Sums in another
order differ by up to 2e-4 after the softmax, which sharpens tenfold; mistakes by more than 1e-2."""

FEATURES = (4, 41)  # rows and numbers per frame
Tensors = Mapping[str, NDArray[np.generic]]
Example = Callable[[int, int], tuple[Tensor, ...]]


@attrs.frozen(kw_only=True)
class Port:
    """An input or output: its name, and which axes are free, by what they count."""

    name: str
    free: Mapping[int, str] = attrs.Factory(dict)


@attrs.frozen(kw_only=True)
class Exported:
    """How one network is written.

    entry: of the checkpoint, whose weights it has.
    example: inputs for a batch and a count.
    count: of keypoints, or of the numbers of a state, as published.
    unit: what a difference of an output is measured in.
    """

    entry: str
    module: Callable[[nn.Module], nn.Module]
    inputs: Sequence[Port]
    outputs: Sequence[Port]
    example: Example
    count: int = 10
    checked: int = 2
    unit: float = 1.0

    def write(
        self,
        network: nn.Module,
        facts: Mapping[str, str],
        count: int | None = None,
        *,
        whole: bool = False,
    ) -> bytes:
        """The network as ONNX.

        Args:
            count: where it is not the published one.
            whole: `network` itself has these inputs and outputs, instead of being the entry.

        Raises:
            ModelError: onnxruntime and torch differ at a batch that it was not traced at.
        """
        count = self.count if count is None else count
        network = (network if whole else self.module(network)).eval()
        with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings(), torch.no_grad():
            file = Path(folder) / "network.onnx"
            warnings.simplefilter("ignore")  # the tracer's doubts: the parity check decides
            torch.onnx.export(
                network,
                self.example(1, count),
                file,
                input_names=[port.name for port in self.inputs],
                output_names=[port.name for port in self.outputs],
                dynamic_axes={p.name: dict(p.free) for p in (*self.inputs, *self.outputs)},
                opset_version=OPSET,
                dynamo=False,
            )
            model = onnx.load(str(file))
        onnx.helper.set_model_props(model, dict(facts))
        data = bytes(model.SerializeToString(deterministic=True))
        self._check(network, data, self.example(self.checked, count))
        return data

    def _check(self, network: nn.Module, data: bytes, inputs: tuple[Tensor, ...]) -> None:
        import onnxruntime

        session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
        with torch.no_grad():
            expected = network(*inputs)
        expected = (expected,) if isinstance(expected, Tensor) else expected
        given = {port.name: x.numpy() for port, x in zip(self.inputs, inputs, strict=True)}
        made = session.run([port.name for port in self.outputs], given)
        for port, x, y in zip(self.outputs, made, expected, strict=True):
            worst = float(np.abs(x - y.numpy()).max()) / self.unit
            if not worst <= PARITY:  # nor if it is no number
                raise ModelError(
                    f"the exported network differs from torch by {worst:.2g} in '{port.name}'; "
                    "this is a fault of the export, report it"
                )


def _drawn(*shape: int) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(sum(shape)))


def _pictures(batch: int, _: int = 0) -> tuple[Tensor, ...]:
    return (_drawn(batch, 3, SIZE, SIZE),)


def _speech(batch: int, width: int) -> tuple[Tensor, ...]:
    state = _drawn(batch, STATE, width) - 0.5
    going_on = (torch.arange(batch) % 2).float()[:, None]
    frames = 2 + 3 * batch
    return _drawn(batch, frames, *FEATURES) - 0.5, *_pictures(batch), state, going_on


def _windows(batch: int, _: int) -> tuple[Tensor, ...]:
    box = 255.0 * (_drawn(batch, FRAMES, SIZE, SIZE) < 0.02)
    return _drawn(batch, FRAMES, *FEATURES) - 0.5, *_pictures(batch), box


def _keypoints(batch: int, count: int) -> tuple[Tensor, Tensor]:
    bent = torch.eye(2) + 0.2 * (_drawn(batch, count, 2, 2) - 0.5)
    return 1.4 * _drawn(batch, count, 2) - 0.7, bent


def _motion(batch: int, count: int) -> tuple[Tensor, ...]:
    return *_pictures(1), *_keypoints(1, count), *_keypoints(batch, count)


def _field(batch: int, _: int) -> tuple[Tensor, ...]:
    where = 2 * _drawn(batch, COARSE, COARSE, 2) - 1
    return *_pictures(1), where, _drawn(batch, 1, COARSE, COARSE)


def motion_of(generator: nn.Module) -> nn.Module:
    """The part of a generator that makes the deformation."""
    motion = generator.dense_motion_network
    assert isinstance(motion, nn.Module)
    return motion


_N = {0: "n"}
_NETWORKS: dict[str, Callable[[], nn.Module]] = {
    "kp_detector": KeypointDetector,
    "audio2pose": HeadPose,
    "audio2kp": KeypointPredictor,
    "generator": Generator,
}
EXPORTS: dict[str, Exported] = {
    "audio2head-keypoint-detector": Exported(
        entry="kp_detector",
        module=lambda network: network,
        inputs=[Port(name="image", free=_N)],
        outputs=[Port(name="value", free=_N), Port(name="jacobian", free=_N)],
        example=_pictures,
    ),
    "audio2head-head-pose": Exported(
        entry="audio2pose",
        module=lambda network: network,
        inputs=[
            Port(name="audio", free={0: "n", 1: "frames"}),
            Port(name="image", free=_N),
            Port(name="state", free=_N),
            Port(name="going_on", free=_N),
        ],
        outputs=[Port(name="pose", free={0: "n", 1: "poses"}), Port(name="state_after", free=_N)],
        example=_speech,
        count=256,
        unit=100.0,  # mm; poses span 190 of them
    ),
    "audio2head-keypoint-predictor": Exported(
        entry="audio2kp",
        module=lambda network: network,
        inputs=[Port(name=name, free=_N) for name in ("audio", "image", "pose_box")],
        outputs=[Port(name="value", free=_N), Port(name="jacobian", free=_N)],
        example=_windows,
        checked=1,  # a window takes about 200 GMAC
    ),
    "audio2head-dense-motion": Exported(
        entry="generator",
        module=motion_of,
        inputs=[
            Port(name="image"),
            Port(name="source_value"),
            Port(name="source_jacobian"),
            Port(name="driving_value", free=_N),
            Port(name="driving_jacobian", free=_N),
        ],
        outputs=[Port(name="deformation", free=_N), Port(name="occlusion", free=_N)],
        example=_motion,
    ),
    "audio2head-generator": Exported(
        entry="generator",
        module=lambda network: network,
        inputs=[
            Port(name="image"), Port(name="deformation", free=_N), Port(name="occlusion", free=_N)
        ],
        outputs=[Port(name="frames", free=_N)],
        example=_field,
    ),
}  # fmt: skip


def build(tensors: Tensors, facts: Mapping[str, Mapping[str, str]]) -> dict[str, bytes]:
    """Every network of the checkpoint as ONNX, by the name of its asset.

    Args:
        tensors: of the checkpoint, named `entry.weight`.
        facts: of each asset.

    Raises:
        ModelError: a weight is missing or of another shape.
    """
    networks = {entry: _filled(make(), entry, tensors) for entry, make in _NETWORKS.items()}
    return {
        name: exported.write(networks[exported.entry], facts[name])
        for name, exported in EXPORTS.items()
    }


def _filled(network: nn.Module, entry: str, tensors: Tensors) -> nn.Module:
    prefix = f"{entry}."
    given = {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}
    for name, wanted in network.state_dict().items():
        if name not in given or given[name].shape != tuple(wanted.shape):
            raise ModelError(
                f"the weights are not those of Audio2Head: '{prefix}{name}' is missing or of "
                "another shape"
            )
    network.load_state_dict({name: torch.from_numpy(given[name]) for name in network.state_dict()})
    return network.eval()
