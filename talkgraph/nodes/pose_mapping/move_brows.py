"""Brows: speech tells little of them, and a forehead that stands still looks like a mask."""

from __future__ import annotations

import numpy as np

from talkgraph.engine import Node, node, param
from talkgraph.nodes.face_model.face_model import FaceModel
from talkgraph.nodes.pose_mapping.brows.habit import (
    BANDS_HZ,
    Array,
    BrowHabit,
    general_habit,
    habit_of,
)
from talkgraph.nodes.pose_mapping.brows.measure import brow_height, raising
from talkgraph.nodes.prosody.mark import mark_of
from talkgraph.nodes.prosody.prosody import prosody_of
from talkgraph.nodes.signals import low_pass, soft_limit, split_bands, spread_in_stretches
from talkgraph.nodes.values import FaceFit, Floats, Motion, Speech

LOUDNESS_HZ = 1.5  # faster loudness is that of syllables, which brows do not follow
NOISE_FRAMES = 20000  # that tell its spread
KNEE = 0.5  # share of the range in which the brows are left alone


@node("move_brows", version=1)
class MoveBrows(Node):
    """Raise and lower the brows as the person does (not in the paper).

    A mapping from speech hardly moves them, as speech tells little of them: on 131 people the best
    linear guess from loudness and pitch agrees with the brows by r .10. So their movement is drawn,
    with the person's spread in each band of frequency and within the person's range. It follows
    the head as far as the person's does, and loudness as little as people's do, of which it is
    ahead. Lids and mouth stay as they are.

    Example:
        >>> import numpy as np
        >>> from talkgraph.nodes.face_model.synthetic import synthetic_face_model, synthetic_fit
        >>> from talkgraph.nodes.pose_mapping import MoveBrows
        >>> from talkgraph.nodes.pose_mapping.brows.measure import brow_height
        >>> from talkgraph.nodes.values import Speech
        >>> sound = np.sin(np.arange(32000) / 9).astype(np.float32)
        >>> speech = Speech(
        ...     samples=sound, rate=16000, soundtrack=sound[:, None], soundtrack_rate=16000
        ... )
        >>> model, motion = synthetic_face_model(levels=0), synthetic_fit(frames=50).motion
        >>> made = MoveBrows().run(motion, speech, model)
        >>> bool(np.ptp(made.expression @ brow_height(model)) > 0.01)
        True
    """

    seed: int = param(0, "which of the possible movements", ge=0)
    amplitude: float = param(1.0, "size of the movement, in the person's own", ge=0, le=3)
    loudness: float = param(
        0.1, "share of the movement that follows loudness, as correlation", ge=0, le=1
    )
    ahead: float = param(0.2, "the brows are so long ahead of loudness", unit="s", ge=0)
    reach: float = param(1.3, "range of the movement, in the person's own", gt=0)
    min_seconds: float = param(
        4.0, "clips that show less of the person say nothing about a habit", unit="s", gt=0
    )

    def run(
        self, motion: Motion, speech: Speech, model: FaceModel, person: FaceFit | None = None
    ) -> Motion:
        """Return `motion` with moving brows, in the place of what the mapping did with them.

        Args:
            motion: with the movement of the head.
            speech: what is said.
            person: fit of the clip or photo; a photo's brows move as people's do, about where
                they are in it.

        Raises:
            ModelError: the face model has no landmarks at brows, eyes or mouth.
        """
        row = brow_height(model)
        habit = self._habit(motion, row, person)
        drawn = self._drawn(motion, speech, habit)
        height = habit.middle + soft_limit(
            self.amplitude * drawn,
            self.amplitude * self.reach * habit.low,
            self.amplitude * self.reach * habit.high,
            KNEE,
        )
        change = height - motion.expression @ row
        return Motion(
            expression=np.asarray(motion.expression + change[:, None] * raising(model), np.float32),
            rotation=motion.rotation,
            translation=motion.translation,
            fps=motion.fps,
        )

    def _habit(self, motion: Motion, row: Floats, person: FaceFit | None) -> BrowHabit:
        if person is None:
            return general_habit(motion.expression @ row, motion.rotation)
        seen = person.measured if person.measured.any() else np.ones_like(person.measured)
        height, rotation = person.motion.expression @ row, person.motion.rotation
        if seen.sum() < self.min_seconds * person.motion.fps:
            return general_habit(height[seen], rotation[seen])
        return habit_of(height, rotation, seen, person.motion.fps)

    def _drawn(self, motion: Motion, speech: Speech, habit: BrowHabit) -> Array:
        """Movement about the middle, `[shape=(T,)]`, head units."""
        count, fps = len(motion.expression), motion.fps
        spread = float(np.linalg.norm(habit.spread))
        # Noise goes on beyond both ends, where filters would else see an edge, and is as long for
        # each speech before its end as for another.
        margin = round(2 * fps / BANDS_HZ[0])
        noise = np.random.default_rng([self.seed, mark_of(speech)]).standard_normal(
            count + 2 * margin
        )
        bands = split_bands(noise[:, None], BANDS_HZ, fps)[: len(habit.spread), :, 0]
        size = habit.spread / _spread_of_noise(fps, habit.frames)
        alone = size @ bands[:, margin : margin + count]
        energy = low_pass(prosody_of(speech, count, fps).energy[:, None], LOUDNESS_HZ, fps)[:, 0]
        late = np.minimum(np.arange(count) + round(self.ahead * fps), count - 1)
        heard = (energy[late] - energy.mean()) / max(float(energy.std()), 1e-6)
        drawn = np.sqrt(1 - self.loudness**2) * alone + self.loudness * spread * heard
        return np.asarray(drawn + (motion.rotation - habit.facing) @ habit.turn, np.float64)


def _spread_of_noise(fps: float, frames: int) -> Array:
    """Standard deviation of white noise in each band within `frames`, `[shape=(bands,)]`."""
    noise = np.random.default_rng(0).standard_normal(max(NOISE_FRAMES, 4 * frames))
    bands = split_bands(noise[:, None], BANDS_HZ, fps)[: len(BANDS_HZ)]
    return spread_in_stretches(bands, frames)[:, 0]
