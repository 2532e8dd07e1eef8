import pytest

from talkgraph import models
from talkgraph.errors import ModelError


@pytest.fixture(scope="session")
def face_networks():
    """Skips where the face models are neither stored nor to be fetched."""
    try:
        models.pull(["face-detector", "face-landmarks-attention", "face-identity"])
    except ModelError as error:
        pytest.skip(f"needs the face models: {error}")
