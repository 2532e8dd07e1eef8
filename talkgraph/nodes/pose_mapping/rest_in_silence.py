"""The mouth in silence, which features of a speech never quite hear."""

from __future__ import annotations

import attrs
import numpy as np

from talkgraph.engine import Node, node, note, param
from talkgraph.errors import InputError
from talkgraph.nodes.face_model.face_model import FaceModel
from talkgraph.nodes.face_model.lower_face import lower_face
from talkgraph.nodes.face_model.readout import Readout, mouth_readout
from talkgraph.nodes.pose_mapping.facts import MIN_CLIP_FRAMES
from talkgraph.nodes.pose_mapping.mouth import expression_of
from talkgraph.nodes.pose_mapping.pauses import resting, spoken_frames, without_noise
from talkgraph.nodes.signals import low_pass
from talkgraph.nodes.values import Bools, FaceFit, Floats, Motion, VoiceActivity

# Where people hold the mouth in pauses, from the middle of their speech and in spreads of it:
# medians over 64 found clips with .6 s of rest and more. Lips and jaw close, the corners go apart.
HABIT = {"opening": -0.85, "jaw": -1.5, "width": 1.0}
SELDOM = 0.25  # of a speech with a voice in less of it: what is said there may not be heard as one
PHOTO_REACH = 0.5  # of the reach, about shut lips: they part, and stay a mouth at rest


@attrs.frozen(kw_only=True, eq=False)
class _Rest:
    """expression: `[shape=(64,)]`.   reach: of each measure about it, `[shape=(3,)]`."""

    expression: Floats
    reach: Floats


