"""The 3D morphable face model, shared by the stages, and the node that loads it.

load_face_model `LoadFaceModel`: () -> FaceModel. The first thing that face_fit, albedo and render
                need; it has no input.
face_model      the value `FaceModel`: mean, bases, regions
face_mesh       the 468-point landmark topology, its mirror image and openings
readout         lip opening, jaw, width: linear measures over the expression
lids            the gap between the eyelids, likewise
inner_surfaces  what lies behind open lips and lids
appearance      the value `Appearance`: how a face's colours change with expression and turn
detail          the value `Detail`: what a frame shows of a face between the vertices
occlusion       how dark it is behind lips and lids that are nearly closed
model_file      reading and writing the default model's file
bfm, matlab     Basel Face Model 2009 files that the user brings
coefficients    the layout of the paper's 257 coefficients
synthetic       a made-up face model for tests and examples
train/          learns the default model's shape from tracked faces
"""

from talkgraph.nodes.face_model.load_face_model import LoadFaceModel

__all__ = ["LoadFaceModel"]
