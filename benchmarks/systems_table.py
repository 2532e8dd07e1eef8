"""The table of what `talk.py --graph … --json` printed: several systems on the same clips."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

FIGURES = (
    # figure, label, digits
    ("face_in_frames", "faces", 2),
    ("identity_distance", "identity", 2),
    ("av_length_difference_frames", "A/V frames", 2),
    ("head_similarity", "HS", 2),
    ("head_jitter_deg_out", "shake °", 3),
    ("seconds", "s", 0),
)


def systems_table(report: Mapping[str, Any]) -> str:
    """One row per clip, speech and system; the first row of a clip and speech is the clip's own."""
    labels = " | ".join(label for _, label, _ in FIGURES)
    lines = [f"| clip | speech | system | head range ° | {labels} |", "|---" * 10 + "|"]
    systems = report["systems"]
    for index, clip in enumerate(next(iter(systems.values()))):
        for speech in clip["speeches"]:
            where = f"| {clip['clip']} | {speech.removeprefix('speech_')} |"
            rows = {name: of[index]["speeches"][speech] for name, of in systems.items()}
            real = next(iter(rows.values()))
            shake = f"{real['head_jitter_deg_in']:.3f}"
            replay = f"{real['head_similarity_replay']:.2f} (replay)"
            moved = angles(real["head_range_in_deg"])
            lines.append(f"{where} *the clip* | {moved} | – | – | – | {replay} | {shake} | – |")
            for name, row in rows.items():
                figures = " | ".join(f"{row[key]:.{digits}f}" for key, _, digits in FIGURES)
                lines.append(f"{where} {name} | {angles(row['head_range_out_deg'])} | {figures} |")
    return "\n".join(lines) + "\n"


def angles(values: list[float]) -> str:
    """Pitch / yaw / roll."""
    return " / ".join(f"{v:.1f}" for v in values)
