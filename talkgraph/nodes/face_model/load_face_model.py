"""The node that provides the face model."""

from __future__ import annotations

from pathlib import Path

from talkgraph.cache.files import File
from talkgraph.engine import Node, node, param
from talkgraph.errors import ModelError
from talkgraph.nodes.face_model.face_model import FaceModel

DEFAULT_FILE = Path(__file__).parent / "data" / "talkgraph_face.npz"


@node("load_face_model", version=1)
class LoadFaceModel(Node):
    """Load the 3D morphable face model, () -> FaceModel (Yi et al. 2020, section 3.1).

    Example:
        >>> from talkgraph.nodes.face_model import LoadFaceModel
        >>> model = LoadFaceModel().run()
        >>> model.identity_basis.shape[-1], model.expression_basis.shape[-1]
        (80, 64)
    """

    name: str = param(
        "talkgraph",
        "which model: ours, shipped, or the paper's Basel Face Model 2009 from your own file",
        choices=("talkgraph", "bfm2009"),
    )
    file: File | None = param(
        None, "file to load instead of the shipped one; for bfm2009 your BFM_model_front.mat"
    )

    def run(self) -> FaceModel:
        """Read the model.

        Raises:
            ModelError: the file is missing or damaged, or bfm2009 was asked for without a file.
        """
        if self.name == "bfm2009":
            from talkgraph.nodes.face_model.bfm import load_bfm

            if self.file is None:
                raise ModelError(
                    "node face_model: the Basel Face Model is not shipped; get it from the "
                    "University of Basel and set the parameter 'file' to BFM_model_front.mat"
                )
            return load_bfm(self.file.path)
        from talkgraph.nodes.face_model.model_file import load_face_model

        if self.file is not None:
            return load_face_model(self.file.path)
        return load_face_model(DEFAULT_FILE)
