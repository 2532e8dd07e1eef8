"""Reads a video of the person from a file of the user."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from talkgraph import engine
from talkgraph.cache.files import File
from talkgraph.engine import Node, node, param
from talkgraph.errors import InputError
from talkgraph.nodes.media.decode import Limits, decode
from talkgraph.nodes.media.read_speech import load_speech, say_track
from talkgraph.nodes.values import Footage, Speech

REMEDY = "copy or export the video again as MP4 (H.264)"
CPU_START = 120  # s
CPU_PER_SECOND = 40  # s of processor time for each second of 4K video, decoded and encoded
LOST_LIMIT = 0.5  # part of the frames that may be damaged
CUT_SLACK = 0.5  # s that a file may be shorter than its header says, without a word
LOW_RATE = 20.0  # frames per second
TURNS = (0, 90, 180, 270)  # degrees
SILENCE_DB = -60.0  # sound of a clip below this level is taken as none


@node("read_video", version=1)
class ReadVideo(Node):
    """A video as an upright copy at a constant rate, any frame of which can be read quickly.

    Frames are chosen by their timestamps, so that variable rates keep their timing. The planes
    of ordinary 8-bit video are copied without conversion and compressed at visually lossless
    quality. Errors: InputError for a file that is damaged, cut off beyond use, too short, or no
    video.

    Example:
        >>> import numpy as np
        >>> from talkgraph.cache import Frames
        >>> from talkgraph.nodes.media import ReadVideo, WriteVideo
        >>> from talkgraph.nodes.values import Speech
        >>> sound = np.sin(np.arange(32000) / 9).astype(np.float32)
        >>> speech = Speech(
        ...     samples=sound, rate=16000, soundtrack=sound[:, None], soundtrack_rate=16000
        ... )
        >>> frames = Frames.from_array(np.zeros((50, 64, 96, 3), np.uint8))
        >>> footage = ReadVideo().run(WriteVideo().run(frames, speech).path)
        >>> footage.width, footage.height, footage.count, footage.fps
        (96, 64, 50, 25.0)
    """

    fps: float = param(
        25.0, "frame rate of the copy, at which all stages work", unit="Hz", ge=5, le=60
    )
    min_seconds: float = param(2.0, "shortest clip that is accepted", unit="s", gt=0)
    max_seconds: float = param(60.0, "only the clip's start is used, up to here", unit="s", gt=0)
    max_side: int = param(4096, "larger pictures are scaled down", unit="px", ge=64, le=8192)
    turn: int = param(0, "turn it clockwise by 0, 90, 180 or 270", unit="degrees", choices=TURNS)
    video_track: int = param(0, "which video track; 0: the default one", ge=0)
    sound_track: int = param(
        0, "which sound track of the clip; 0: its default, or the first audible one", ge=0
    )
    crf: float = param(8.0, "compression of the copy: 0 lossless, 8 not visible", ge=0, le=30)

    def run(self, video: Path) -> Footage:
        """Decode `video` in a child process."""
        folder = engine.scratch_folder()
        limits = Limits(cpu_seconds=CPU_START + round(CPU_PER_SECOND * self.max_seconds))
        facts = decode(
            "video",
            video,
            folder,
            remedy=REMEDY,
            limits=limits,
            fps=self.fps,
            max_seconds=self.max_seconds,
            max_side=self.max_side,
            crf=self.crf,
            turn=self.turn,
            video_track=self.video_track,
            sound_track=self.sound_track,
        )
        self._check(facts)
        self._say(facts)
        return Footage(
            file=File(folder / "video.mp4"),
            fps=self.fps,
            count=int(facts["count"]),
            width=int(facts["width"]),
            height=int(facts["height"]),
            speech=_own_speech(facts, folder),
            cuts=tuple(facts["cuts"]),
        )

    def _check(self, facts: dict[str, Any]) -> None:
        if not facts["count"] or facts["lost"] > LOST_LIMIT * (facts["lost"] + facts["frames"]):
            raise InputError(f"the video is damaged, too little of it can be decoded; {REMEDY}")
        seconds = facts["count"] / self.fps
        if seconds < self.min_seconds:
            told = facts["seconds"] or 0.0
            lasts = f"lasts only {seconds:.1f} s"
            if told > seconds + CUT_SLACK:
                lasts = f"is cut off, only its first {seconds:.1f} s of {told:.1f} s can be read"
            raise InputError(
                f"the video {lasts}, at least {self.min_seconds:g} s are "
                "needed; give a longer clip; of less, a photo tells as much"
            )

    def _say(self, facts: dict[str, Any]) -> None:
        seconds, told = facts["count"] / self.fps, facts["seconds"]
        if facts["cut"]:
            engine.note(
                f"only the first {self.max_seconds:g} s of the video are used; raise `max_seconds` "
                "for more"
            )
        elif told is not None and seconds < told - CUT_SLACK:
            engine.note(f"the video is cut off; its first {seconds:.1f} of {told:.1f} s are used")
        if facts["lost"]:
            engine.note(f"damaged frames are left out ({facts['lost']})")
        if 0 < facts["source_fps"] < LOW_RATE:
            engine.note(
                f"the video has only {facts['source_fps']:.0f} frames per second; movement will "
                "look jerky"
            )
        for text in facts["notes"]:
            engine.note(text)
        say_track(facts, "video", "video_track", self.video_track)
        if facts["sound"] is not None:
            say_track(facts["sound"], "sound", "sound_track", self.sound_track)


def _own_speech(facts: dict[str, Any], folder: Path) -> Speech | None:
    """The clip's own sound, None where there is none or only silence."""
    sound = facts["sound"]
    if sound is None:
        return None
    if sound["loudest_db"] < SILENCE_DB:
        engine.note("the video's own sound is silent and is left out")
        return None
    return load_speech(sound, folder)
