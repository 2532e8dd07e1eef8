import pytest

from talkgraph.errors import GraphError
from talkgraph.nodes.marking import StateOrigin


def test_only_kinds_of_synthetic_media_are_stated():
    assert StateOrigin(source_type="trainedAlgorithmicMedia").run().uri.startswith("http://cv.iptc")
    with pytest.raises(GraphError, match="source_type"):
        StateOrigin(source_type="digitalCapture")
