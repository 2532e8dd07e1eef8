"""How well a mouth follows speech, as plain functions.

agreement   correlation, concordance, spread ratio, at lag 0 and at a lag found elsewhere
closure     whether the lips meet where they should: hits, false ones, depth
silence     what the mouth does while nobody speaks
landmarks   distance of mouth landmarks (LMD), lip opening of tracked faces
"""
