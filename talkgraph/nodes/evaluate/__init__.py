"""Measures of a result against the real video (Yi et al. 2020, section 4; ATVG's settings).

Place in the chain: after everything; what they say is printed, never fed back.

Nodes (each returns `scores.Scores`, named numbers)
-----
compare_pictures     `nodes.ComparePictures`: two Frames -> psnr, ssim, psnr_wrapped, sharpness.
compare_mouths       `nodes.CompareMouths`: two FaceTracks -> lmd, mouth-opening sync.
compare_head_motion  `nodes.CompareHeadMotion`: two Motions -> hs, its replay baseline, jitter.
compare_identity     `nodes.CompareIdentity`: two IdentityFeatures -> distance.

Modules of plain functions
-----
pictures      true PSNR, SSIM, the wrapped PSNR of ATVG, sharpness.
mouth         mouth-landmark distance, mouth opening, its correlation and lag.
head_motion   HS of eq. (6), the replay (ping-pong) baseline, jitter.
identity      distance of identity features.
"""

from talkgraph.nodes.evaluate.nodes import (
    CompareHeadMotion,
    CompareIdentity,
    CompareMouths,
    ComparePictures,
)

__all__ = ["CompareHeadMotion", "CompareIdentity", "CompareMouths", "ComparePictures"]
