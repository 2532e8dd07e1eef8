from types import SimpleNamespace

import pytest

from talkgraph.errors import ModelError
from talkgraph.nodes.networks import LoadNetwork


@pytest.fixture(scope="session")
def face_networks():
    """The networks by port; skips where they are neither stored nor to be fetched."""
    names = {
        "detector": "face-detector",
        "landmarks": "face-landmarks-attention",
        "identity": "face-identity",
    }
    try:
        return SimpleNamespace(**{port: LoadNetwork(name=one).run() for port, one in names.items()})
    except ModelError as error:
        pytest.skip(f"needs the face models: {error}")


@pytest.fixture(scope="session")
def finders(face_networks):
    """The two networks that detect_faces and track_face read, by port."""
    return {"detector": face_networks.detector, "landmarks": face_networks.landmarks}


@pytest.fixture(scope="session")
def hand_networks():
    """The two networks that find_hands reads, by port."""
    names = {"palms": "palm-detector", "joints": "hand-joints"}
    try:
        return {port: LoadNetwork(name=one).run() for port, one in names.items()}
    except ModelError as error:
        pytest.skip(f"needs the models of hands: {error}")