@node("rest_in_silence", version=1)
class RestInSilence(Node):
    """Bring the mouth to the person's rest while nobody speaks (not in the paper).

    It opens ahead of the voice and closes with it, as people do. The rest is that of the clip's own
    pauses, the more the longer they are, or that of a photo with shut lips; else that of people in
    general, from the middle of the clip's speech, or of this one. At rest the mouth keeps what
    moves slowly in it, a breath that is heard or lips that part, within the person's own reach.
    Brows, eyes and head stay as they are. A voice may be as faint as the noise, or the music, about
    it (`pauses.without_noise`).

    Times, rest and reach come from 178 found clips of 138 people with 213 s of pauses. On the clock
    of `detect_voice`, lips reach half the movement of speech .14 s before a voice and fall below
    it .09 s before its end; the times are those that bring the opening which is predicted for
    people not learned from closest to the real one.

    The opening stays in the range of rest and `motion`: lips that cross in neither do not cross.

    Example:
        >>> import numpy as np
        >>> from talkgraph.nodes.face_model.synthetic import synthetic_face_model, synthetic_fit
        >>> from talkgraph.nodes.pose_mapping import RestInSilence
        >>> from talkgraph.nodes.values import VoiceActivity
        >>> motion = synthetic_fit(frames=75).motion
        >>> motion.expression[:, 0] = 1 + np.sin(np.arange(75))  # the jaw
        >>> voice = VoiceActivity(probability=np.repeat([1.0, 0.0], [25, 50]), fps=25.0)
        >>> made = RestInSilence().run(motion, voice, synthetic_face_model(levels=0))
        >>> moves = np.abs(np.diff(made.expression[:, 0]))
        >>> bool((made.expression == motion.expression)[:18].all()), bool(moves[35:70].max() < 0.05)
        (True, True)
    """

    begins: float = param(0.2, "probability from which somebody speaks", ge=0, le=1)
    ends: float = param(0.1, "probability below which nobody does any more", ge=0, le=1)
    shortest_speech: float = param(0.1, "shorter voices are none", unit="s", ge=0)
    shortest_pause: float = param(0.3, "shorter pauses are none", unit="s", ge=0)
    anticipation: float = param(0.32, "the mouth leaves its rest so long before a voice", unit="s",
                                ge=0)  # fmt: skip
    opening: float = param(0.28, "time in which it does so", unit="s", gt=0)
    ending: float = param(0.2, "it begins to go there so long before a voice ends", unit="s", ge=0)
    closing: float = param(0.32, "time in which it does so", unit="s", gt=0)
    own_pauses: float = param(
        1.0, "so much silence in the clip tells as much as people in general do", unit="s", gt=0
    )
    reach: float = param(
        0.6, "how far the mouth moves at rest, in general", unit="spreads of its speech", ge=0
    )
    slowness: float = param(1.0, "what moves faster is no movement at rest", unit="Hz", ge=0.01)
    stillness: float = param(0.3, "weight that keeps the upper face still", ge=0)

    def run(
        self,
        motion: Motion,
        voice: VoiceActivity,
        model: FaceModel,
        person: FaceFit | None = None,
        clip_voice: VoiceActivity | None = None,
    ) -> Motion:
        """Return `motion`, the lower face at rest where nobody speaks.

        Args:
            voice: of the speech to which `motion` was made, at the same rate.
            person: fit of the clip or photo.
            clip_voice: of the clip's own sound; empty where it has none.

        Raises:
            InputError: a voice of another rate or length than the motion.
            ModelError: the face model has no landmarks at mouth, nose or lids.
        """
        count = len(motion.expression)
        if voice.fps != motion.fps or len(voice.probability) != count:
            raise InputError(
                f"node '{self.node_id}', port 'voice': received {len(voice.probability)} frames at "
                f"{voice.fps:g} fps for a motion of {count} at {motion.fps:g}; give the voice of "
                "the same speech at the same fps"
            )
        spoken, at_rest = self._when(voice)
        if spoken.mean() < SELDOM:
            note(
                f"a voice is heard in {spoken.sum() / voice.fps:.1f} s of {count / voice.fps:.1f} s"
                " of the speech, and elsewhere the mouth rests; if somebody speaks there, or sings "
                "to music, try `begins=0` and `ends=0`"
            )
        still = at_rest > 0
        readout = mouth_readout(model)
        rest = self._rest(motion.expression[spoken if spoken.any() else ~spoken], readout, person,
                          clip_voice)  # fmt: skip
        away = low_pass(readout.of(motion.expression - rest.expression), self.slowness, motion.fps)[
            still
        ]
        kept = readout.lift(rest.reach * np.tanh(away / np.maximum(rest.reach, 1e-9)))
        part = lower_face(model, readout, self.stillness)
        expression = motion.expression.copy()
        change = (rest.expression + kept - expression[still]) @ part.T
        expression[still] += at_rest[still, None] * change
        return Motion(
            expression=np.asarray(expression, np.float32),
            rotation=motion.rotation,
            translation=motion.translation,
            fps=motion.fps,
        )

    def _when(self, voice: VoiceActivity) -> tuple[Bools, Floats]:
        spoken = spoken_frames(
            without_noise(voice),
            begins=self.begins,
            ends=self.ends,
            shortest_speech=self.shortest_speech,
            shortest_pause=self.shortest_pause,
        )
        return spoken, resting(
            spoken,
            voice.fps,
            anticipation=self.anticipation,
            opening=self.opening,
            ending=self.ending,
            closing=self.closing,
        )

    def _rest(
        self,
        speaking: Floats,
        readout: Readout,
        person: FaceFit | None,
        clip_voice: VoiceActivity | None,
    ) -> _Rest:
        """The rest of a person of whom a talk `[shape=(T, 64)]` and maybe a clip are known."""
        silent = np.empty((0, speaking.shape[1]), np.float32)
        seconds = 0.0
        if person is not None and len(expression_of(person)) >= MIN_CLIP_FRAMES:
            speaking = expression_of(person)
            if clip_voice is not None:
                spoken, silent = self._parts(person, clip_voice)
                speaking = spoken if len(spoken) >= MIN_CLIP_FRAMES else speaking
                seconds = len(silent) / clip_voice.fps
        middle, spread = speaking.mean(0), readout.of(speaking).std(0)
        habit = np.array([HABIT[name] for name in readout.names], np.float32)
        expression, reach = middle + readout.lift(habit * spread), self.reach * spread
        if seconds:
            own = seconds / (seconds + self.own_pauses)
            expression = expression + own * (np.median(silent, axis=0) - expression)
            reach = reach + own * (readout.of(silent).std(0) - reach)
        elif person is not None and len(expression_of(person)) < MIN_CLIP_FRAMES:
            photo = expression_of(person).mean(0)
            lips = readout.only("opening")
            if lips.of(photo) <= lips.of(expression):  # a mouth that is shut in the photo rests so
                expression, reach = photo, PHOTO_REACH * reach
        return _Rest(
            expression=np.asarray(expression, np.float32), reach=np.asarray(reach, np.float32)
        )

    def _parts(self, person: FaceFit, voice: VoiceActivity) -> tuple[Floats, Floats]:
        """Expressions of a clip in speech, and well inside its pauses."""
        if voice.fps != person.motion.fps and len(voice.probability):
            raise InputError(
                f"node '{self.node_id}', port 'clip_voice': received {voice.fps:g} fps for a clip "
                f"of {person.motion.fps:g}; give the voice at the clip's fps"
            )
        count = min(len(voice.probability), len(person.motion.expression))
        spoken, at_rest = self._when(voice)
        seen = person.measured[:count]
        expression = person.motion.expression[:count]
        return expression[spoken[:count] & seen], expression[(at_rest[:count] >= 1) & seen]
