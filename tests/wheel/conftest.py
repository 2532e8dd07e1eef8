import pytest

from tests.places import ROOT
from tests.wheel import archives


@pytest.fixture(scope="session")
def wheel(tmp_path_factory):
    return archives.build("wheel", ROOT, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="session")
def sdist(tmp_path_factory):
    return archives.build("sdist", ROOT, tmp_path_factory.mktemp("sdist"))
