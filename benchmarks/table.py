"""Turn what `talk.py --json` and `engine.py --json` printed into the tables of RESULTS.md.

python benchmarks/table.py benchmarks/results/draft.json benchmarks/results/engine.json
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from photo_table import photo_tables
from systems_table import angles, systems_table

HEAVY = 1.0  # s; stages below are not named
MORE_IS_BETTER = "hash_gb_s"
ENGINE_ROWS = (
    # key, what it is, what to reach
    ("build_1000_s", "build and check 1,000 nodes, s", "≤ 0.3"),
    ("build_10000_s", "build and check 10,000 nodes, s", "linear"),
    ("cold_ms_per_node", "cold, ms per node (ours synced to disk)", "≤ 1.5 floors"),
    ("cold_nofsync_ms_per_node", "cold, not synced, ms per node", "≤ the best peer"),
    ("warm_ms_per_node", "warm, ms per node", "≤ half the best peer"),
    ("warm_1000_s", "1,000 nodes warm, whole process, s", "≤ 0.15"),
    ("hit_512mib_ms", "warm hit of a 512 MiB array, ms", "≤ 1.5 floors"),
    ("hash_gb_s", "hashing, GB/s", "≥ 3"),
    ("import_s", "import, whole process, s", "≤ 0.2"),
    ("import_graph_s", "import of all that a run needs, s", ""),
    ("help_s", "`--help`, whole process, s", "≤ 0.3"),
    ("stream_overhead", "five streamed stages over a plain loop", "≤ 0.05"),
    ("stream_rss_mib", "peak memory through five stages, MiB", "≤ 1024"),
)
MAPPING_COLUMNS: tuple[tuple[str, tuple[tuple[str, ...], int]], ...] = (
    ("opening r", (("at_0", "opening"), 3)),
    ("width r", (("width",), 3)),
    ("jaw r", (("jaw",), 3)),
    ("CCC", (("ccc",), 3)),
    ("hits / false", (("hits", "false"), 3)),
    ("spread", (("spread",), 2)),
    ("within", (("within",), 2)),
    ("CPU s", (("seconds",), 0)),
)
HEAD_ROWS = (
    ("std_r", "Std-R, spread over the real one", "halves × .9–1.1"),
    ("std_factor", "by what factor it is typically off", "≤ halves + .05"),
    ("vc_r", "VC-R, velocity over the real one", "halves × .95–1.05"),
    ("vc_factor", "by what factor it is typically off", "≤ halves + .05"),
    ("lsd", "LSD, dB", "≤ halves + .5"),
    ("frechet", "pooled Fréchet", "≤ .02"),
    ("kurtosis", "kurtosis of velocity", "≥ 4.5"),
    ("still", "share of still frames", "≥ .13"),
    ("held", "share of time in which yaw and roll are held", "as real"),
    ("jerk", "jerk over the real one", ""),
    ("events_pitch_r", "event-locked pitch, r", "≥ .85"),
    ("events_pitch_amplitude", "amplitude", ".8–1.2"),
    ("events_speed_r", "event-locked speed, r", "≥ .85"),
    ("events_speed_amplitude", "amplitude", ".7–1.2"),
    ("explained_pitch", "share of pitch that speech explains", ".08–.15"),
    ("explained_yaw", "of yaw", "≤ .02"),
    ("explained_speed", "of speed", ".12–.22"),
    ("energy_response", "r of speed with loudness, less rolled", ".05–.2"),
    ("silence_speed", "speed in silence over that in speech", "≤ 1"),
    ("coupling_r", "coupling with the person's, r", "≥ .6"),
    ("retrieval", "retrieval of the person", "≥ halves − .05"),
    ("diversity", "diversity over seeds", ".9–1.1"),
    ("copied", "windows copied from the clip", "≤ .02"),
    ("drift", "minute 10 less minute 1, standard deviations", "≤ .15"),
    ("hs", "HS", "≥ replay − .02"),
)


def main() -> int:
    """Print one section per file."""
    tables = {
        "peers": engine_table,
        "head_motion": head_table,
        "marking": marking_table,
        "frames": frames_table,
        "reach": run_table,
        "ablation": ablation_table,
        "mapping": mapping_table,
        "photo_given": photo_tables,
        "systems": systems_table,
    }
    for name in sys.argv[1:]:
        report = json.loads(Path(name).read_text())
        print(f"### `{report['command'].removeprefix('benchmarks/')}`\n")
        table = next((made for key, made in tables.items() if key in report), None)
        if table is not None:
            print(table(report))
            continue
        print(talks(report["clips"]))
        driven = [clip for clip in report["clips"] if "reenactment" in clip]
        if driven:
            print(reenactments(driven))
    return 0


def ablation_table(report: dict[str, Any]) -> str:
    """One table per clip."""
    found, lines = report["ablation"], []
    for clip in found["clips"]:
        pairs = ", ".join(f"{count} at {same}" for same, count in clip["pairs"].items())
        told = "; ".join(f"{name} {cosine:.3f}" for name, cosine in clip["told"].items())
        cosines = " / ".join(f"{one:.3f}" for one in clip["identity_cosines"])
        lines += [
            f"`{clip['clip']}`: {clip['frames']} frames; cosines of the learned part's identity"
            f" features, 5 / 50 / 95 %: {cosines}; pairs in the memory: {pairs}.",
            f"Median cosine with the true feature of each driven frame: {told}.",
            "",
            f"| | {' | '.join(found['columns'].values())} |",
            "|---" * (len(found["columns"]) + 1) + "|",
        ]
        for name, words in found["rows"].items():
            row = clip["rows"][name]
            lines.append(f"| {words} | {' | '.join(f'{row[k]:.2f}' for k in found['columns'])} |")
        lines.append("")
    return "\n".join(lines)


def marking_table(report: dict[str, Any]) -> str:
    """What the mark survives, false alarms, and cost."""
    found = report["marking"]
    rows = [
        f"{found['clips']} clips of {' or '.join(f'{one:g}' for one in found['seconds'])} s.",
        "",
        "| attack | found | in clips of 400 px and more | score, lowest / middle |",
        "|---" * 4 + "|",
    ]
    for name, row in found["attacks"].items():
        whole, large = row["all"], row["large"]
        counts = [
            f"{one['found']} of {one['clips']} (≥ {one['at_least']:.1%})" for one in (whole, large)
        ]
        rows.append(
            f"| {name} | {' | '.join(counts)} | {whole['lowest']:.1f} / {whole['middle']:.1f} |"
        )
    other = found["unmarked"]
    above = ", ".join(
        f"{count:,} places score above {level} (normal: {expected:,})"
        for level, (count, expected) in other["above"].items()
    )
    rows += [
        "",
        f"Unmarked: {other['clips']} clips, {other['trials']:,} trials, {other['found']} found "
        f"(≤ {other['at_most']:.2%}); lowest bound of a chance {other['lowest']:.2g}, needed "
        f"{found['needed']:g}; of {other['places']:.3g} places {above}.",
        f"PSNR of the mark, lowest frame of a clip: {found['psnr'][0]:.1f} dB or more, middle "
        f"{found['psnr'][1]:.1f} dB.",
        "",
        "| photo, px | frames | first run, CPU s | again, CPU s | mark, CPU s | share |",
        "|---" * 6 + "|",
    ]
    for one in found["cost"]:
        shares = [one["mark_s"] / one[run] for run in ("first_s", "again_s")]
        rows.append(
            f"| {one['size']} | {one['frames']} | {one['first_s']:.1f} | {one['again_s']:.1f} | "
            f"{one['mark_s']:.2f} | {shares[0]:.1%}, {shares[1]:.1%} |"
        )
    return "\n".join(rows) + "\n"


def frames_table(report: dict[str, Any]) -> str:
    """One row per clip, quality and revision."""
    rows = [
        "| clip, px | quality | revision | fps | CPU ms per frame | first frame s | peak MiB |"
        " ms of stages per frame |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in report["frames"]:
        for tree, revision in (("here", "this"), ("before", report["against"])):
            if tree in row:
                found = row[tree]
                stages = ", ".join(f"{k} {v:.0f}" for k, v in found["stage_ms"].items())
                rows.append(
                    f"| {row['clip']}, {found['size']:.0f} | {row['quality']} | {revision} |"
                    f" {found['fps']:.0f} | {found['cpu_ms']:.0f} | {found['first_frame_s']:.1f} |"
                    f" {found['peak_mib']:.0f} | {stages} |"
                )
    return "\n".join(rows) + "\n"


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
    kinds = [kind for clip in clips for kind in clip["reenactment"].values()]
    crop = any(isinstance(kind, dict) and "pixels" in kind for kind in kinds)
    counted = ", head crop" if crop else ""  # else of the whole frame, as it once was
    rows = [
        f"| clip, driven s | frames | PSNR dB{counted} | SSIM | LMD px | opening r | at lag |",
        "|---|---|---|---|---|---|---|",
    ]
    for clip in clips:
        scores = clip["reenactment"]
        for kind in ("refined", "unrefined", "draft", "still"):
            if kind in scores:
                found = scores[kind]
                rows.append(
                    f"| {clip['clip']}, {scores['seconds_driven']:.1f} | {kind} |"
                    f" {found['psnr']:.2f} | {found['ssim']:.3f} | {lips(found)} |"
                )
    return "\n".join(rows) + "\n"


def lips(found: dict[str, Any]) -> str:
    """Three cells; a still picture has no lips that could be tracked again."""
    if "lmd" not in found:
        return "– | – | –"
    return (
        f"{found['lmd']:.2f} | {found['opening_correlation']:.2f} |"
        f" {found['opening_correlation_at_lag']:.2f} ({found['opening_lag']:+.0f})"
    )


def mapping_table(report: dict[str, Any]) -> str:
    """One row for what the mapping hears or is trained by, lag 0 / own lag for the opening."""
    rows = [f"| | {' | '.join(label for label, _ in MAPPING_COLUMNS)} |",
            "|---|" + "---|" * len(MAPPING_COLUMNS)]  # fmt: skip
    for name, row in {**report["mapping"], **_beside(report["mapping"])}.items():
        cells = [
            " / ".join("–" if row.get(key) is None else f"{row[key]:.{digits}f}" for key in keys)
            for keys, digits in (column for _, column in MAPPING_COLUMNS)
        ]
        rows.append(f"| {name} | {' | '.join(cells)} |")
    about = f"{report['clips']} clips of {report['people']} people"
    protocol = report.get("protocol")
    if protocol:
        about += (
            f", {protocol['folds']} folds, {protocol['steps']} steps, seed {protocol['seed']}; "
            f"{report['out_of_time']} clips were out of time and shifted for the training, "
            f"{report['not_learned']} not learned from"
        )
    return "\n".join([*rows, "", about + "."]) + "\n"


def _beside(rows: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Of the row that has every clip: what costs nothing, and other languages."""
    found: dict[str, dict[str, Any]] = {}
    for row in rows.values():
        if "scores" in row:
            found["loudness itself"] = {"at_0": row["energy"]}
            found["shipped, put off by half the clip"] = {"at_0": row["rolled"]}
            found["the mean face"] = {"at_0": 0.0, "opening": 0.0, "ccc": 0.0, "spread": 0.0}
            found["shipped, English or not said"] = row["english"]
            found["shipped, other languages"] = row["not_english"] or {}
    return found


