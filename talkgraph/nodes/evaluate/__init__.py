"""Measures of a result against the real video (Yi et al. 2020, section 4; ATVG's settings).

Place in the chain: after everything; what they say is printed, never fed back.

Nodes (each returns `scores.Scores`, named numbers)
-----
compare_pictures     `ComparePictures`: two Frames -> psnr, ssim, psnr_wrapped, sharpness.
compare_mouths       `CompareMouths`: two FaceTracks -> lmd, mouth-opening sync.
compare_head_motion  `CompareHeadMotion`: two Motions -> hs, its replay baseline, jitter.
compare_identity     `CompareIdentity`: two IdentityFeatures -> distance.

Each file has its measures as plain functions, too.
"""

from talkgraph.nodes.evaluate.compare_head_motion import CompareHeadMotion
from talkgraph.nodes.evaluate.compare_identity import CompareIdentity
from talkgraph.nodes.evaluate.compare_mouths import CompareMouths
from talkgraph.nodes.evaluate.compare_pictures import ComparePictures

__all__ = ["CompareHeadMotion", "CompareIdentity", "CompareMouths", "ComparePictures"]
