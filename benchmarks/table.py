"""Turn what `talk.py --json` printed into the tables of RESULTS.md.

python benchmarks/table.py benchmarks/results/draft.json benchmarks/results/standard.json
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

HEAVY = 1.0  # s; stages below are not named


def main() -> int:
    """Print one section per file."""
    for name in sys.argv[1:]:
        report = json.loads(Path(name).read_text())
        print(f"### `{report['command'].removeprefix('benchmarks/')}`\n")
        print(talks(report["clips"]))
        driven = [clip for clip in report["clips"] if "reenactment" in clip]
        if driven:
            print(reenactments(driven))
    return 0


def talks(clips: list[dict[str, Any]]) -> str:
    """One row per clip and foreign speech."""
    rows = [
        "| clip | tracked | error px | speech | faces | identity | A/V frames |"
        " head range in ° | out ° | HS (replay) | s | of these |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for clip in clips:
        for speech, found in clip["speeches"].items():
            heavy = {k: v for k, v in found["stages"].items() if v >= HEAVY}
            named = ", ".join(
                f"{k} {v:.0f}" for k, v in sorted(heavy.items(), key=lambda kv: -kv[1])
            )
            rows.append(
                f"| {clip['clip']} | {clip['tracking_success']:.2f} |"
                f" {clip['reprojection_px_mean']:.2f} | {speech.removeprefix('speech_')} |"
                f" {found['face_in_frames']:.2f} | {found['identity_distance']:.2f} |"
                f" {found['av_length_difference_frames']:+.2f} |"
                f" {angles(found['head_range_in_deg'])} | {angles(found['head_range_out_deg'])} |"
                f" {found['head_similarity']:.2f} ({found['head_similarity_replay']:.2f}) |"
                f" {found['seconds']:.0f} | {named} |"
            )
    return "\n".join(rows) + "\n"


def reenactments(clips: list[dict[str, Any]]) -> str:
    """One row per clip and kind of frames."""
    rows = [
        "| clip, driven s | frames | PSNR dB | SSIM | LMD px | opening r | at lag |",
        "|---|---|---|---|---|---|---|",
    ]
    for clip in clips:
        scores = clip["reenactment"]
        for kind in ("refined", "unrefined", "draft", "still"):
            if kind in scores:
                found = scores[kind]
                rows.append(
                    f"| {clip['clip']}, {scores['seconds_driven']:.1f} | {kind} |"
                    f" {found['psnr']:.2f} | {found['ssim']:.3f} | {found['lmd']:.2f} |"
                    f" {found['opening_correlation']:.2f} |"
                    f" {found['opening_correlation_at_lag']:.2f} ({found['opening_lag']:+.0f}) |"
                )
    return "\n".join(rows) + "\n"


def angles(values: list[float]) -> str:
    """Pitch / yaw / roll."""
    return " / ".join(f"{v:.1f}" for v in values)


if __name__ == "__main__":
    raise SystemExit(main())
