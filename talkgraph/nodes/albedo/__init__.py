"""Reflectance and light of a clip (Yi et al. 2020, sections 3.1 and 3.3).

find_cover            `FindCover`: Clip, FaceFit, FaceModel, Hands? -> Cover; what stands before the
                      face, by `cover/`
detailed_albedo       `DetailedAlbedo`: Clip, FaceFit, FaceModel, Cover? -> Albedo; colours of the
                      most neutral, most frontal frames divided by the light
low_frequency_albedo  `LowFrequencyAlbedo`: Clip, FaceFit, FaceModel, Cover? -> Albedo; coefficients
                      of the face model's albedo basis
learn_appearance      `LearnAppearance`: Clip, FaceFit, Albedo, FaceModel, Cover? -> Appearance; how
                      the colours change with expression and turn
learn_detail          `LearnDetail`: Clip, FaceFit, Albedo, FaceModel, Appearance?, Cover? ->
                      Detail; what lies between the vertices
observe               which vertex has which colour in a frame, and how well it is seen
frame_selection       which frames to look at
complete              smooth filling of what no frame shows
mouth_and_eyes        colours of the patches in mouth and eyes
train/                mean and basis of the albedo from many persons

The stage stands between face_fit and render.
"""

from talkgraph.nodes.albedo.detailed_albedo import DetailedAlbedo
from talkgraph.nodes.albedo.find_cover import FindCover
from talkgraph.nodes.albedo.learn_appearance import LearnAppearance
from talkgraph.nodes.albedo.learn_detail import LearnDetail
from talkgraph.nodes.albedo.low_frequency_albedo import LowFrequencyAlbedo

__all__ = ["DetailedAlbedo", "FindCover", "LearnAppearance", "LearnDetail", "LowFrequencyAlbedo"]
