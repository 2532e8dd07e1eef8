"""From footage to a fitted face model (Yi et al. 2020, section 3.1).

Place in the chain: after media, before albedo, pose_mapping and backgrounds.

Nodes
-----
detect_faces       `detect.DetectFaces`: Footage -> FaceBoxes, one face followed through the clip.
crop_head          `crop.CropHead`: Footage, FaceBoxes -> Clip, one fixed square around the head.
track_face         `track.TrackFace`: Clip -> FaceTrack, 478 landmarks per frame, gaps marked.
fit_face           `fit.FitFace`: FaceTrack, FaceModel -> FaceFit, the 3DMM coefficients.
regress_face       `regress.RegressFace`: Clip, FaceTrack, FaceModel -> FaceFit, by the paper's
                   network for BFM 2009, from files that the user brings.
describe_identity  `identity.DescribeIdentity`: Clip, FaceTrack -> IdentityFeature.

Modules
-------
detector, landmarks, warp      the networks of the model store and the pictures they look at.
faces, plausible               what a detection and a face are.
smooth_landmarks, smooth       smoothing in time, of landmarks and of coefficients.
pose                           rigid pose of a known shape from landmarks.
learn_model                    learns the default face model from tracked faces.
align                          the aligned picture that the paper's network sees.
reconstruction_network         the ResNet-50 of 257 coefficients, from the user's checkpoint.
"""

from talkgraph.nodes.face_fit.crop import CropHead
from talkgraph.nodes.face_fit.detect import DetectFaces
from talkgraph.nodes.face_fit.fit import FitFace
from talkgraph.nodes.face_fit.identity import DescribeIdentity
from talkgraph.nodes.face_fit.regress import RegressFace
from talkgraph.nodes.face_fit.track import TrackFace

__all__ = ["CropHead", "DescribeIdentity", "DetectFaces", "FitFace", "RegressFace", "TrackFace"]
