"""What flows between the stages: one class per kind of value, with shapes, units and ranges.

Conventions (one page for all stages)
-------------------------------------
Image      pixels; x right, y down; (0, 0) is the outer corner of the top left pixel, so that the
           centre of pixel (row r, column c) is x = c + 0.5, y = r + 0.5. Colours are sRGB uint8,
           or float in [0, 1] where said.
Head       the space of the face model: x to the image's right for a frontal face, y up, z out of
           the face towards the camera; the mean face is about 1.6 units wide, centred near 0.
Camera     x right, y up, z towards the viewer; the camera sits at z = +10 and looks along -z.
           point_in_camera = R(rotation) @ point_in_head + translation
           x_image = S/2 + F * S * x / (10 - z);  y_image = S/2 - F * S * y / (10 - z)
           for a square picture of S px; F = 1015 / 224 (the focal length of 1015 px for a 224 px
           crop of Deng et al., the reconstruction that Yi et al. 2020, section 3.1, use).
Rotation   angles (pitch, yaw, roll) in radians about x, y, z; R = Rz(roll) @ Ry(yaw) @ Rx(pitch),
           right-handed. Positive pitch looks down, positive yaw turns the face to the image's
           right, positive roll tilts the top of the head to the image's left.
Time       frame k of a T-frame sequence at `fps` shows the moment (k + 0.5) / fps.
"""

from __future__ import annotations

import attrs
import numpy as np
from numpy.typing import NDArray

from talkgraph.cache.files import File
from talkgraph.cache.frames import Frames
from talkgraph.cache.values import value

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


def _rate(value: object, field: attrs.Attribute[float], fps: float) -> None:
    if not fps > 0:
        raise ValueError(f"{type(value).__name__}.{field.name} is frames per second: expected a "
                         f"number above 0, got {fps!r}")  # fmt: skip


@value("speech")
class Speech:
    """A recording, ready for the features, and its sound at full quality for the output.

    samples: `[shape=(n,), float32]`, mono, in [-1, 1], at `rate` = 16000 Hz.
    soundtrack: `[shape=(m, c), float32]`, c = 1 or 2, at `soundtrack_rate` Hz, the same duration.
    """

    samples: Floats
    rate: int
    soundtrack: Floats
    soundtrack_rate: int

    @property
    def seconds(self) -> float:
        """Duration in seconds."""
        return len(self.samples) / self.rate


@value("footage")
class Footage:
    """A normalised copy of the person's video or photo: upright, constant rate, random access.

    file: all-intra video (one packet per frame) or a PNG for a photo (`count` = 1).
    speech: the clip's own sound, or None where it has none.
    cuts: frames at which a video may cut to another shot, ascending, without 0.
    """

    file: File
    fps: float
    count: int
    width: int
    height: int
    speech: Speech | None
    cuts: tuple[int, ...] = ()


