"""The model store: named, verified networks as ONNX, and the sessions that run them.

    from talkgraph import models
    models.path("face-detector")        # verified file, fetched and converted on first use
    models.open_session(models.path("face-detector"))

assets.py              the table: names, licences, sources, sha256 (asset: what an entry is;
                       brought: those that the user brings)
conversions.py         from published files to ONNX, by kind of file
store.py               the folder: path, pull, add, convert, status, where, verify
sources.py             package-index wheels, npm tarballs, shipped files, files the user brings
download.py archive.py fetching and reading, with nothing half done and nothing unpacked
tflite_to_onnx.py      conversion of the face networks (tflite_graph, tflite_face_operators)
identity_network.py    the recognition network from its quantized weights
speech_encoder.py      the lower half of Whisper's encoder from its weights (ctranslate2_file)
head_pattern.py        the pattern networks of Yi et al. 2022 from their weights
spatial_feature.py     ResNet-18 and EfficientNet-Lite0 up to their pooled features
published/             the other networks of Yi et al. 2020 and 2022 from their checkpoints
layers.py              layers in ONNX from the weights of a state dict (onnx_writer)
audio2head/            the networks of Audio2Head in torch, and their checkpoint
torch_file.py          tensors of PyTorch's files as data, pickled modules among them
onnx_reading.py        ONNX files as data: checked, and their facts
sessions.py            onnxruntime on CPU or CUDA
contract.py            inputs and outputs that a stage asks of a network
shipped/               networks that come with talkgraph, each with its model card
"""

from talkgraph.models.contract import Contract
from talkgraph.models.onnx_reading import check_onnx, load_onnx, read_facts
from talkgraph.models.sessions import (
    check_runtime,
    cuda_missing,
    current_device,
    open_network,
    open_session,
    use_device,
)
from talkgraph.models.store import (
    Status,
    add,
    content,
    convert,
    facts,
    path,
    pull,
    root,
    status,
    verify,
    where,
)

__all__ = [
    "Contract",
    "Status",
    "add",
    "check_onnx",
    "check_runtime",
    "content",
    "convert",
    "cuda_missing",
    "current_device",
    "facts",
    "load_onnx",
    "open_network",
    "open_session",
    "path",
    "pull",
    "read_facts",
    "root",
    "status",
    "use_device",
    "verify",
    "where",
]
