import pytest

from tests.nodes.head_motion.pattern.swaying import swaying_people


@pytest.fixture(scope="session")
def examples():
    return swaying_people()
