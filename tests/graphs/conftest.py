"""One store for the graphs: they look at the same clip and photo, which is done once."""

import pytest

from talkgraph.cache.store import Store


@pytest.fixture(scope="session")
def store(tmp_path_factory):
    return Store(tmp_path_factory.mktemp("store"))