@value("view")
class View:
    """The part of a footage that is worked on.

    first, stop: its frames, `first` to `stop` - 1.
    left, top, width, height: its rectangle in px of the footage, inside the frame.
    scale: by which the rectangle is resized.
    """

    first: int
    stop: int
    left: int
    top: int
    width: int
    height: int
    scale: float

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the pictures that come out, in px."""
        return max(1, round(self.width * self.scale)), max(1, round(self.height * self.scale))


@value("crop")
class Crop:
    """The square of the source frame that holds the head: left, top, side in source px (may reach
    outside the frame; what lies outside repeats the border)."""

    left: float
    top: float
    side: float


@value("clip")
class Clip:
    """The head crop of a footage, one fixed square for all frames.

    frames: `[shape=(T, S, S, 3), uint8]`.
    """

    frames: Frames
    fps: float
    crop: Crop
    speech: Speech | None


@value("face_track")
class FaceTrack:
    """Landmarks of one face in every frame of a clip.

    landmarks: `[shape=(T, 478, 3), float32]`, x and y in px of the S px crop, z in the same scale
        with negative towards the camera; 468 mesh points and 2 x 5 iris points (MediaPipe order).
    confidence: `[shape=(T,), float32]` in [0, 1], 0 in gaps.
    measured: `[shape=(T,), bool]`, False where the landmarks were interpolated over a gap.
    size: S in px.
    fps: frames per second, > 0.

    Raises:
        ValueError: for an fps that is not above 0.
    """

    landmarks: Floats
    confidence: Floats
    measured: Bools
    size: int
    fps: float = attrs.field(validator=_rate)


@value("motion", per_frame=("expression", "rotation", "translation"))
class Motion:
    """How face and head move, at `fps`; see the conventions above.

    expression: `[shape=(T, 64), float32]`, coefficients in units of their standard deviation.
    rotation: `[shape=(T, 3), float32]`, rad.   translation: `[shape=(T, 3), float32]`, head units.
    """

    expression: Floats
    rotation: Floats
    translation: Floats
    fps: float


@value("keypoints", per_frame=("position", "jacobian"))
class Keypoints:
    """Points that carry the motion of a picture, and how it is bent about each.

    position: `[shape=(T, K, 2), float32]`, (x, y) in [-1, 1], the middles of the outer pixels of
        the picture on a 64 px grid; y points down.
    jacobian: `[shape=(T, K, 2, 2), float32]`, picture about the keypoint from a frame of reference
        that all frames share: J_a @ inv(J_b) takes what lies about it in b to where it lies in a.
    """

    position: Floats
    jacobian: Floats
    fps: float


@value("motion_field", per_frame=("deformation", "occlusion"))
class MotionField:
    """Where every part of a frame is taken from in one photo.

    deformation: `[shape=(T, 64, 64, 2), float32]`, (x, y) in the photo; -1 and 1 are its edges.
    occlusion: `[shape=(T, 64, 64), float32]` in [0, 1], 0 where nothing of the photo is to be seen.
    """

    deformation: Floats
    occlusion: Floats
    fps: float


@value("face_fit")
class FaceFit:
    """The 3DMM coefficients of a clip (Yi et al. 2020, section 3.1), albedo and light excepted.

    identity: `[shape=(80,), float32]`, in standard deviations, one for the clip.
    motion: expression and pose of every frame.
    error: `[shape=(T,), float32]`, mean 2D distance of model to landmarks, in px at a face height
        of 256 px.
    size: side of the crop in px to which the pose refers.
    """

    identity: Floats
    motion: Motion
    error: Floats
    measured: Bools
    size: int


@value("albedo")
class Albedo:
    """Reflectance of every vertex and the light of the clip.

    colour: `[shape=(V, 3), float32]`, RGB albedo >= 0; colour times irradiance is sRGB in [0, 1].
    light: `[shape=(9, 3), float32]`, spherical-harmonics coefficients per colour channel
        (27 in all, Yi et al. 2020, section 3.1).
    """

    colour: Floats
    light: Floats


@value("cover")
class Cover:
    """What stands before the face in every frame of a clip.

    share: `[shape=(T, V), uint8]`, of 255, how far it hides each vertex of the face model.
    """

    share: NDArray[np.uint8]


@value("speech_features")
class SpeechFeatures:
    """One window of features per video frame.

    windows: `[shape=(T, rows, bins), float32]`, T = round(fps * seconds of speech).
    """

    windows: Floats
    fps: float


@value("voice_activity", per_frame=("probability",))
class VoiceActivity:
    """How likely it is that somebody speaks, per video frame.

    probability: `[shape=(T,), float32]` in [0, 1], T = round(fps * seconds of speech).
    """

    probability: Floats
    fps: float


@value("head_pattern")
class HeadPattern:
    """How a person moves the head, whatever is said (motion behaviour pattern, Yi et al. 2022).

    vector: `[shape=(10,), float32]`, of a pattern encoder; means something to its decoder only.
    place: `[shape=(6,), float32]`, mean angles (rad) and place of the neck (head units).
    """

    vector: Floats
    place: Floats


@value("backgrounds")
class Backgrounds:
    """The source frame behind each output frame, and the motion adjusted to it (section 3.3).

    source: `[shape=(T,), int64]`, index of the clip's frame.
    keyframes: `[shape=(K,), int64]`, output frames that are extremes of head orientation.
    motion: the motion to render.
    """

    source: Ints
    keyframes: Ints
    motion: Motion


@value("identity_feature")
class IdentityFeature:
    """Who the person is: `[shape=(128,), float32]`, same person: distance below about 0.5; or
    `[shape=(512,), float32]` of ArcFace, of length 1."""

    vector: Floats


@value("identity_track", per_frame=("vectors", "measured"))
class IdentityTrack:
    """Who is seen in every frame of a clip, as `IdentityFeature` says it, of length 1.

    vectors: `[shape=(T, n), float32]`; a frame without a face has those of the nearest with one.
    measured: `[shape=(T,), bool]`, whether it was described itself.
    """

    vectors: Floats
    measured: Bools


@value("origin")
class Origin:
    """What a video says about how it came to be, in a word of the IPTC's list of source types.

    source_type: `trainedAlgorithmicMedia`, `compositeWithTrainedAlgorithmicMedia` or another.
    """

    source_type: str

    @property
    def uri(self) -> str:
        """The word as it is written into files."""
        return f"http://cv.iptc.org/newscodes/digitalsourcetype/{self.source_type}"


@value("onnx_model")
class OnnxModel:
    """A network in ONNX, with plain text facts about it (normalisation, training, licence)."""

    file: File
    facts: dict[str, str]


@value("refiner_memory")
class RefinerMemory:
    """Pairs of spatial and identity feature, M of Yi et al. 2020, section 3.4.

    The spatial feature of a rendered frame is weight @ network(frame) + bias, brought to length 1.

    network: describes the whole picture, such as ResNet-18 up to its pool5 (D numbers).
    weight: `[shape=(K, D), float32]`, bias: `[shape=(K,), float32]`, the learned layer behind it.
    keys: `[shape=(S, K), float32]`, spatial features of length 1.
    values: `[shape=(S, n), float32]`, the identity features that go with them, of length 1.
    ages: `[shape=(S,), int64]`, updates since the pair was last met.
    indices: `[shape=(S,), int64]`, frame that it was made from; -1 for a pair of no frame.
    """

    network: OnnxModel
    weight: Floats
    bias: Floats
    keys: Floats
    values: Floats
    ages: Ints
    indices: Ints
