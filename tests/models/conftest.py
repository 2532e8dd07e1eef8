import pytest

from talkgraph import models
from talkgraph.errors import ModelError


@pytest.fixture(scope="session")
def face_model():
    """The file of a fetched model, or a skip where it is neither stored nor to be fetched."""

    def path(name):
        try:
            return models.path(name)
        except ModelError as error:
            pytest.skip(f"needs the model: {error}")

    return path
