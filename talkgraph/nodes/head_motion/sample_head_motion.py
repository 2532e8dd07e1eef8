"""`sample_head_motion`: head motion drawn for a speech, in the manner of the person."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from talkgraph.engine import Node, check, node, param
from talkgraph.nodes.geometry.neck import AT_ORIGIN, head_translation, neck_pose
from talkgraph.nodes.geometry.pose import ROTATION
from talkgraph.nodes.head_motion.flow.draw import draw, open_flow
from talkgraph.nodes.head_motion.flow.facts import FlowFacts
from talkgraph.nodes.head_motion.flow.hearing import hearing_of
from talkgraph.nodes.head_motion.habit.coupling import SMOOTH_FRAMES, relative_energy
from talkgraph.nodes.head_motion.habit.habit import Habit, habit_of
from talkgraph.nodes.head_motion.habit.seen_motion import seen_motion
from talkgraph.nodes.head_motion.manner.pace import response_to, with_coupling, with_general_pace
from talkgraph.nodes.head_motion.manner.rest import restfulness
from talkgraph.nodes.head_motion.manner.spread import Spread, about_home, within_neck
from talkgraph.nodes.head_motion.manner.time import at_video_rate, repeated
from talkgraph.nodes.prosody.mark import mark_of
from talkgraph.nodes.prosody.prosody import Prosody, prosody_of
from talkgraph.nodes.signals import not_finite
from talkgraph.nodes.values import FaceFit, Motion, OnnxModel, Speech, SpeechFeatures

Array = NDArray[np.float64]


TYPICAL = "typical"
MANNERS = ("person", "calm", TYPICAL, "lively")


@node("sample_head_motion", version=1, gpu=True)
class SampleHeadMotion(Node):
    """Draw one of the many head motions that go with a speech, in the manner of the person.

    In the place of the one mean motion of eq. (1) (section 3.2): a small flow-matching network,
    trained on many people, draws motion in the units of any person; it is then given the spread
    that this person has in each band of frequency, the person's range, and the way in which the
    person's head follows loudness. Another seed gives another motion.

    Example:
        >>> import numpy as np
        >>> from talkgraph.nodes.face_model.synthetic import synthetic_fit
        >>> from talkgraph.nodes.head_motion import SampleHeadMotion
        >>> from talkgraph.nodes.networks import LoadNetwork
        >>> from talkgraph.nodes.values import Speech, SpeechFeatures
        >>> sound = np.sin(np.arange(32000) / 9).astype(np.float32)
        >>> speech = Speech(
        ...     samples=sound, rate=16000, soundtrack=sound[:, None], soundtrack_rate=16000
        ... )
        >>> features = SpeechFeatures(windows=np.zeros((50, 1, 384), np.float32), fps=25.0)
        >>> spoken, flow = synthetic_fit(frames=50).motion, LoadNetwork(name="head-motion").run()
        >>> SampleHeadMotion(manner="calm").run(spoken, speech, features, flow).rotation.shape
        (50, 3)
    """

    seed: int = param(0, "which of the possible motions", ge=0)
    manner: str = param(
        "person", "whose habit: that of the clip (a photo's is typical), or people's in general",
        choices=MANNERS,
    )  # fmt: skip
    amplitude: float = param(1.0, "size of the movement, in those of the habit", ge=0, le=3)
    guidance: float = param(
        1.2, "how closely movement follows speech; 0 does not listen", ge=0, le=5
    )
    steps: int = param(16, "steps of Euler's method through the flow", ge=1)
    min_seconds: float = param(
        2.0, "clips that show less of the person's talk say nothing about a habit", unit="s", gt=0
    )
    range_percentile: float = param(
        1.0, "share of the clip's poses left out of its range at either end", unit="%", ge=0, lt=50
    )
    reach: float = param(1.3, "range of the movement, in those of the habit", gt=0)
    knee: float = param(0.3, "share of the range in which the pose is left alone", ge=0, lt=1)
    max_gain: float = param(
        20.0, "most by which movement is amplified, per axis and band of frequency", ge=1
    )
    holding: float = param(
        1.5, "how much faster posture shifts where the head is quick than where it is slow", ge=0,
        le=5,
    )  # fmt: skip
    homing_s: float = param(
        20.0, "time over which the head does not stray from its place on average", unit="s", gt=0
    )
    pause_s: float = param(
        2.0, "pauses up to this belong to the speech; in longer ones the head rests", unit="s", ge=0
    )
    rest: float = param(0.4, "share of the movement that is left at rest", ge=0, le=1)
    extent_s: float = param(
        10.0, "speech shorter than this, and than the clip, is heard again and again to fill it "
        "before the motion is cut: spreads of less mean little", unit="s", gt=0,
    )  # fmt: skip

    def run(
        self,
        motion: Motion,
        speech: Speech,
        features: SpeechFeatures,
        network: OnnxModel,
        person: FaceFit | None = None,
        clip_speech: Speech | None = None,
    ) -> Motion:
        """Return `motion` with a drawn head pose.

        Args:
            motion: what the face does; its pose is replaced.
            speech: what is said.
            features: of the speech encoder, of the same speech.
            network: a head-motion flow.
            person: fit of the clip or photo; without it a head at the origin moves.
            clip_speech: the clip's own sound, which tells when its person talks, and how much the
                head then follows loudness.

        Raises:
            ModelError: `network` is no flow, or was trained on other features.
        """
        facts = open_flow(network, self.node_id)
        facts.check(features)
        count = len(motion.expression)
        prosody = prosody_of(speech, count, features.fps)
        habit = self._habit(person, clip_speech, facts)
        random = np.random.default_rng([self.seed, mark_of(speech)])
        pose = self._drawn(prosody, features, network, facts, habit, random)
        return Motion(
            expression=motion.expression,
            rotation=np.asarray(pose[:, ROTATION], np.float32),
            translation=np.asarray(head_translation(pose), np.float32),
            fps=motion.fps,
        )

    @check("every number is finite", severity="stop")
    def is_finite(self, motion: Motion) -> str:
        """A network that overflows gives no motion, and no video should be made of it."""
        return not_finite(motion.rotation, motion.translation)

    def _habit(self, person: FaceFit | None, sound: Speech | None, facts: FlowFacts) -> Habit:
        general = facts.manners[TYPICAL if self.manner == "person" else self.manner]
        if person is None:
            return general.at(AT_ORIGIN)
        heard = None
        if sound is not None:
            heard = prosody_of(sound, len(person.motion.rotation), person.motion.fps)
        seen = seen_motion(person, heard)
        if len(seen) < self.min_seconds * person.motion.fps:
            pose = neck_pose(person.motion.rotation, person.motion.translation)
            shown = pose[person.measured] if person.measured.any() else pose
            return general.at(np.asarray(shown).mean(0))
        if self.manner != "person":
            return general.at(seen.pose.mean(0))
        return habit_of(seen, heard, self.range_percentile, facts.manners[TYPICAL].coupling)

    def _drawn(
        self,
        prosody: Prosody,
        features: SpeechFeatures,
        network: OnnxModel,
        facts: FlowFacts,
        habit: Habit,
        random: np.random.Generator,
    ) -> Array:
        """Neck pose of every frame, `[shape=(T, 6)]`."""
        count, fps = len(prosody.energy), facts.fps
        times = repeated(count, round(min(self.extent_s * fps, habit.frames)))
        hearing = hearing_of(prosody, features, facts.feature_mean, facts.feature_prior)
        hearing = hearing.at(times[::2] // 2)
        code = ((habit.code - facts.code_mean) / facts.code_std).astype(np.float32)
        drawn, heard = draw(
            network, hearing, code, guidance=self.guidance, steps=self.steps, random=random
        )
        away = at_video_rate(drawn, len(times)) * habit.std
        energy = relative_energy(prosody, SMOOTH_FRAMES)[times]
        pace = at_video_rate(
            response_to(heard, facts.response, facts.response_lags)[:, None], len(times)
        )[:, 0]
        spread = Spread(
            habit=habit, fps=fps, max_gain=self.max_gain, reach=self.reach, knee=self.knee
        )
        general = facts.manners[TYPICAL].coupling
        away = with_general_pace(
            spread.given_to(away), pace, energy, habit.coupling, general, spread, self.holding
        )
        away = with_coupling(away, energy, habit.coupling, general, spread, self.holding, random)
        away = about_home(away, self.homing_s * fps)[:count]
        calm = restfulness(prosody.active, self.pause_s, fps)
        size = self.amplitude * (1.0 - (1.0 - self.rest) * calm)
        return within_neck(habit.mean + size[:, None] * away, habit.mean)