def run_table(report: dict[str, Any]) -> str:
    """One row per figure of speed and reach."""
    rows = ["| | as it is | `look_ahead=0.2` |", "|---|---|---|"]
    times, seconds = report["times_real_time"], report["seconds_of_speech"]
    cost = (report["cpu_s_features"] + report["cpu_s_mapping"]) / seconds
    rows.append(f"| CPU s per s of speech, times real time on a core | {cost:.3f}, {times:.0f} | |")
    for before, change in report["reach"].items():
        live = report["reach_live"][before]
        rows.append(
            f"| largest change {before} s and more before a changed second, spreads of the opening"
            f" | {change:.3f} | {live:.3f} |"
        )
    return "\n".join(rows) + "\n"


def head_table(report: dict[str, Any]) -> str:
    """One row per figure of head motion, one column per method."""
    methods = report["head_motion"]
    rows = [f"| | reach | {' | '.join(methods)} |", "|---|---|" + "---|" * len(methods)]
    for key, label, reach in HEAD_ROWS:
        cells = ["–" if key not in m else f"{m[key]:.2f}" for m in methods.values()]
        rows.append(f"| {label} | {reach} | {' | '.join(cells)} |")
    losses = ", ".join(f"{x['listens']:.3f} ({x['deaf']:.3f})" for x in report["losses"])
    about = (
        f"{report['clips']} clips of {report['people']} people; flows trained on those of "
        f"{report['trained_on']['people']} people less a third, held-out loss (deaf) {losses}."
    )
    return "\n".join([*rows, "", about]) + "\n"


