"""Background matching: the source frame behind each output frame, and the pose shown on it."""

from __future__ import annotations

import math

import numpy as np

from talkgraph.engine import Node, node, note, param
from talkgraph.errors import InputError
from talkgraph.nodes.backgrounds.keyframes import AXES, orientation_extremes
from talkgraph.nodes.backgrounds.pose_limit import Curve, neck_in_camera
from talkgraph.nodes.backgrounds.relative_matching import relative_frames, turning_points
from talkgraph.nodes.backgrounds.traversal import interpolated, nearest_frames, unbroken_runs
from talkgraph.nodes.geometry.pose import ROTATION, TRANSLATION, pose_from_parts
from talkgraph.nodes.geometry.rotation import matrix_from_angles
from talkgraph.nodes.signals import soft_limit
from talkgraph.nodes.values import Backgrounds, Bools, Cover, FaceFit, Ints, Motion

FREE_SECONDS = 2.0  # of a clip without a cover that are enough to do without the rest
HELD_BACK = 3.0  # degrees of an axis' range that may go unsaid


@node("match_backgrounds", version=1)
class MatchBackgrounds(Node):
    """Background matching of Yi et al. 2020, section 3.3, with the predicted motion kept.

    Keyframes are the extremes of head orientation; each gets the clip's frame of nearest pose;
    in between the clip's frame index is interpolated linearly. The pose is then pulled towards
    the background's only where the difference is more than `warp_background` can bear, where the
    public implementation replays the background's own pose.

    With `relative`, keyframes are chosen and matched as in Yi et al. 2022: by how far the head has
    turned since the keyframe before, wherever it is held.

    Example:
        >>> from talkgraph.nodes.backgrounds import MatchBackgrounds
        >>> from talkgraph.nodes.face_model.synthetic import synthetic_fit
        >>> clip, speech = synthetic_fit(frames=50), synthetic_fit(frames=80)
        >>> MatchBackgrounds().run(speech.motion, clip).source.shape  # a clip's frame for each
        (80,)
    """

    axis: str = param(
        "yaw",
        "axis whose extremes are keyframes (3.3: leftmost or rightmost head pose)",
        choices=(*AXES, "widest"),
    )
    relative: bool = param(
        False, "match turns of the head instead of poses, frame by frame (Yi et al. 2022); neither "
        "the search's windows nor the weights count then"
    )  # fmt: skip
    smooth: float = param(0.28, "Hann window over the angle before the search", unit="s", ge=0)
    window: float = param(0.8, "the short period that an extreme rules", unit="s", gt=0)
    min_gap: float = param(0.4, "keyframes nearer than this are thinned", unit="s", gt=0)
    max_speed: float = param(
        1.0, "fastest traversal of the clip between keyframes", unit="x real time", gt=0, le=4
    )
    angle_weight: float = param(
        1.0, "weight of an angle in the distance of two poses", unit="1/rad", ge=0
    )
    translation_weight: float = param(
        0.2, "weight of the neck's place in that distance", unit="1/head unit", ge=0
    )
    max_missing: float = param(
        0.2, "longest stretch without a seen face that a background may run through", unit="s", ge=0
    )
    covered: float = param(
        0.02,
        "a frame in which so much more of the face than usual is hidden counts as one without",
        unit="share of the face",
        ge=0,
    )
    unseen_penalty: float = param(
        30.0,
        "a frame without a seen face counts as this far off",
        unit="deg",
        ge=0,
    )
    max_residual_angle: float = param(
        13.0, "largest turn of the head against a clip's frame, per axis", unit="deg", ge=0, le=45
    )
    max_residual_angle_photo: float = param(
        15.0, "largest turn of the head against a photo, per axis", unit="deg", ge=0, le=45
    )
    max_residual_shift: float = param(
        0.06,
        "largest shift of the neck in the picture; a face is 1.6 wide",
        unit="head units",
        ge=0,
    )
    max_residual_depth: float = param(
        0.15, "largest shift of the neck in depth", unit="head units", ge=0
    )
    knee: float = param(0.6, "share of a limit up to which the pose is left alone", ge=0, lt=1)
    offset_share: float = param(
        0.34, "share of a limit that the average difference from the clip may use up", ge=0, le=1
    )
    neck_height: float = param(-0.9, "y of the point about which the head turns", unit="head units")
    neck_depth: float = param(-0.8, "z of the point about which the head turns", unit="head units")

    def run(self, motion: Motion, fit: FaceFit, cover: Cover | None = None) -> Backgrounds:
        """Return source indices and adjusted motion for every frame of `motion`.

        Frames in which a `cover` hides the face are left out where enough are free.

        Raises:
            InputError: the motion or the clip has no frames, or a pose is not finite.
        """
        frames, count = len(motion.rotation), len(fit.motion.rotation)
        if not frames or not count:
            what = "the motion" if not frames else "the fitted clip"
            raise InputError(f"match_backgrounds: {what} has no frames; give at least one")
        for what, part in (("the motion", motion), ("the fitted clip", fit.motion)):
            if not (np.isfinite(part.rotation).all() and np.isfinite(part.translation).all()):
                raise InputError(
                    f"match_backgrounds: {what} has a pose that is not finite; make it again"
                )
        pose, clip_pose = self._pose(motion), self._pose(fit.motion)
        limits = self._limits(photo=count == 1)
        pose = pose - self._offset(pose, clip_pose, fit, limits)
        keyframes = self._keyframes(pose, motion.fps)
        seen = self._seen(fit, cover)
        position, source = self._traverse(
            pose, clip_pose, seen, fit.motion.fps, keyframes, motion.fps
        )
        behind = np.stack(
            [np.interp(position, np.arange(count), curve) for curve in clip_pose.T], axis=1
        )
        # The difference is taken from the unrounded position: that of the rounded index is a
        # staircase, and the head would stutter where the limit holds it near the background.
        shown = behind + soft_limit(pose - behind, -limits, limits, self.knee)
        rotation, neck = shown[:, ROTATION], shown[:, TRANSLATION]
        translation = neck - matrix_from_angles(rotation) @ self._neck
        adjusted = Motion(
            expression=motion.expression,
            rotation=rotation.astype(np.float32),
            translation=translation.astype(np.float32),
            fps=motion.fps,
        )
        _note_if_held_back(np.asarray(motion.rotation), rotation)
        return Backgrounds(source=source, keyframes=keyframes, motion=adjusted)

    @property
    def _neck(self) -> Curve:
        return np.array([0.0, self.neck_height, self.neck_depth])

    def _pose(self, motion: Motion) -> Curve:
        """Angles and place of the neck, `[shape=(T, 6)]`."""
        neck = neck_in_camera(motion.rotation, motion.translation, self._neck)
        return pose_from_parts(np.asarray(motion.rotation, np.float64), neck)

    def _limits(self, *, photo: bool) -> Curve:
        degrees = self.max_residual_angle_photo if photo else self.max_residual_angle
        shift, depth = self.max_residual_shift, self.max_residual_depth
        return np.array([math.radians(degrees)] * 3 + [shift, shift, depth])

    def _offset(self, pose: Curve, clip_pose: Curve, fit: FaceFit, limits: Curve) -> Curve:
        """What to take off the whole motion, so that the limits are left for moving in.

        A general mapping centres on the average head, a photo may show a turned one: without this
        the difference of the two would use up the limit and the head would stand still.
        """
        seen = np.asarray(fit.measured, bool)
        seen = seen if seen.any() else np.ones(len(seen), bool)
        difference = np.median(pose, axis=0) - np.median(clip_pose[seen], axis=0)
        most = self.offset_share * limits
        kept = soft_limit(difference, -most, most, self.knee)
        return np.asarray(difference - kept, np.float64)

    def _keyframes(self, pose: Curve, fps: float) -> Ints:
        ranges = np.ptp(pose[:, ROTATION], axis=0)
        column = int(np.argmax(ranges)) if self.axis == "widest" else AXES.index(self.axis)
        if self.relative:
            return turning_points(pose[:, column])
        return orientation_extremes(
            pose[:, column],
            smooth=round(self.smooth * fps),
            window=round(self.window * fps),
            min_gap=max(1, round(self.min_gap * fps)),
        )

    def _seen(self, fit: FaceFit, cover: Cover | None) -> Bools:
        """Frames of the clip whose face is to be seen, `[shape=(T,)]`."""
        measured = np.asarray(fit.measured, bool)
        if cover is None or not cover.share.any():
            return measured
        hidden = cover.share.mean(axis=1) / 255
        free = measured & (hidden <= np.median(hidden) + self.covered)
        gap, enough = round(self.max_missing * fit.motion.fps), FREE_SECONDS * fit.motion.fps
        longest = max(stop - start for start, stop in unbroken_runs(free, gap))
        return free if free.any() and longest >= enough else measured

    def _traverse(
        self,
        pose: Curve,
        clip_pose: Curve,
        seen: Bools,
        clip_fps: float,
        keyframes: Ints,
        fps: float,
    ) -> tuple[Curve, Ints]:
        """Clip position (unrounded) and index of every output frame."""
        runs = unbroken_runs(seen, round(self.max_missing * clip_fps))
        if self.relative:
            start, stop = max(runs, key=lambda run: run[1] - run[0])
            turns = clip_pose[start:stop, ROTATION]
            path = start + relative_frames(pose[:, ROTATION], turns, keyframes)
            position, _ = interpolated(keyframes, path)
            return position, np.rint(position).astype(np.int64)
        weights = np.array([self.angle_weight] * 3 + [self.translation_weight] * 3)
        rate = self.max_speed * clip_fps / fps  # clip frames per output frame
        reach = np.floor(np.diff(keyframes) * rate + 1e-9).astype(np.int64)
        unseen = (self.angle_weight * math.radians(self.unseen_penalty)) ** 2
        penalty = np.where(seen, 0.0, unseen)
        # A stretch of a few frames would freeze the shoulders, however well its pose fits.
        enough = min(max(b - a for a, b in runs), round(clip_fps))
        results = []
        for start, stop in runs:
            if stop - start >= enough:
                wanted, offered = pose[keyframes] * weights, clip_pose[start:stop] * weights
                path, cost = nearest_frames(wanted, offered, penalty[start:stop], reach)
                results.append((cost, start, path))
        _, start, path = min(results, key=lambda result: result[:2])
        return interpolated(keyframes, path + start)


def _note_if_held_back(wanted: Curve, shown: Curve) -> None:
    """Say on which axes the head moves clearly less than the speech asks for, in degrees."""
    asked, given = (np.degrees(np.ptp(angles, axis=0)) for angles in (wanted, shown))
    parts = [
        f"{name} {g:.0f}° of {a:.0f}°"
        for name, a, g in zip(AXES, asked, given, strict=True)
        if a - g > HELD_BACK
    ]
    if parts:
        note(
            f"the speech asks for more head movement than the clip shows ({', '.join(parts)} are "
            "shown): a clip in which the head moves more allows more"
        )
