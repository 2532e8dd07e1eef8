"""`compare_head_motion`: whether a head moves as the person's does."""

from __future__ import annotations

from talkgraph.engine import Node, node, param
from talkgraph.errors import InputError
from talkgraph.nodes.evaluate.head.coupling import coupling, energy_response, silence_speed_ratio
from talkgraph.nodes.evaluate.head.explained import explained_by_speech
from talkgraph.nodes.evaluate.head.similarity import BINS, head_similarity
from talkgraph.nodes.evaluate.head.spectrum import log_spectral_distance
from talkgraph.nodes.evaluate.head.spread import (
    drift,
    jerk_ratio,
    speed_ratios,
    spread_ratios,
    typical,
    typical_factor,
)
from talkgraph.nodes.evaluate.head.stillness import still_share, velocity_kurtosis
from talkgraph.nodes.evaluate.head.talks import ANGLES, HeadTalk
from talkgraph.nodes.evaluate.head.windows import copied_share
from talkgraph.nodes.evaluate.scores import Scores

FEWEST = 25  # frames; less than one second says nothing
MINUTE = 60.0  # s


@node("compare_head_motion", version=2)
class CompareHeadMotion(Node):
    """Figures of one head motion against the person's real one; read them beside two real halves.

    Example:
        >>> from talkgraph.nodes.evaluate import CompareHeadMotion, ObserveHead
        >>> from talkgraph.nodes.face_model.synthetic import synthetic_fit
        >>> still = ObserveHead().run(synthetic_fit(frames=50).motion)
        >>> CompareHeadMotion().run(still, still).values["hs"]
        1.0
    """

    drift_seconds: float = param(
        15.0, "drift is not looked for between shorter parts", unit="s", gt=0
    )
    bins: int = param(BINS, "bins of the angles' histograms, over the range of both heads", ge=2)

    def run(self, made: HeadTalk, real: HeadTalk, clip: HeadTalk | None = None) -> Scores:
        """Compare what is said and done; silence at both ends is left out.

        Returns hs; std_r, std_factor, vc_r, vc_factor, jerk (ratios); lsd (dB); kurtosis, still,
        and with a speech energy_response, coupling, silence_speed, explained_pitch, _yaw, _roll,
        _speed of the made head alone; with `clip` also copied; where it lasts for twice
        `drift_seconds`, drift: the last minute at most less the first.

        Args:
            clip: what the person was learned from.

        Raises:
            InputError: less than a second of one of them.
        """
        said = made.active.any()
        made, real = made.spoken(), real.spoken()
        if min(len(made), len(real)) < FEWEST:
            raise InputError(
                f"head motions of {len(made)} and {len(real)} frames are too short to compare, "
                f"{FEWEST} are needed; give a longer clip"
            )
        spread = spread_ratios(made.pose, real.pose)
        pace = speed_ratios(made.pose, real.pose, made.fps)
        values = {
            "hs": head_similarity(made.pose[:, ANGLES], real.pose[:, ANGLES], self.bins),
            "std_r": typical(spread),
            "std_factor": typical_factor(spread),
            "vc_r": typical(pace),
            "vc_factor": typical_factor(pace),
            "jerk": jerk_ratio(made.pose, real.pose),
            "lsd": log_spectral_distance(made.pose, real.pose, made.fps),
            "kurtosis": velocity_kurtosis(made.pose, made.fps),
            "still": still_share(made.pose, made.fps),
            "head_frames": float(len(made)),
        }
        part = min(len(made) // 2 / made.fps, MINUTE)
        if part >= self.drift_seconds:
            values["drift"] = drift(made.pose, made.fps, part)
        if said:
            values["energy_response"] = energy_response(made)
            values["coupling"] = coupling(made)
            quiet = silence_speed_ratio(made)
            if quiet is not None:
                values["silence_speed"] = quiet
            values |= {f"explained_{k}": v for k, v in explained_by_speech([made]).items()}
        if clip is not None:
            values["copied"] = copied_share(made.pose, clip.pose, made.fps)
        return Scores(values=values)
