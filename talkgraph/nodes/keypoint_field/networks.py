"""What the networks of a keypoint field take and make."""

from __future__ import annotations

from talkgraph.models.contract import Contract

SIZE, COARSE = 256, 64  # px, sides of the pictures and of the maps of motion
WINDOW = 64  # frames whose keypoints are predicted at once
FEATURES = (4, 41)  # rows and numbers per frame, of `f0_features`

_PHOTO = (1, 3, SIZE, SIZE)
_WHERE = ("n", "keypoints", 2)
_BENT = ("n", "keypoints", 2, 2)

DETECTOR = Contract(
    what="keypoint detector",
    inputs={"image": ("n", 3, SIZE, SIZE)},
    outputs={"value": _WHERE, "jacobian": _BENT},
    remedy="LoadNetwork(name='audio2head-keypoint-detector')",
)
HEAD_POSE = Contract(
    what="head pose predictor",
    inputs={
        "audio": ("n", "frames", *FEATURES),
        "image": ("n", 3, SIZE, SIZE),
        "state": ("n", 5, "width"),
        "going_on": ("n", 1),
    },
    outputs={"pose": ("n", "poses", 6), "state_after": ("n", 5, "width")},
    remedy="LoadNetwork(name='audio2head-head-pose')",
)
PREDICTOR = Contract(
    what="keypoint predictor",
    inputs={
        "audio": ("n", WINDOW, *FEATURES),
        "image": ("n", 3, SIZE, SIZE),
        "pose_box": ("n", WINDOW, SIZE, SIZE),
    },
    outputs={"value": ("n", WINDOW, "k", 2), "jacobian": ("n", WINDOW, "k", 2, 2)},
    remedy="LoadNetwork(name='audio2head-keypoint-predictor')",
)
DENSE_MOTION = Contract(
    what="dense motion network",
    inputs={
        "image": _PHOTO,
        "source_value": (1, "keypoints", 2),
        "source_jacobian": (1, "keypoints", 2, 2),
        "driving_value": _WHERE,
        "driving_jacobian": _BENT,
    },
    outputs={
        "deformation": ("n", COARSE, COARSE, 2),
        "occlusion": ("n", 1, COARSE, COARSE),
    },
    remedy="LoadNetwork(name='audio2head-dense-motion')",
)
GENERATOR = Contract(
    what="frame generator",
    inputs={
        "image": _PHOTO,
        "deformation": ("n", COARSE, COARSE, 2),
        "occlusion": ("n", 1, COARSE, COARSE),
    },
    outputs={"frames": ("n", 3, SIZE, SIZE)},
    remedy="LoadNetwork(name='audio2head-generator')",
)
