import sys
from pathlib import Path

import pytest

from talkgraph import models
from talkgraph.errors import ModelError

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def face_networks():
    """Skips where the face models are neither stored nor to be fetched."""
    try:
        models.pull(["face-detector", "face-landmarks-attention", "face-identity"])
    except ModelError as error:
        pytest.skip(f"needs the face models: {error}")
