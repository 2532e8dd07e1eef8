"""Reflectance and light of a clip (Yi et al. 2020, sections 3.1 and 3.3).

detailed        `DetailedAlbedo` ("detailed_albedo"): (clip, fit, model) -> Albedo;
                colours of the most neutral, most frontal frames divided by the light
low_frequency   `LowFrequencyAlbedo` ("low_frequency_albedo"): (clip, fit, model) -> Albedo;
                coefficients of the face model's albedo basis
observe         which vertex has which colour in a frame, and how well it is seen
choose          which frames to look at
complete        smooth filling of what no frame shows
inner           colours of the patches in mouth and eyes
learn           mean and basis of the albedo from many persons, for the default face model

The stage stands between face_fit and render.
"""

from talkgraph.nodes.albedo.detailed import DetailedAlbedo
from talkgraph.nodes.albedo.low_frequency import LowFrequencyAlbedo

__all__ = ["DetailedAlbedo", "LowFrequencyAlbedo"]
