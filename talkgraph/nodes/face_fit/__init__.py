"""From footage to a fitted face model (Yi et al. 2020, section 3.1).

Place in the chain: after media, before albedo, pose_mapping and backgrounds.

Nodes
-----
detect_faces       `DetectFaces`: Footage and two networks -> FaceBoxes, one face followed
                   through the clip.
crop_head          `CropHead`: Footage, FaceBoxes -> Clip, one fixed square around the head.
crop_like          `CropLike`: Footage, Clip -> Clip, the same square out of another video.
track_face         `TrackFace`: Clip and two networks -> FaceTrack, 478 landmarks per frame, gaps
                   marked.
fit_face           `FitFace`: FaceTrack, FaceModel -> FaceFit, the 3DMM coefficients.
regress_face       `RegressFace`: Clip, FaceTrack, FaceModel and a network -> FaceFit, by the
                   paper's network for BFM 2009, from files that the user brings.
describe_identity  `DescribeIdentity`: Clip, FaceTrack and a network -> IdentityFeature.
describe_identities `DescribeIdentities`: the same -> IdentityTrack, frame by frame.
find_hands         `FindHands`: Clip, FaceTrack and two networks -> Hands, those near the face.
take_photo         `TakePhoto`: Footage, FaceFit -> Footage of one frame.

Helpers
-------
hands/       the same of the networks of hands, and how hands are followed.
tracking/    what the networks are asked and what their answers mean, what a face is, who is who,
             shots and views, smoothing of landmarks.
identity/    the picture of a face that the recognition networks see.
regression/  the paper's ResNet-50 of 257 coefficients and the aligned picture that it sees.
"""

from talkgraph.nodes.face_fit.crop_head import CropHead
from talkgraph.nodes.face_fit.crop_like import CropLike
from talkgraph.nodes.face_fit.describe_identities import DescribeIdentities
from talkgraph.nodes.face_fit.describe_identity import DescribeIdentity
from talkgraph.nodes.face_fit.detect_faces import DetectFaces
from talkgraph.nodes.face_fit.find_hands import FindHands
from talkgraph.nodes.face_fit.fit_face import FitFace
from talkgraph.nodes.face_fit.regress_face import RegressFace
from talkgraph.nodes.face_fit.take_photo import TakePhoto
from talkgraph.nodes.face_fit.track_face import TrackFace

__all__ = [
    "CropHead",
    "CropLike",
    "DescribeIdentities",
    "DescribeIdentity",
    "DetectFaces",
    "FindHands",
    "FitFace",
    "RegressFace",
    "TakePhoto",
    "TrackFace",
]
