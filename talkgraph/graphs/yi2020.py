"""Yi et al. 2020, Audio-driven Talking Face Video Generation with Natural Head Pose.

From a speech and a short clip of a person to a video of that person saying it. Read the steps
from top to bottom: section 3.1 is `fit`, 3.2 `motion`, 3.3 `albedo` to `composite`, 3.4 `refined`.

Where it differs from the paper: the face model is our own (BFM 2009 loads from a file); the
albedo is the detailed one at every quality, so that a draft looks like the person without a refiner
(`graph.replace(albedo=LowFrequencyAlbedo())` gives the paper's); the mouth follows a pretrained
speech encoder, as that hears people it never heard, and rests in silence; the head's motion is
drawn from a flow, as real heads follow speech less than the pose of eq. (1) does; the identity
feature has 128 numbers instead of ArcFace's 512; the refiner changes the rendered frame within
the face, is told once who the person is, and so needs no memory. `paper = graph("best",
preset="paper")` refines as section 3.4 has it, with its networks and losses, a feature for every
frame and the memory that retrieves it. With the pretrained networks that the paper has, or whole as
it was published:

    paper.replace(identity_network=LoadNetwork(name="arcface"),
                  spatial_network=LoadNetwork(name="resnet18"))
    paper.replace(identity_network=LoadNetwork(name="arcface"),
                  refiner=LoadNetwork(name="yi2020-generator"),
                  spatial_network=LoadNetwork(name="yi2020-memory"),
                  refiner_memory=LoadRefinerMemory().on(file="spatial_network"))

Eq. (1) and (2) for face and head, from cepstral coefficients, as in the paper:

    graph().replace(
        features=Mfcc(), clip_features=Mfcc(),
        general_mapping=LoadNetwork(name="general-mapping-mfcc"), mapping=PersonaliseMapping(),
        spoken=MapMotion(),
        motion=AddBlinks().on(motion="spoken", model="face_model", person="fit"),
    )
"""

from __future__ import annotations

from pathlib import Path

from talkgraph.engine import Graph, Step
from talkgraph.graphs.finished import finished
from talkgraph.graphs.quality import Preset, Quality
from talkgraph.nodes.albedo import DetailedAlbedo, FindCover, LearnAppearance, LearnDetail
from talkgraph.nodes.audio_features import DetectVoice, SpeechEncoder
from talkgraph.nodes.backgrounds import (
    Composite,
    MatchBackgrounds,
    PasteBack,
    RehearseBackgrounds,
    WarpBackground,
)
from talkgraph.nodes.face_fit import (
    CropHead,
    DescribeIdentities,
    DescribeIdentity,
    DetectFaces,
    FindHands,
    FitFace,
    TrackFace,
)
from talkgraph.nodes.face_model import LoadFaceModel
from talkgraph.nodes.head_motion import SampleHeadMotion
from talkgraph.nodes.media import ReadSpeech, ReadVideo, TakeView
from talkgraph.nodes.networks import LoadNetwork
from talkgraph.nodes.pose_mapping import (
    AddBlinks,
    MapExpression,
    MoveBrows,
    PersonaliseExpression,
    RestInSilence,
)
from talkgraph.nodes.refine import BuildRefinerMemory, Refine, TrainRefiner
from talkgraph.nodes.render import Render

# Seconds of a clip below which its way of talking is not learned: what is learned from a few is
# little, and takes as long as from many. By whether it is a draft.
LEARNED = {True: 6.0, False: 4.0}
# Steps of refiner training: `standard` takes a minute on two cores, `best` half an hour.
REFINER_STEPS = {"standard": 700, "best": 18000}
# s; how mouth and eyes look in the seconds about a frame is nearer to that frame than what a talk,
# at another time, will be given: see `train_refiner.md`.
REHEARSAL_LEAVES_OUT = 3.0


def graph(
    quality: Quality = "draft",
    seed: int = 0,
    face: int = 1,
    preset: Preset = "ours",
    mark: bool = True,
    label: str = "",
) -> Graph:
    """The graph of the paper; inputs `audio` and `video`, output `video_out`.

    Args:
        quality: `draft` leaves the refiner out, `standard` trains a small one on the clip, `best`
            trains for as long as the public implementation does.
        seed: of head motion, brows, blinks, training order and initial weights.
        face: which face of the clip speaks, 1 for the largest.
        preset: `paper` refines as section 3.4 has it, with memory; it wants a GPU.
        mark: mark the video as synthetic, see `finished`.
        label: words in a corner of the picture that say so; none if empty.
    """
    draft = quality == "draft"
    steps: dict[str, Step] = {
        "speech": ReadSpeech().on(audio="audio"),
        "footage": ReadVideo().on(video="video"),
        # The person: section 3.1, and the albedo of 3.3.
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
        # The person's way of talking: sections 3.2 and 4.1.
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
        # The talk, rendered over frames of the clip: section 3.3.
        "backgrounds": MatchBackgrounds().on(motion="motion", fit="fit", cover="cover"),
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
        **({} if draft else refined(REFINER_STEPS[quality], seed, preset)),
        # Back into the original frames, and into a file.
        "pasted": PasteBack().on(
            frames="composite" if draft else "refined",
            footage="view",
            crop="clip.crop",
            backgrounds="backgrounds",
        ),
        **finished("pasted", mark=mark, label=label),
    }
    return Graph("yi2020", inputs={"audio": Path, "video": Path}, steps=steps, output="video_out")


def refined(training_steps: int, seed: int, preset: Preset = "ours") -> dict[str, Step]:
    """Section 3.4: the clip re-enacts itself, a refiner learns from that, and refines the talk."""
    paper = preset == "paper"
    of_frames = {"identities": "identities"} if paper else {}
    recalled = {"memory": "refiner_memory"} if paper else {}
    return {
        "rehearsal": RehearseBackgrounds(seed=seed).on(fit="fit"),
        "rehearsal_background": WarpBackground().on(
            clip="clip", fit="fit", backgrounds="rehearsal", model="face_model", cover="cover"
        ),
        # Mouth and eyes of a frame's own seconds would teach the refiner to leave all as it is.
        "rehearsal_face": Render(leave_out=REHEARSAL_LEAVES_OUT).on(
            motion="rehearsal.motion",
            fit="fit",
            albedo="albedo",
            model="face_model",
            appearance="appearance",
            detail="detail",
        ),
        "rehearsal_composite": Composite().on(
            background="rehearsal_background", face="rehearsal_face"
        ),
        "identity_network": LoadNetwork(name="face-identity").on(),
        "identity": DescribeIdentity().on(clip="clip", track="track", network="identity_network"),
        **(remembered(seed) if paper else {}),
        "refiner": TrainRefiner(steps=training_steps, seed=seed, preset=preset).on(
            rendered="rehearsal_composite",
            real="clip.frames",
            identity="identity",
            track="track",
            **of_frames,
        ),
        "refined": Refine().on(
            frames="composite",
            identity="identity",
            refiner="refiner",
            face="face",
            background="background",
            **recalled,
        ),
    }


def remembered(seed: int) -> dict[str, Step]:
    """The memory of section 3.4: who is seen in every frame, and in which rendered one."""
    return {
        "identities": DescribeIdentities().on(
            clip="clip", track="track", network="identity_network"
        ),
        "spatial_network": LoadNetwork(name="spatial-feature").on(),
        "refiner_memory": BuildRefinerMemory(seed=seed).on(
            rendered="rehearsal_composite", identities="identities", network="spatial_network"
        ),
    }
