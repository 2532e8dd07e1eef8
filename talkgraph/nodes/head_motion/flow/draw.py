"""Drawing a motion from the flow, with onnxruntime (no torch).

Flow matching (Lipman et al. 2023; straight paths as Liu et al. 2023): the network gives the
velocity that carries noise at time 0 to motion at time 1. The whole speech is drawn at once, not
frame after frame, so that nothing can drift; its memory is bounded, because the network sees some
seconds only and is run on windows that overlap by as much.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from talkgraph.engine import progress
from talkgraph.models.contract import Contract
from talkgraph.models.sessions import open_network, open_session
from talkgraph.nodes.head_motion.flow.facts import KIND, REMEDY, FlowFacts
from talkgraph.nodes.head_motion.flow.hearing import PROSODY_COLUMNS, Hearing
from talkgraph.nodes.values import Floats, OnnxModel

NETWORK = Contract(
    what=KIND,
    inputs={
        "motion": ("n", "pairs", 6),
        "time": ("n",),
        "prosody": ("n", "pairs", PROSODY_COLUMNS),
        "features": ("n", "pairs", "bins"),
        "code": ("n", 13),
        "listens": ("n",),
    },
    outputs={"velocity": ("n", "pairs", 6), "heard": ("n", "pairs", "columns")},
    remedy=REMEDY,
)

REACH = 96
"""Pairs of frames that the network may look to either side; training refuses a network that looks
further."""

_WINDOW = 1024  # pairs of frames of result at a time


def open_flow(model: OnnxModel, node: str) -> FlowFacts:
    """The facts of a flow that arrived at port `network` of a node.

    Raises:
        ModelError: it is another network, or its facts are incomplete.
    """
    open_network(model, NETWORK, node=node, port="network")
    return FlowFacts.of(model)


def draw(
    model: OnnxModel,
    hearing: Hearing,
    code: Floats,
    *,
    guidance: float,
    steps: int,
    random: np.random.Generator,
) -> tuple[Floats, Floats]:
    """Draw one motion for a speech of N pairs of frames.

    Args:
        code: `[shape=(13,)]`, standardised.
        guidance: 1 draws from what was learned, more follows the speech more closely (Ho &
            Salimans 2022), 0 does not listen.
        steps: of Euler's method.

    Returns:
        motion `[shape=(N, 6), float32]` in standard deviations about the mean, and what the network
        heard, `[shape=(N, columns), float32]`.
    """
    session = open_session(model.file)
    motion = random.standard_normal((len(hearing), 6)).astype(np.float32)
    heard = np.zeros((0, 0), np.float32)
    for step in range(steps):
        velocity, heard = _velocity(session, motion, step / steps, hearing, code, guidance)
        motion = motion + velocity / np.float32(steps)
        progress(step + 1, steps)
    return motion, heard


def _velocity(
    session: Any, motion: Floats, time: float, hearing: Hearing, code: Floats, guidance: float
) -> tuple[Floats, Floats]:
    """Guided velocity and the heard columns of all pairs, window by window."""
    count = len(motion)
    velocity, heard = np.empty_like(motion), []
    listens = np.array([1.0, 0.0] if guidance != 1 else [1.0], np.float32)
    both = len(listens)
    for start in range(0, count, _WINDOW):
        first, stop = max(start - REACH, 0), min(start + _WINDOW, count)
        seen = slice(first, min(stop + REACH, count))
        kept = slice(start - first, stop - first)

        def twice(rows: Floats) -> Floats:
            return np.ascontiguousarray(np.broadcast_to(rows, (both, *rows.shape)), np.float32)

        made, columns = session.run(
            ["velocity", "heard"],
            {
                "motion": twice(motion[seen]),
                "time": np.full(both, time, np.float32),
                "prosody": twice(hearing.prosody[seen]),
                "features": twice(hearing.features[seen]),
                "code": twice(code.astype(np.float32)),
                "listens": listens,
            },
        )
        guided = made[0] if both == 1 else made[1] + guidance * (made[0] - made[1])
        velocity[start:stop] = guided[kept]
        heard.append(columns[0][kept])
    return velocity, np.concatenate(heard)
