"""Yi et al. 2022, Predicting Personalized Head Movement From Short Video and Speech Signal.

From a speech and a clip of 10 to 15 s of a person to a video of that person saying it. What the
face does follows a pretrained speech encoder; the head is moved in two steps: `pattern`, how this
person moves the head, whatever is said, and `head`, the one motion that goes with that pattern and
this speech. Backgrounds are matched by turns of the head instead of poses (at extremes of yaw, as
the text of 2020 has it; the public implementation takes those of roll).

The head moves less than people do; `graph.with_params(head={"matched": True})` gives it the size of
the clip's motion.

Where it differs from the paper: the networks are small ones of our own, learned from a fifth of its
clips (the published ones load from your files, see `talkgraph models list`, and take their place:
`graph.with_params(pattern_encoder={"name": "head-pattern-encoder-yi2022"})`); silence and walking
in are cut off the clip's motion before it is encoded; face model, albedo, identity feature and
refiner are as in `yi2020`.
"""

from __future__ import annotations

from pathlib import Path

from talkgraph.engine import Graph, Step
from talkgraph.graphs.finished import finished
from talkgraph.graphs.quality import Quality
from talkgraph.graphs.yi2020 import LEARNED, REFINER_STEPS, refined
from talkgraph.nodes.albedo import DetailedAlbedo, FindCover, LearnAppearance, LearnDetail
from talkgraph.nodes.audio_features import DetectVoice, Mfcc, SpeechEncoder
from talkgraph.nodes.backgrounds import Composite, MatchBackgrounds, PasteBack, WarpBackground
from talkgraph.nodes.face_fit import CropHead, DetectFaces, FindHands, FitFace, TrackFace
from talkgraph.nodes.face_model import LoadFaceModel
from talkgraph.nodes.head_motion import DecodeHeadMotion, EncodeHeadMotion
from talkgraph.nodes.media import ReadSpeech, ReadVideo, TakeView
from talkgraph.nodes.networks import LoadNetwork
from talkgraph.nodes.pose_mapping import (
    AddBlinks,
    MapExpression,
    MoveBrows,
    PersonaliseExpression,
    RestInSilence,
)
from talkgraph.nodes.render import Render


def graph(
    quality: Quality = "draft", seed: int = 0, face: int = 1, mark: bool = True, label: str = ""
) -> Graph:
    """The graph of the paper; inputs `audio` and `video`, output `video_out`.

    Args:
        quality: as of `yi2020`.
        seed: of blinks, training order and initial weights; the head's motion has none.
        face: which face of the clip speaks, 1 for the largest.
        mark: mark the video as synthetic, see `finished`.
        label: words in a corner of the picture that say so; none if empty.
    """
    draft = quality == "draft"
    steps: dict[str, Step] = {
        "speech": ReadSpeech().on(audio="audio"),
        "footage": ReadVideo().on(video="video"),
        # The person.
        "face_detector": LoadNetwork(name="face-detector").on(),
        "landmark_network": LoadNetwork(name="face-landmarks-attention").on(),
        "recognition_network": LoadNetwork(name="face-identity").on(),
        "faces": DetectFaces(face=face).on(
            footage="footage",
            detector="face_detector",
            landmarks="landmark_network",
            identity="recognition_network",
        ),
        "view": TakeView().on(footage="footage", view="faces.view"),
        "clip": CropHead().on(footage="view", faces="faces"),
        "track": TrackFace().on(
            clip="clip", detector="face_detector", landmarks="landmark_network", faces="faces"
        ),
        "face_model": LoadFaceModel().on(),
        "fit": FitFace().on(track="track", model="face_model"),
        "palm_detector": LoadNetwork(name="palm-detector").on(),
        "hand_network": LoadNetwork(name="hand-joints").on(),
        "hands": FindHands().on(
            clip="clip", track="track", palms="palm_detector", joints="hand_network"
        ),
        "cover": FindCover().on(clip="clip", fit="fit", model="face_model", hands="hands"),
        "albedo": DetailedAlbedo().on(clip="clip", fit="fit", model="face_model", cover="cover"),
        "appearance": LearnAppearance().on(
            clip="clip", fit="fit", albedo="albedo", model="face_model", cover="cover"
        ),
        "detail": LearnDetail().on(
            clip="clip",
            fit="fit",
            albedo="albedo",
            model="face_model",
            appearance="appearance",
            cover="cover",
        ),
        # The face.
        "speech_encoder": LoadNetwork(name="speech-encoder-tiny").on(),
        "clip_features": SpeechEncoder().on(speech="view.speech", network="speech_encoder"),
        "general_mapping": LoadNetwork(name="general-mapping-speech-encoder").on(),
        "mapping": PersonaliseExpression(seed=seed, min_seconds=LEARNED[draft]).on(
            mapping="general_mapping", fit="fit", clip_features="clip_features"
        ),
        "features": SpeechEncoder().on(speech="speech", network="speech_encoder"),
        "spoken": MapExpression().on(features="features", mapping="mapping", person="fit"),
        "voice_detector": LoadNetwork(name="voice-activity").on(),
        "voice": DetectVoice().on(speech="speech", network="voice_detector"),
        "clip_voice": DetectVoice().on(speech="view.speech", network="voice_detector"),
        "rested": RestInSilence().on(
            motion="spoken",
            voice="voice",
            model="face_model",
            person="fit",
            clip_voice="clip_voice",
        ),
        # The head, first step: a motion behaviour pattern of the clip.
        "pattern_encoder": LoadNetwork(name="head-pattern-encoder").on(),
        "pattern": EncodeHeadMotion().on(
            person="fit", network="pattern_encoder", clip_speech="view.speech"
        ),
        # Second step: the head motion of pattern and speech.
        "pattern_decoder": LoadNetwork(name="head-pattern-decoder").on(),
        "loud_features": Mfcc(keep_zeroth=True).on(speech="speech"),
        "head": DecodeHeadMotion().on(
            motion="rested",
            pattern="pattern",
            features="loud_features",
            network="pattern_decoder",
            person="fit",
        ),
        "brows": MoveBrows(seed=seed).on(
            motion="head", speech="speech", model="face_model", person="fit"
        ),
        "motion": AddBlinks(seed=seed).on(motion="brows", model="face_model", person="fit"),
        # The talk, rendered over frames of the clip.
        "backgrounds": MatchBackgrounds(relative=True).on(
            motion="motion", fit="fit", cover="cover"
        ),
        "background": WarpBackground().on(
            clip="clip", fit="fit", backgrounds="backgrounds", model="face_model", cover="cover"
        ),
        "face": Render().on(
            motion="backgrounds.motion",
            fit="fit",
            albedo="albedo",
            model="face_model",
            appearance="appearance",
            detail="detail",
        ),
        "composite": Composite().on(background="background", face="face"),
        **({} if draft else refined(REFINER_STEPS[quality], seed)),
        # Back into the original frames, and into a file.
        "pasted": PasteBack().on(
            frames="composite" if draft else "refined",
            footage="view",
            crop="clip.crop",
            backgrounds="backgrounds",
        ),
        **finished("pasted", mark=mark, label=label),
    }
    return Graph("yi2022", inputs={"audio": Path, "video": Path}, steps=steps, output="video_out")
