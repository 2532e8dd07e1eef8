"""Three dimensions, shared by the stages; knows no face model.

rotation        angles <-> matrices
camera          head -> camera -> picture, and back
camera_kernels  the first of these compiled
pose            a head pose as six numbers
neck            the same as it turns about the neck
rigid_pose      rigid pose of a known shape from its landmarks
lighting        spherical-harmonics light: basis, irradiance, estimation
mesh            normals, adjacency, boundary loops
mesh_kernels    its compiled loops
subdivision     Loop subdivision as a linear operator
rasterise       z-buffer rasteriser: `rasterise` -> `Fragments`, `draw` -> picture
raster_kernels  its compiled loops
"""
