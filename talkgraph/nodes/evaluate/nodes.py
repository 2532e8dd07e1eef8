"""The measures as nodes, so that a graph can score its own result."""

from __future__ import annotations

import numpy as np

from talkgraph import engine
from talkgraph.cache.frames import CHUNK, Frames
from talkgraph.engine import Node, node, param
from talkgraph.errors import InputError
from talkgraph.nodes.evaluate import head_motion, identity, mouth, pictures
from talkgraph.nodes.evaluate.scores import Scores
from talkgraph.nodes.values import FaceTrack, IdentityFeature, Motion


@node("compare_pictures", version=1)
class ComparePictures(Node):
    """PSNR, SSIM and sharpness of frames against real ones."""

    side: int = param(pictures.SIDE, "both are resized to this, by area (ATVG)", unit="px", ge=7)

    def run(self, predicted: Frames, real: Frames) -> Scores:
        """Return psnr, ssim, psnr_wrapped, sharpness: each the mean over the frames.

        Equal frames have an infinite PSNR; in the mean they count as 100 dB.
        """
        count = _same_count(len(predicted), len(real), "compare_pictures")
        found: dict[str, list[float]] = {
            "psnr": [], "ssim": [], "psnr_wrapped": [], "sharpness": []
        }  # fmt: skip
        for start in range(0, count, CHUNK):
            stop = min(start + CHUNK, count)
            for mine, theirs in zip(predicted[start:stop], real[start:stop], strict=True):
                pair = [pictures.to_atvg_size(p, self.side) for p in (mine, theirs)]
                for name, values in found.items():
                    values.append(getattr(pictures, name)(*pair))
            engine.progress(stop, count)
        for name in ("psnr", "psnr_wrapped"):
            found[name] = [min(v, pictures.BEST_PSNR) for v in found[name]]
        return Scores(values={name: float(np.mean(v)) for name, v in found.items()})


@node("compare_mouths", version=1)
class CompareMouths(Node):
    """Mouth-landmark distance and mouth-opening sync against the real video's track."""

    most_lag: int = param(10, "lags up to this are tried", unit="frames", ge=0)

    def run(self, predicted: FaceTrack, real: FaceTrack) -> Scores:
        """Return lmd (px of a 256 px frame), opening_correlation, opening_lag (frames, positive:
        late), opening_correlation_at_lag, opening_ratio (standard deviations).

        Only frames in which both faces were measured count towards lmd.
        """
        _same_count(len(predicted.landmarks), len(real.landmarks), "compare_mouths")
        both = predicted.measured & real.measured
        if not both.any():
            raise InputError("compare_mouths: no frame has a face in both videos; check the tracks")
        mine, theirs = mouth.mouth_opening(predicted), mouth.mouth_opening(real)
        most = min(self.most_lag, max(len(mine) - 3, 0))
        lag, at_lag = mouth.best_lag(mine, theirs, most)
        points = [mouth.mouth_points(track)[both] for track in (predicted, real)]
        return Scores(
            values={
                "lmd": mouth.landmark_distance(*points),
                "opening_correlation": mouth.correlation(mine, theirs),
                "opening_lag": float(lag),
                "opening_correlation_at_lag": at_lag,
                "opening_ratio": float(mine.std() / max(theirs.std(), 1e-9)),
            }
        )


@node("compare_head_motion", version=1)
class CompareHeadMotion(Node):
    """Similarity of head motion (HS) beside its replay baseline, and jitter."""

    bins: int = param(head_motion.BINS, "bins of the angles' histograms", ge=2)

    def run(self, generated: Motion, real: Motion, clip: Motion | None = None) -> Scores:
        """Return hs, jitter and jitter_real (rad), and with `clip`, the input, also hs_replay.

        Args:
            generated: the motion of the result.
            real: the motion of the person that it is compared with.
            clip: the input clip, whose ping-pong replay is the baseline of hs.
        """
        values = {
            "hs": head_motion.head_similarity(generated.rotation, real.rotation, self.bins),
            "jitter": head_motion.jitter(generated.rotation),
            "jitter_real": head_motion.jitter(real.rotation),
        }
        if clip is not None:
            values["hs_replay"] = head_motion.replay_similarity(
                clip.rotation, real.rotation, len(generated.rotation), self.bins
            )
        return Scores(values=values)


@node("compare_identity", version=1, gpu=True)
class CompareIdentity(Node):
    """Distance of two identity features."""

    def run(self, predicted: IdentityFeature, real: IdentityFeature) -> Scores:
        """Return identity_distance; below about 0.5 the network sees one person."""
        return Scores(values={"identity_distance": identity.identity_distance(predicted, real)})


def _same_count(mine: int, theirs: int, name: str) -> int:
    if mine != theirs or not mine:
        raise InputError(f"{name} got {mine} and {theirs} frames; give two sequences of one length")
    return mine
