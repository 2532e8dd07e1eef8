"""How well a mouth follows speech, as plain functions.

silence     what the mouth does while nobody speaks
landmarks   distance of mouth landmarks (LMD), lip opening of tracked faces
"""
