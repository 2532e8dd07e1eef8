"""The networks of Audio2Head by name: one checkpoint, which the user brings, holds them all."""

from __future__ import annotations

from importlib import import_module

from talkgraph.models.asset import Asset, Bundle
from talkgraph.models.conversions import as_brought
from talkgraph.models.sources import UserFile

_BRING = (
    "take the checkpoint audio2head.pth.tar that Wang et al. 2021 publish, then "
    "`models.add('audio2head', 'audio2head.pth.tar')`"
)
_BUILDER = "audio2head.published"
_PURPOSES = {
    "audio2head-keypoint-detector": "keypoints of a photo, with the local bend of the picture",
    "audio2head-head-pose": "head pose from speech and photo, frame after frame",
    "audio2head-keypoint-predictor": "keypoints from speech, photo and head pose",
    "audio2head-dense-motion": "how every part of a photo moves, from keypoints",
    "audio2head-generator": "the frame that such a motion makes of a photo",
}

AUDIO2HEAD: tuple[Asset, ...] = tuple(
    Asset(
        name=name,
        purpose=f"{purpose} (Audio2Head)",
        licence="none stated (Wang et al. 2021): ask them",
        source=UserFile(_BRING),
        parts=(),
        convert=as_brought,
    )
    for name, purpose in _PURPOSES.items()
)


def _networks(data: bytes) -> dict[str, bytes]:
    from talkgraph.models.torch_file import read_tensors

    # By a name that is put together, or it would be in the key of every network, and torch with it.
    published = import_module(f"talkgraph.models.{_BUILDER}")
    facts = {asset.name: asset.facts for asset in AUDIO2HEAD}
    made: dict[str, bytes] = published.build(read_tensors(data), facts)
    return made


CHECKPOINT = Bundle(
    name="audio2head", assets=tuple(asset.name for asset in AUDIO2HEAD), convert=_networks
)
