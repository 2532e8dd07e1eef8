"""How the eyelids close in expression space: from a clip's own blinks, or from the face model."""

from __future__ import annotations

import attrs
import numpy as np
from numpy.typing import NDArray

from talkgraph.nodes.face_model.face_model import FaceModel
from talkgraph.nodes.face_model.lids import LID_PAIRS, Lids, lids_of
from talkgraph.nodes.face_model.readout import Readout
from talkgraph.nodes.pose_mapping.mouth import expression_of
from talkgraph.nodes.values import FaceFit, Floats

LEAST_CHANGE = 0.02  # weight of small coefficients against the landmarks, relative
LID_TOUCH = 0.05  # part of the open gap that remains between the landmarks of touching lids


def closing_by_model(model: FaceModel, identity: Floats, rest: Floats, stillness: float) -> Floats:
    """The change of expression that closes the lids and moves little else, `[shape=(64,)]`.

    Regularised least squares: the lid gaps go to `LID_TOUCH` of themselves, all other landmarks
    stay (weight `stillness` against 1), and the coefficients stay small.

    Args:
        identity: `[shape=(80,)]`.   rest: `[shape=(64,)]`, the expression with open eyes.
    """
    lids = lids_of(model, identity)
    basis = model.landmark_bases()[2]
    lid_points = {point for pair in LID_PAIRS for point in pair}
    others = basis[[int(point) not in lid_points for point in model.landmark_index]]
    gap = lids.gap + lids.rows @ rest
    still = others.reshape(-1, others.shape[-1])
    # Sums over many landmarks and pairs are brought to means, so that the weights compare.
    normal = lids.rows.T @ lids.rows / len(gap) + stillness * still.T @ still / len(still)
    normal += LEAST_CHANGE * np.trace(normal) / len(normal) * np.eye(len(normal))
    right = lids.rows.T @ ((LID_TOUCH - 1.0) * gap) / len(gap)
    change = np.linalg.solve(normal.astype(np.float64), right)
    return _closing_fully(np.asarray(change, np.float32), lids, rest)


@attrs.frozen(kw_only=True, eq=False)
class OwnBlinks:
    """What a clip shows of its person's blinks: frames of closed lids and the change `(64,)`."""

    frames: NDArray[np.int64]
    closing: Floats


def blinks_in_clip(
    fit: FaceFit, lids: Lids, readout: Readout, *, closed_below: float, around_s: float
) -> OwnBlinks | None:
    """Find the clip's own blinks.

    A blink is a local minimum of the lid opening below `closed_below` times its median. The change
    of expression is that at the minimum against `around_s` before and after, averaged over all
    blinks, without what the mouth did meanwhile.

    Returns:
        None where the clip shows fewer than two.
    """
    expression = fit.motion.expression
    opening = lids.opening(expression)
    usual = float(np.median(lids.opening(expression_of(fit))))
    around = max(1, round(around_s * fit.motion.fps))
    found: list[int] = []
    changes: list[Floats] = []
    for k in range(around, len(opening) - around):
        near = slice(k - around, k + around + 1)
        lowest = opening[k] < closed_below * usual and opening[k] == opening[near].min()
        if not lowest or not fit.measured[near].all() or (found and k - found[-1] < around):
            continue
        found.append(k)
        open_eyed = (expression[k - around] + expression[k + around]) / 2
        changes.append(expression[k] - open_eyed)
    if len(found) < 2:
        return None
    closing = np.mean(changes, axis=0)
    closing = closing - readout.lift(readout.of(closing))
    rest = expression_of(fit).mean(0)
    return OwnBlinks(frames=np.asarray(found), closing=_closing_fully(closing, lids, rest))


def _closing_fully(change: Floats, lids: Lids, rest: Floats) -> Floats:
    """Scale a closing movement so that the mean gap ends at `LID_TOUCH` of the gap at rest."""
    gap = float(lids.opening(rest))
    moved = float((lids.rows @ change).mean())
    # A movement that hardly closes the lids is no blink; do not blow it up.
    scale = np.clip((LID_TOUCH - 1.0) * gap / min(moved, -1e-6), 0.5, 2.0)
    return np.asarray(change * scale, np.float32)
