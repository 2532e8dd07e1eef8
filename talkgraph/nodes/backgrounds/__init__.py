"""What lies behind the face: source frames, bent to its pose (Yi et al. 2020, section 3.3).

Place in the chain: after pose_mapping (match), beside render (warp), before refine (composite).

Nodes
-----
match_backgrounds     `MatchBackgrounds`: Motion, FaceFit, Cover? -> Backgrounds, the source
                      frame of every output frame and the pose to render on it.
rehearse_backgrounds  `RehearseBackgrounds`: FaceFit -> Backgrounds, displaced within the
                      clip, for the refiner's training pairs.
warp_background       `WarpBackground`: Clip, FaceFit, Backgrounds, FaceModel, Cover? -> Frames, the
                      source frames with the head turned to that pose; also all of photo mode.
                      Alpha, if there is any, is 0 for what stands before the face.
composite             `Composite`: background Frames, RGBA face Frames -> Frames.
paste_back            `PasteBack`: head pictures and the frames behind them -> whole frames at the
                      footage's resolution.

Helpers
-------
keyframes    extremes of head orientation.
traversal    the path through the clip from keyframe to keyframe.
relative_matching  the same by turns of the head instead of poses (Yi et al. 2022).
pose_limit   how far the shown pose may differ from the background's.
depth_mesh   the face mesh extended over hair, ears and neck (face profiling).
silhouette   where a turned face ends in the picture, beyond its own outline.
field        displacement lattices and resampling (numba; imported when frames are made).
tone         the render's low frequencies brought to those of the picture behind it.
blending     compiled loops of composite and tone (numba; imported when frames are made).
"""

from talkgraph.nodes.backgrounds.composite import Composite
from talkgraph.nodes.backgrounds.match_backgrounds import MatchBackgrounds
from talkgraph.nodes.backgrounds.paste_back import PasteBack
from talkgraph.nodes.backgrounds.rehearse_backgrounds import RehearseBackgrounds
from talkgraph.nodes.backgrounds.warp_background import WarpBackground

__all__ = ["Composite", "MatchBackgrounds", "PasteBack", "RehearseBackgrounds", "WarpBackground"]
