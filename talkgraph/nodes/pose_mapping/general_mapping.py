"""The general mapping that ships with talkgraph."""

from __future__ import annotations

import hashlib
import shutil
from importlib.resources import as_file, files

from talkgraph.cache.files import File
from talkgraph.engine import Node, node, scratch_folder
from talkgraph.errors import ModelError
from talkgraph.nodes.values import OnnxModel

NAME = "general_mapping.onnx"


@node("general_mapping", version=1)
class GeneralMapping(Node):
    """The shipped mapping from speech to motion, before any personalisation (section 4.1).

    Its data, figures and licence are in general_mapping.md and in the facts of the model.
    """

    # Stands in the class so that new weights change the node's code, and with it the cache key.
    SHA256 = ""

    def run(self) -> OnnxModel:
        """Return the model.

        Raises:
            ModelError: the file is not the one that belongs to this version.
        """
        from talkgraph.nodes.pose_mapping.inference import read_facts

        path = scratch_folder() / NAME
        with as_file(files("talkgraph.nodes.pose_mapping") / NAME) as shipped:
            if not shipped.is_file():
                raise ModelError(
                    f"{NAME} is missing from the installation; install talkgraph again"
                )
            if hashlib.sha256(shipped.read_bytes()).hexdigest() != self.SHA256:
                raise ModelError(f"{NAME} is damaged or another version; install talkgraph again")
            shutil.copyfile(shipped, path)
        return OnnxModel(file=File(path), facts=read_facts(path))
