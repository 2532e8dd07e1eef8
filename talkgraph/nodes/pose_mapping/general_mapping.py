"""The general mapping that ships with talkgraph."""

from __future__ import annotations

import hashlib
import shutil
from importlib.resources import as_file, files

from talkgraph.cache.files import File
from talkgraph.engine import Node, node, param, scratch_folder
from talkgraph.errors import ModelError
from talkgraph.nodes.values import OnnxModel

# Of the shipped files; `run` refers to it, so that new weights change the node's cache key.
SHA256 = {
    "mfcc": "cf248ce8629e38e8437c8271056614c75a3626eeab8f485795bcc5308575f0f2",
    "log_mel": "be6bfa9f6f6d6a00fd637d6af9d115c8d5299af4dca54dfaea0625f86b118eb7",
}


@node("general_mapping", version=1)
class GeneralMapping(Node):
    """The shipped mapping from speech to motion, before any personalisation (section 4.1).

    Data, figures and licence are in general_mapping_FEATURE.md and in the facts of the model.
    """

    feature: str = param(
        "mfcc", "audio node that it hears with; log_mel is not in the paper", choices=tuple(SHA256)
    )

    def run(self) -> OnnxModel:
        """Return the model.

        Raises:
            ModelError: the file is missing or not the one that belongs to this version.
        """
        from talkgraph.nodes.pose_mapping.inference import read_facts

        name = f"general_mapping_{self.feature}.onnx"
        path = scratch_folder() / name
        with as_file(files("talkgraph.nodes.pose_mapping") / name) as shipped:
            if not shipped.is_file():
                raise ModelError(
                    f"{name} is missing from the installation; install talkgraph again"
                )
            if hashlib.sha256(shipped.read_bytes()).hexdigest() != SHA256[self.feature]:
                raise ModelError(f"{name} is damaged or another version; install talkgraph again")
            shutil.copyfile(shipped, path)
        return OnnxModel(file=File(path), facts=read_facts(path))
