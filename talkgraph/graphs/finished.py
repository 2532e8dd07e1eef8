"""How every graph of a talking video ends: marked as synthetic, and in a file."""

from __future__ import annotations

from talkgraph.engine import Step
from talkgraph.nodes.marking import LabelFrames, MarkFrames, StateOrigin
from talkgraph.nodes.media import WriteVideo


def finished(frames: str, *, mark: bool, label: str) -> dict[str, Step]:
    """The last steps of a graph: `labelled`, `marked`, `origin`, as wanted, and `video_out`.

    Args:
        frames: the step that makes the frames; another, `speech`, is heard.
        mark: put an invisible watermark into them, and say in the file, which is signed when it
            is published, that it is synthetic.
        label: words that everybody sees; none if empty.
    """
    steps: dict[str, Step] = {}
    if label:
        steps["labelled"] = LabelFrames(text=label).on(frames=frames)
        frames = "labelled"
    if mark:
        steps["marked"] = MarkFrames().on(frames=frames)
        steps["origin"] = StateOrigin().on()
        return steps | {
            "video_out": WriteVideo().on(frames="marked", speech="speech", origin="origin")
        }
    return steps | {"video_out": WriteVideo().on(frames=frames, speech="speech")}
