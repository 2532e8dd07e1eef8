import numpy as np
import pytest

from talkgraph.nodes.evaluate.compare_identity import (
    SAME_PERSON,
    CompareIdentity,
    identity_distance,
)
from talkgraph.nodes.values import IdentityFeature


def test_identity_distance_is_euclidean():
    a = IdentityFeature(vector=np.zeros(128, np.float32))
    b = IdentityFeature(vector=np.full(128, 0.1, np.float32))
    assert identity_distance(a, b) == pytest.approx(np.sqrt(1.28))
    assert CompareIdentity().run(a, a).values["identity_distance"] < SAME_PERSON
    with pytest.raises(ValueError, match="one network"):
        identity_distance(a, IdentityFeature(vector=np.zeros(512, np.float32)))
