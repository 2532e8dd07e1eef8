"""The looks of talkgraph's own values and nodes, one module per stage.

Loading this package registers them; packages of others do the same with their own modules, named
by an entry point in the group ``talkgraph.previews``.

media        speech, footage, clip, finished files
face_fit     boxes, landmarks, fit
albedo       reflectance, light, the face model
cover        hands near the face, what stands before it
keypoint_field  keypoints, dense motion, and what it cannot see
audio        features over the waveform
motion       expression and head pose, against those of the clip
backgrounds  the frames behind, on a time line
render       rendered face, composite, pasted frames
refine       refined frames, attention and colour masks
training     networks and how they learned
evaluate     scores
runs         graphs, plans, results and the values of a notebook
"""

from talkgraph.report.previews import (
    albedo,
    audio,
    backgrounds,
    cover,
    evaluate,
    face_fit,
    keypoint_field,
    media,
    motion,
    refine,
    render,
    runs,
    training,
)

__all__ = [
    "albedo", "audio", "backgrounds", "cover", "evaluate", "face_fit", "keypoint_field", "media",
    "motion", "refine", "render", "runs", "training",
]  # fmt: skip
