"""Yi et al. 2020 from one photo: the general mapping, and the photo turned with the head (3.3)."""

from __future__ import annotations

from pathlib import Path

from talkgraph.engine import Graph
from talkgraph.graphs.finished import finished
from talkgraph.graphs.quality import Quality
from talkgraph.nodes.albedo import DetailedAlbedo, FindCover, LearnDetail
from talkgraph.nodes.audio_features import DetectVoice, SpeechEncoder
from talkgraph.nodes.backgrounds import Composite, MatchBackgrounds, PasteBack, WarpBackground
from talkgraph.nodes.face_fit import CropHead, DetectFaces, FindHands, FitFace, TrackFace
from talkgraph.nodes.face_model import LoadFaceModel
from talkgraph.nodes.head_motion import SampleHeadMotion
from talkgraph.nodes.media import ReadPhoto, ReadSpeech, TakeView
from talkgraph.nodes.networks import LoadNetwork
from talkgraph.nodes.pose_mapping import AddBlinks, MapExpression, MoveBrows, RestInSilence
from talkgraph.nodes.render import Render


def graph(
    quality: Quality = "draft", seed: int = 0, face: int = 1, mark: bool = True, label: str = ""
) -> Graph:
    """The photo graph; inputs `audio` and `photo`, output `video_out`.

    Args:
        quality: one picture holds nothing to train a refiner on, so every quality renders alike.
        seed: of head motion, brows and blinks.
        face: which face of the photo speaks, 1 for the largest.
        mark: mark the video as synthetic, see `finished`.
        label: words in a corner of the picture that say so; none if empty.
    """
    return Graph(
        "photo",
        inputs={"audio": Path, "photo": Path},
        steps={
            "speech": ReadSpeech().on(audio="audio"),
            "footage": ReadPhoto().on(photo="photo"),
            # The person: section 3.1, and the albedo of 3.3.
            "face_detector": LoadNetwork(name="face-detector").on(),
            "landmark_network": LoadNetwork(name="face-landmarks-attention").on(),
            "faces": DetectFaces(face=face).on(
                footage="footage", detector="face_detector", landmarks="landmark_network"
            ),
            "view": TakeView().on(footage="footage", view="faces.view"),
            "clip": CropHead().on(footage="view", faces="faces"),
            "track": TrackFace().on(
                clip="clip", detector="face_detector", landmarks="landmark_network"
            ),
            "face_model": LoadFaceModel().on(),
            "fit": FitFace().on(track="track", model="face_model"),
            "palm_detector": LoadNetwork(name="palm-detector").on(),
            "hand_network": LoadNetwork(name="hand-joints").on(),
            "hands": FindHands().on(
                clip="clip", track="track", palms="palm_detector", joints="hand_network"
            ),
            "cover": FindCover().on(clip="clip", fit="fit", model="face_model", hands="hands"),
            "albedo": DetailedAlbedo().on(
                clip="clip", fit="fit", model="face_model", cover="cover"
            ),
            "detail": LearnDetail().on(
                clip="clip", fit="fit", albedo="albedo", model="face_model", cover="cover"
            ),
            # The way of talking: section 3.2, of people in general.
            "speech_encoder": LoadNetwork(name="speech-encoder-tiny").on(),
            "mapping": LoadNetwork(name="general-mapping-speech-encoder").on(),
            "features": SpeechEncoder().on(speech="speech", network="speech_encoder"),
            "spoken": MapExpression().on(features="features", mapping="mapping", person="fit"),
            "voice_detector": LoadNetwork(name="voice-activity").on(),
            "voice": DetectVoice().on(speech="speech", network="voice_detector"),
            "rested": RestInSilence().on(
                motion="spoken", voice="voice", model="face_model", person="fit"
            ),
            "head_flow": LoadNetwork(name="head-motion").on(),
            "head": SampleHeadMotion(seed=seed).on(
                motion="rested",
                speech="speech",
                features="features",
                network="head_flow",
                person="fit",
                clip_speech="view.speech",
            ),
            "brows": MoveBrows(seed=seed).on(
                motion="head", speech="speech", model="face_model", person="fit"
            ),
            "motion": AddBlinks(seed=seed).on(motion="brows", model="face_model", person="fit"),
            # The talk, rendered over the photo: section 3.3.
            "backgrounds": MatchBackgrounds().on(motion="motion", fit="fit", cover="cover"),
            "background": WarpBackground().on(
                clip="clip", fit="fit", backgrounds="backgrounds", model="face_model", cover="cover"
            ),
            "face": Render().on(
                motion="backgrounds.motion",
                fit="fit",
                albedo="albedo",
                model="face_model",
                detail="detail",
            ),
            "composite": Composite().on(background="background", face="face"),
            # Back into the photo, and into a file.
            "pasted": PasteBack().on(
                frames="composite", footage="view", crop="clip.crop", backgrounds="backgrounds"
            ),
            **finished("pasted", mark=mark, label=label),
        },
        output="video_out",
    )
