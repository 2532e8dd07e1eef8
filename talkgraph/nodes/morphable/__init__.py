"""Shared 3D face mathematics, and the node that loads the face model.

rotation        angles <-> matrices, derivatives
camera          head -> camera -> picture, and back
lighting        spherical-harmonics light: basis, irradiance, estimation
mesh            normals, adjacency, boundary loops
subdivision     Loop subdivision as a linear operator
face_mesh       the 468-point landmark topology, its mirror image and openings
inner_surfaces  what lies behind open lips and lids
occlusion       how dark it is behind lips and lids that are nearly closed
face_model      the value `FaceModel`: mean, bases, regions
model_file      reading and writing the default model's file
bfm             Basel Face Model 2009 files that the user brings
coefficients    the layout of the paper's 257 coefficients
synthetic       a made-up face model for tests
load            node `face_model`: () -> FaceModel

The model is the first thing that face_fit, albedo and render need; it has no input.
"""

from talkgraph.nodes.morphable.load import LoadFaceModel

__all__ = ["LoadFaceModel"]
