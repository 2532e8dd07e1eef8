"""A drawn hand before, or beside, the face of a public-domain photo."""

import numpy as np

from talkgraph.nodes.geometry.synthetic_hand import draw_hand, hand_joints
from tests.nodes.face_fit.faces_on_film import astronaut

PEOPLE = np.ascontiguousarray(astronaut()[:300, 74:374])
SKIN = (205, 150, 130)


def with_hand(wrist, scale, turn):
    """The photo with a hand, and its joints."""
    joints = hand_joints(wrist, scale, turn)
    colours, where = draw_hand(len(PEOPLE), joints, scale, SKIN)
    return np.where(where[..., None], colours, PEOPLE).astype(np.uint8), joints
