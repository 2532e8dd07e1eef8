"""The regressor of 257 coefficients of Deng et al. 2019, which Yi et al. 2020 (section 3.1) use.

A ResNet-50 whose pooled features feed one 1x1 convolution per group of coefficients. The weights
are not ours to ship: the user brings the official checkpoint and `export` turns it into ONNX, which
goes into the model store:

    python -m talkgraph.nodes.face_fit.regression.reconstruction_network epoch_20.pth network.onnx
    talkgraph models add face-reconstruction network.onnx
"""

from __future__ import annotations

import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from talkgraph.errors import ModelError
from talkgraph.nodes.face_fit.regression.align import IMAGE

if TYPE_CHECKING:
    import torch

# Width of each output group, in the order of the checkpoint's heads: identity, expression,
# texture, angles, light, translation x and y, translation z. 257 in all.
HEADS = (80, 64, 80, 3, 27, 2, 1)
BLOCKS = (3, 4, 6, 3)  # ResNet-50, He et al. 2016, table 1
CHECKPOINT_KEY = "net_recon"


def build() -> torch.nn.Module:
    """The network with random weights; parameter names equal those of the official checkpoint."""
    import torch
    from torch import nn

    class Bottleneck(nn.Module):
        def __init__(self, inputs: int, width: int, stride: int) -> None:
            super().__init__()
            self.conv1 = nn.Conv2d(inputs, width, 1, bias=False)
            self.bn1 = nn.BatchNorm2d(width)
            self.conv2 = nn.Conv2d(width, width, 3, stride, 1, bias=False)
            self.bn2 = nn.BatchNorm2d(width)
            self.conv3 = nn.Conv2d(width, 4 * width, 1, bias=False)
            self.bn3 = nn.BatchNorm2d(4 * width)
            self.relu = nn.ReLU()
            self.downsample: nn.Module | None = None
            if stride != 1 or inputs != 4 * width:
                self.downsample = nn.Sequential(
                    nn.Conv2d(inputs, 4 * width, 1, stride, bias=False), nn.BatchNorm2d(4 * width)
                )

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            shortcut = x if self.downsample is None else self.downsample(x)
            x = self.relu(self.bn1(self.conv1(x)))
            x = self.relu(self.bn2(self.conv2(x)))
            return self.relu(self.bn3(self.conv3(x)) + shortcut)  # type: ignore[no-any-return]

    class Backbone(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False)
            self.bn1 = nn.BatchNorm2d(64)
            self.maxpool = nn.MaxPool2d(3, 2, 1)
            inputs = 64
            for stage, count in enumerate(BLOCKS):
                width = 64 * 2**stage
                blocks: list[nn.Module] = []
                for block in range(count):
                    stride = 2 if stage and not block else 1
                    blocks.append(Bottleneck(inputs, width, stride))
                    inputs = 4 * width
                self.add_module(f"layer{stage + 1}", nn.Sequential(*blocks))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            x = self.maxpool(torch.relu(self.bn1(self.conv1(x))))
            for stage in range(len(BLOCKS)):
                x = getattr(self, f"layer{stage + 1}")(x)
            return x.mean((2, 3), keepdim=True)

    class ReconstructionNetwork(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.backbone = Backbone()
            width = 4 * 64 * 2 ** (len(BLOCKS) - 1)
            self.final_layers = nn.ModuleList(nn.Conv2d(width, head, 1) for head in HEADS)

        def forward(self, image: torch.Tensor) -> torch.Tensor:
            pooled = self.backbone(image)
            return torch.cat([layer(pooled) for layer in self.final_layers], 1).flatten(1)

    return ReconstructionNetwork().eval()


def export(checkpoint: Path, target: Path) -> None:
    """Turn the official PyTorch checkpoint into ONNX.

    The ONNX model maps `image [shape=(N, 3, 224, 224), float32, RGB in 0..1]` to
    `coefficients [shape=(N, 257), float32]`.

    Raises:
        ModelError: the checkpoint cannot be read or does not hold this network.
    """
    import torch

    try:
        saved: Any = torch.load(checkpoint, map_location="cpu", weights_only=True)
    except Exception as error:  # the unpickler refuses unsafe files with many types
        # Its own words advise to load the file unsafely, so they are not repeated.
        reason = getattr(error, "strerror", None) or "damaged, or more than tensors in it"
        raise ModelError(
            f"{checkpoint} is no checkpoint that can be read safely ({reason}): bring the official"
            " reconstruction checkpoint (epoch_20.pth)"
        ) from error
    state = saved.get(CHECKPOINT_KEY, saved) if isinstance(saved, dict) else None
    write_onnx(load_state(build(), state, checkpoint), target)


def load_state(network: torch.nn.Module, state: Any, source: Path) -> torch.nn.Module:
    """Load a state dict or say in one line what does not fit."""
    expected = network.state_dict()
    state = state if isinstance(state, dict) else {}
    wrong = [
        name
        for name, tensor in expected.items()
        if not name.endswith("num_batches_tracked")
        and getattr(state.get(name), "shape", None) != tensor.shape
    ]
    if wrong:
        raise ModelError(
            f"{source} does not hold the 257-coefficient ResNet-50: {len(wrong)} tensors are"
            f" missing or of another shape, first {wrong[0]}: bring the official checkpoint"
        )
    network.load_state_dict({name: state[name] for name in expected if name in state}, strict=False)
    return network.eval()


def write_onnx(network: torch.nn.Module, target: Path) -> None:
    """Export with a dynamic batch; the file appears under its name only when complete."""
    import torch

    partial = target.with_name(target.name + ".partial")
    try:
        with warnings.catch_warnings():
            # The exporter of TorchScript is deprecated, the newer one needs one package more.
            warnings.simplefilter("ignore", DeprecationWarning)
            torch.onnx.export(
                network,
                (torch.zeros(1, 3, IMAGE, IMAGE),),
                str(partial),
                input_names=["image"],
                output_names=["coefficients"],
                dynamic_axes={"image": {0: "n"}, "coefficients": {0: "n"}},
                opset_version=17,
                dynamo=False,
            )
        partial.replace(target)
    except OSError as error:
        raise ModelError(f"{target} cannot be written ({error.strerror or error})") from error
    finally:
        partial.unlink(missing_ok=True)


def main(arguments: list[str]) -> int:
    """Export from the command line: CHECKPOINT.pth NETWORK.onnx; returns the exit status."""
    if len(arguments) != 2:
        print("usage: reconstruction_network CHECKPOINT.pth NETWORK.onnx", file=sys.stderr)
        return 2
    try:
        export(Path(arguments[0]), Path(arguments[1]))
    except ModelError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
