"""Measures of a result against the real video (Yi et al. 2020, section 4; ATVG's settings).

Place in the chain: after everything; what they say is printed, never fed back.

Nodes (each returns `scores.Scores`, named numbers)
-----
compare_pictures     `ComparePictures`: two Frames -> psnr, ssim, psnr_wrapped, sharpness, pixels;
                     with the real FaceTrack also of face and mouth alone.
compare_mouths       `CompareMouths`: two FaceTracks -> lmd (points counted), mouth-opening sync.
compare_head_motion  `CompareHeadMotion`: two Motions -> hs, its replay baseline, jitter.
compare_identity     `CompareIdentity`: two IdentityFeatures -> distance.

The measures are plain functions, an idea a file: `mouth/` agreement, closure, silence, landmarks;
`head/` range, speed, spectrum, events, what speech explains, habits; `picture/`; `blinks`.
"""

from talkgraph.nodes.evaluate.compare_head_motion import CompareHeadMotion
from talkgraph.nodes.evaluate.compare_identity import CompareIdentity
from talkgraph.nodes.evaluate.compare_mouths import CompareMouths
from talkgraph.nodes.evaluate.compare_pictures import ComparePictures

__all__ = ["CompareHeadMotion", "CompareIdentity", "CompareMouths", "ComparePictures"]
