"""`compare_mouth_motion`: how well a made mouth follows the speech, against the tracked one."""

from __future__ import annotations

import numpy as np

from talkgraph.engine import Node, node, param
from talkgraph.errors import InputError
from talkgraph.nodes.agreement import Pairs, Series, agreement, cross_fitted_pairs, pairs_at
from talkgraph.nodes.closure import (
    closure_depth,
    hits_and_false,
    lowest_openings,
    runs_of,
)
from talkgraph.nodes.evaluate.mouth.silence import levels_db, movement_in_silence, silent_frames
from talkgraph.nodes.evaluate.phones import Phones, bilabial_frames
from talkgraph.nodes.evaluate.scores import Scores
from talkgraph.nodes.face_model.face_model import FaceModel
from talkgraph.nodes.face_model.readout import mouth_readout
from talkgraph.nodes.signals import best_lag
from talkgraph.nodes.values import Bools, FaceFit, Motion, Speech

FEWEST = 25  # frames; less than one second says nothing


@node("compare_mouth_motion", version=1)
class CompareMouthMotion(Node):
    """Opening, width and jaw of a made motion against the tracked ones, frame by frame.

    Example:
        >>> import attrs
        >>> import numpy as np
        >>> from talkgraph.nodes.evaluate import CompareMouthMotion
        >>> from talkgraph.nodes.face_model.synthetic import synthetic_face_model, synthetic_fit
        >>> fit = synthetic_fit(frames=50)
        >>> fit.motion.expression[:, 0] = np.sin(np.arange(50))  # the jaw
        >>> half = attrs.evolve(fit.motion, expression=fit.motion.expression / 2)
        >>> found = CompareMouthMotion().run(half, fit, synthetic_face_model(levels=0)).values
        >>> round(found["opening_r"], 2), round(found["opening_spread"], 2)
        (1.0, 0.5)
    """

    most_lag: int = param(8, "lags of the picture up to this are tried", unit="frames", ge=0)

    def run(
        self,
        made: Motion,
        real: FaceFit,
        model: FaceModel,
        speech: Speech | None = None,
        phones: Phones | None = None,
    ) -> Scores:
        """Compare on the frames in which the real face was measured; the longer motion is cut.

        Returns, for each of opening, width and jaw, r, ccc, ccc_centred and spread, frame by frame
        and `_at_lag`: at the lag of the opening, cross-fitted; lag, the best one of the whole clip
        (positive: the real picture is late); closure_hits, closure_false (also `_at_lag`),
        closure_depth and closure_depth_real (in spreads of the real opening), closures; with a
        speech that has pauses, silence_movement and silent_seconds; frames.

        Args:
            speech: of the real clip, for what the mouth does in silence.
            phones: of that speech; closures are then those of p, b and m.

        Raises:
            InputError: other frame rates, or less than a second to compare.
        """
        if made.fps != real.motion.fps:
            raise InputError(
                f"compare_mouth_motion got {made.fps:g} and {real.motion.fps:g} frames per second; "
                "give two motions of one rate"
            )
        count = min(len(made.expression), len(real.motion.expression))
        counted = real.measured[:count]
        if counted.sum() < FEWEST:
            raise InputError(
                f"the real face was measured in {int(counted.sum())} frames, {FEWEST} are needed; "
                "give a longer or clearer clip"
            )
        readout = mouth_readout(model)
        mine = readout.of(made.expression[:count]).astype(np.float64)
        theirs = readout.of(real.motion.expression[:count]).astype(np.float64)
        opening = readout.names.index("opening")
        most = min(self.most_lag, max(count // 2 - 3, 0))
        here = pairs_at(0, counted)
        there = cross_fitted_pairs(mine[:, opening], theirs[:, opening], counted, most)
        values: dict[str, float] = {}
        for column, name in enumerate(readout.names):
            for pairs, at in ((here, ""), (there, "_at_lag")):
                found = agreement(mine[:, column], theirs[:, column], pairs)
                values |= {f"{name}_{figure}{at}": one for figure, one in found.items()}
        lag, _ = best_lag(theirs[:, opening], mine[:, opening], most, counted)
        values["lag"] = float(lag)
        closed = (
            lowest_openings(theirs[:, opening], counted)
            if phones is None
            else bilabial_frames(phones, count, made.fps) & counted
        )
        values |= _closures(mine[:, opening], theirs[:, opening], closed, counted, there)
        if speech is not None:
            silent = np.zeros(count, bool)
            heard = silent_frames(levels_db(speech, made.fps), made.fps)[:count]
            silent[: len(heard)] = heard
            moved = movement_in_silence(
                mine[:, opening], theirs[:, opening], silent, counted, made.fps
            )
            values["silent_seconds"] = float(silent.sum() / made.fps)
            if moved is not None:
                values["silence_movement"] = moved
        values["frames"] = float(counted.sum())
        return Scores(values=values)


def _closures(
    mine: Series, theirs: Series, closed: Bools, counted: Bools, at_lag: Pairs
) -> dict[str, float]:
    hits, false = hits_and_false(mine, theirs, closed, counted)
    one, other = at_lag.of(mine, theirs)
    every = np.ones(len(one), bool)
    hits_at_lag, false_at_lag = hits_and_false(one, other, closed[at_lag.real], every)
    unit = float(theirs[counted].std())
    return {
        "closure_hits": hits,
        "closure_false": false,
        "closure_hits_at_lag": hits_at_lag,
        "closure_false_at_lag": false_at_lag,
        "closure_depth": closure_depth(mine, closed, unit),
        "closure_depth_real": closure_depth(theirs, closed, unit),
        "closures": float(len(runs_of(closed))),
    }
