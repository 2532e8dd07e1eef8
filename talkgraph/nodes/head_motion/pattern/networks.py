"""The pattern networks at run time: which may come in at a port, and what is decoded by them."""

from __future__ import annotations

from typing import Any

import numpy as np

from talkgraph.engine import progress
from talkgraph.models.contract import Contract
from talkgraph.models.head_pattern import DECODER, ENCODER
from talkgraph.models.sessions import open_network
from talkgraph.nodes.head_motion.pattern.facts import PatternFacts
from talkgraph.nodes.values import Floats, OnnxModel, SpeechFeatures

CODE = 10  # numbers in a pattern

ENCODER_NETWORK = Contract(
    what=ENCODER,
    inputs={"pose": ("n", "frames", 6)},
    outputs={"pattern": ("n", CODE)},
    remedy="LoadNetwork(name='head-pattern-encoder')",
)
DECODER_NETWORK = Contract(
    what=DECODER,
    inputs={"features": ("n", "rows", "bins"), "pattern": ("n", CODE)},
    outputs={"pose": ("n", "frames", 6)},
    remedy="LoadNetwork(name='head-pattern-decoder')",
)

LONGEST_S = 600.0
"""A longer speech is decoded in parts, so that memory does not grow with it."""
WARM_S = 20.0
"""What a part hears before it begins; an LSTM has long forgotten what lay before that."""
AFTER_FRAMES = 4
"""What it makes beyond its end: convolutions over frames would see where it ends."""


def open_encoder(model: OnnxModel, node: str) -> tuple[Any, PatternFacts]:
    """Session and facts of an encoder that arrived at port `network` of a node.

    Raises:
        ModelError: it is another network, or its facts are incomplete.
    """
    session = open_network(model, ENCODER_NETWORK, node=node, port="network")
    return session, PatternFacts.of(model, ENCODER)


def open_decoder(model: OnnxModel, node: str) -> tuple[Any, PatternFacts]:
    """The same of a decoder."""
    session = open_network(model, DECODER_NETWORK, node=node, port="network")
    return session, PatternFacts.of(model, DECODER)


def decode(session: Any, features: SpeechFeatures, pattern: Floats, facts: PatternFacts) -> Floats:
    """Poses as the decoder gives them, `[shape=(T, 6), float32]`, one per window of `features`.

    Raises:
        ModelError: the features are not those of the decoder.
    """
    bins = next(one for one in session.get_inputs() if one.name == "features").shape[2]
    facts.check(features, bins)
    windows = facts.centred(features.windows)
    count = len(windows)
    longest, warm = (round(seconds * facts.fps) for seconds in (LONGEST_S, WARM_S))
    pose = np.zeros((count, 6), np.float32)
    for start in range(0, count, longest):
        stop = min(start + longest, count)
        first = max(start - warm, 0)
        heard = rows_of(windows[first : stop + AFTER_FRAMES], facts.stride)[None]
        given = {"features": heard, "pattern": np.asarray(pattern, np.float32)[None]}
        (made,) = session.run(["pose"], given)
        pose[start:stop] = made[0, start - first : stop - first]
        progress(stop, count)
    return pose


def rows_of(windows: Floats, stride: int) -> Floats:
    """The feature rows of which `windows [shape=(T, rows, bins)]` hold each many times.

    Args:
        stride: rows from one window to the next.

    Returns:
        `[shape=(stride * (T - 1) + rows, bins), float32]`; nothing of no windows.
    """
    bins = windows.shape[2]
    if not len(windows):
        return np.zeros((0, bins), np.float32)
    begun = windows[:-1, :stride].reshape(-1, bins)
    return np.concatenate([begun, windows[-1]]).astype(np.float32)