def engine_table(report: dict[str, Any]) -> str:
    """One row per figure of the engine, one column per engine; peers never sync to disk.

    The floor is what disk, memory or Python take for the same bytes.
    """
    peers, floors = report["peers"], report["floors"]
    rows = [
        f"| | reach | talkgraph | {' | '.join(peers)}{' | ' * bool(peers)}times the best peer |"
        " floor | floors |",
        "|---|---|---|" + "---|" * (len(peers) + 3),
    ]
    for key, label, reach in ENGINE_ROWS:
        peer_key = "cold_ms_per_node" if key == "cold_nofsync_ms_per_node" else key
        theirs = [figures.get(peer_key) for figures in peers.values()]
        known = [value for value in theirs if value is not None]
        times = ""
        if known and key == MORE_IS_BETTER:
            times = f"{report[key] / max(known):.1f}"
        elif known:
            times = f"{min(known) / report[key]:.1f}"
        if key == "stream_rss_mib":
            label += f" ({report['stream_seconds']:.0f} s of video)"
        cells = [_figure(value) for value in (report[key], *theirs)]
        floor, ratio = floors.get(key), ""
        if floor:
            ratio = f"{floor / report[key] if key == MORE_IS_BETTER else report[key] / floor:.1f}"
        rows.append(
            f"| {label} | {reach} | {' | '.join(cells)} | {times} | {_figure(floor)} | {ratio} |"
        )
    versions = ", ".join(f"{name} {number}" for name, number in report["versions"].items())
    machine = report["machine"]
    notes = [f"- {note}" for note in report["notes"]]
    about = f"{machine['cpu']}, {machine['cores']} cores, load {machine['load'][0]}; {versions}."
    return "\n".join([*rows, "", about, *notes]) + "\n"


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"


if __name__ == "__main__":
    raise SystemExit(main())
