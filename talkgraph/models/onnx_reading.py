"""Reading ONNX files as data: nothing in them is run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from talkgraph.errors import ModelError

if TYPE_CHECKING:
    import onnx


def load_onnx(path: Path) -> onnx.ModelProto:
    """Read an ONNX file that holds its own weights.

    Raises:
        ModelError: it is missing or damaged, or its weights lie in other files.
    """
    import onnx

    if not path.is_file():
        raise ModelError(f"there is no file {path}; check the path")
    try:
        model = onnx.load(str(path), load_external_data=False)
    except Exception as error:  # protobuf's own DecodeError or OSError: both mean the same here
        raise ModelError(
            f"{path} is not a valid ONNX model ({_first_line(error)}); export it again"
        ) from error
    if any(tensor.data_location == onnx.TensorProto.EXTERNAL for tensor in model.graph.initializer):
        raise ModelError(f"{path} keeps its weights in other files: save it as one file first")
    return model


def check_onnx(path: Path) -> None:
    """Read an ONNX file and check its graph.

    Raises:
        ModelError: as `load_onnx`, or the graph is no valid one.
    """
    import onnx

    try:
        onnx.checker.check_model(load_onnx(path))
    except (onnx.checker.ValidationError, ValueError) as error:
        raise ModelError(
            f"{path} is not a valid ONNX model ({_first_line(error)}); export it again"
        ) from error


def read_facts(path: Path) -> dict[str, str]:
    """The plain facts in the metadata of an ONNX file.

    Raises:
        ModelError: as `load_onnx`.
    """
    return {entry.key: entry.value for entry in load_onnx(path).metadata_props}


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else "not ONNX"
