"""Running a mapping to expression with onnxruntime, piece by piece (no torch)."""

from __future__ import annotations

import numpy as np

from talkgraph.engine import progress
from talkgraph.models.contract import Contract
from talkgraph.models.sessions import open_network, open_session
from talkgraph.nodes.pose_mapping.expression_size import ExpressionSize
from talkgraph.nodes.pose_mapping.facts import ExpressionFacts, speech_scale
from talkgraph.nodes.values import Floats, OnnxModel, SpeechFeatures

NETWORK = Contract(
    what=ExpressionFacts.kind,
    inputs={"features": ("n", "frames", "rows", "bins")},
    outputs={"expression": ("n", "frames", 64)},
    remedy=f"LoadNetwork(name={ExpressionFacts.shipped!r})",
)


def open_expression_mapping(model: OnnxModel, node: str) -> ExpressionFacts:
    """The facts of a mapping that arrived at port `mapping` of a node.

    Raises:
        ModelError: it is another network, or its facts are incomplete.
    """
    open_network(model, NETWORK, node=node, port="mapping")
    return ExpressionFacts.of(model)


def predict(model: OnnxModel, features: SpeechFeatures, *, chunk: int = 750) -> Floats:
    """Map a whole speech.

    Pieces overlap by what the network sees beyond a frame, so that the result is that of one pass
    up to rounding (1e-5), in memory that does not grow with the speech.

    Args:
        chunk: video frames per piece.

    Returns:
        expression `[shape=(T, 64), float32]` about the mean of a clip, in standard deviations of
        the face model, of somebody who moves the mouth as people do: see `ExpressionFacts.gain`.

    Raises:
        ModelError: the features are not those of the mapping.
    """
    facts = ExpressionFacts.of(model)
    facts.check(features)
    session = open_session(model.file)
    scale = speech_scale(features.windows, facts)
    count = len(features.windows)
    context = ExpressionSize(**facts.size).context
    expression = np.empty((count, len(facts.expression_std)), np.float32)
    for start in range(0, count, chunk):
        stop = min(start + chunk, count)
        before = max(start - context, 0)
        piece = scale.apply(features.windows[before : stop + context])[None]
        (made,) = session.run(["expression"], {"features": piece})
        expression[start:stop] = made[0, start - before :][: stop - start] * facts.expression_std
        progress(stop, count)
    return expression
