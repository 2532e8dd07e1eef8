"""The refiner's memory: pairs of spatial and identity feature (Yi et al. 2020, section 3.4).

bank       the pairs: retrieval, and update by age.
spatial    the spatial feature of rendered frames.
triplet    the threshold triplet loss, and training by it.
smoothing  retrieved features, smoothed over adjacent frames.
recall     who is to be seen in rendered frames, by a memory.
"""
