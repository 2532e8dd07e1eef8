"""The watermark as a pattern: its waves (`tile`), laid over a picture (`overlay`), and what is left
of it in a video (`remains`), where it is looked for (`search`).

A spread-spectrum watermark after Kalker et al. 1999, *A Video Watermarking System for Broadcast
Monitoring*: one square tile, repeated over luma, the same in every frame, found by phase
correlation wherever the picture was cut. Ours differs in that the tile grows with the picture, so
that a change of size alone moves nothing, that it has no payload, and in the proven bound on false
alarms.
"""
