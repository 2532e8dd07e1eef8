"""Measures of a result against the real video (Yi et al. 2020, section 4, and what it leaves out).

Place in the chain: after everything; what they say is printed, never fed back.

Nodes (those that compare or measure return `scores.Scores`, named numbers; `glossary` tells each)
-----
read_phones           `ReadPhones`: a file -> Phones, where p, b and m lie.
shuffle_speech        `ShuffleSpeech`: Speech -> the same at the wrong time, for a baseline.
stand_in_motion       `StandInMotion`: the mean face, or a mouth as open as the speech is loud.
compare_mouth_motion  `CompareMouthMotion`: Motion, FaceFit -> opening, width, jaw; closures.
compare_mouths        `CompareMouths`: two FaceTracks -> lmd (points counted), mouth-opening sync.
observe_head          `ObserveHead`: Motion, Speech -> HeadTalk, what heads are compared by.
stand_in_head         `StandInHead`: the clip's head replayed or frozen, for baselines.
compare_head_motion   `CompareHeadMotion`: two HeadTalks -> hs, range, speed, spectrum, what speech
                      explains, copies of the clip.
compare_seeds         `CompareSeeds`: two HeadTalks of other seeds, the real one -> diversity.
measure_blinks        `MeasureBlinks`: FaceTrack -> blinks per minute.
hold_frame            `HoldFrame`: the clip's last frame for a whole video, for a baseline.
compare_pictures      `ComparePictures`: two Frames -> psnr, ssim, psnr_wrapped, sharpness, pixels;
                      with the real FaceTrack also of face and mouth alone.
compare_identity      `CompareIdentity`: two IdentityFeatures -> distance.

The measures are plain functions, an idea a file: `mouth/` silence, landmarks;
`head/` range, speed, spectrum, events, what speech explains, habits; `picture/`; `blinks`.
"""

from talkgraph.nodes.evaluate.compare_head_motion import CompareHeadMotion
from talkgraph.nodes.evaluate.compare_identity import CompareIdentity
from talkgraph.nodes.evaluate.compare_mouth_motion import CompareMouthMotion
from talkgraph.nodes.evaluate.compare_mouths import CompareMouths
from talkgraph.nodes.evaluate.compare_pictures import ComparePictures
from talkgraph.nodes.evaluate.compare_seeds import CompareSeeds
from talkgraph.nodes.evaluate.hold_frame import HoldFrame
from talkgraph.nodes.evaluate.measure_blinks import MeasureBlinks
from talkgraph.nodes.evaluate.observe_head import ObserveHead
from talkgraph.nodes.evaluate.read_phones import ReadPhones
from talkgraph.nodes.evaluate.shuffle_speech import ShuffleSpeech
from talkgraph.nodes.evaluate.stand_in_head import StandInHead
from talkgraph.nodes.evaluate.stand_in_motion import StandInMotion

__all__ = [
    "CompareHeadMotion",
    "CompareIdentity",
    "CompareMouthMotion",
    "CompareMouths",
    "ComparePictures",
    "CompareSeeds",
    "HoldFrame",
    "MeasureBlinks",
    "ObserveHead",
    "ReadPhones",
    "ShuffleSpeech",
    "StandInHead",
    "StandInMotion",
]
