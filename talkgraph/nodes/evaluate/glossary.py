"""What each figure is called, what it says and what is right: for tables, reports and docs."""

from __future__ import annotations

import attrs

AT_LAG = "_at_lag"
ENDLESS = 1e5  # a ratio to what hardly moves


@attrs.frozen
class Figure:
    """One figure: its name in a table, what it says, what value is right, digits to print."""

    label: str
    help: str
    aim: str = ""
    digits: int = 2


_MEASURES = {
    "opening": "gap of the inner lips",
    "width": "distance of the mouth's corners",
    "jaw": "distance of chin and nose",
}
_AGREEMENT = {
    "r": ("r", "correlation", "1"),
    "ccc": ("CCC", "concordance: falls with a wrong gain or offset, too", "1"),
    "ccc_centred": ("CCC centred", "concordance when a constant offset is forgiven", "1"),
    "spread": ("spread", "standard deviation, made over real", "1"),
}

FIGURES: dict[str, Figure] = {
    **{
        f"{measure}_{name}": Figure(f"{measure} {label}", f"{what}: {text}", aim)
        for measure, what in _MEASURES.items()
        for name, (label, text, aim) in _AGREEMENT.items()
    },
    "lag": Figure("best lag", "frames by which the real picture is late", "0", 0),
    "closure_hits": Figure("closures hit", "closed lips that are closed in the made mouth", "1"),
    "closure_false": Figure("closures false", "clearly open frames in which it closes", "0"),
    "closure_depth": Figure("closure depth", "how far below its mean the mouth closes", "as real"),
    "closure_depth_real": Figure("real closure depth", "the same of the real mouth"),
    "closures": Figure("closures", "how many were looked at", "", 0),
    "silence_movement": Figure("moves in silence", "mouth in silence, made over real", "≤ 1"),
    "silent_seconds": Figure("silence", "seconds of it", "", 1),
    "frames": Figure("frames", "with a measured face, which count", "", 0),
    "lmd": Figure("LMD", "px of a 256 px crop by which mouth landmarks are off", "0"),
    "lmd_points": Figure("LMD points", "counted in each frame", "", 0),
    "lmd_frames": Figure("LMD frames", "counted", "", 0),
    "opening_correlation": Figure("tracked opening r", "lip landmarks, lag 0", "1"),
    "opening_correlation_at_lag": Figure("tracked opening r, best lag", "it flatters", "1"),
    "opening_lag": Figure("tracked lag", "frames by which the made lips are late", "0", 0),
    "opening_ratio": Figure("tracked opening spread", "lip landmarks, made over real", "1"),
    "hs": Figure("HS", "eq. (6), 20 bins over both ranges; hardly tells methods apart", "1"),
    "std_r": Figure("Std-R", "range of pitch, yaw, roll, made over real", "1"),
    "std_factor": Figure("Std-R factor", "by what an angle is typically off", "as halves"),
    "vc_r": Figure("VC-R", "speed of the angles, made over real", "1"),
    "vc_factor": Figure("VC-R factor", "by what an angle is typically off", "as halves"),
    "jerk": Figure("jerk", "third difference, made over real", "1"),
    "lsd": Figure("LSD", "dB between spectra, .35-4.5 Hz", "as halves", 1),
    "kurtosis": Figure("kurtosis", "of velocity: holds and moves, 3 is swaying", "as real", 1),
    "still": Figure("still", "share of frames below .35 of the mean speed", "as real"),
    "drift": Figure("drift", "last minute less first, in spreads of the first", "as real"),
    "energy_response": Figure("energy response", "r of speed and loudness less rolled", "as real"),
    "coupling": Figure("coupling", "slope of log speed on loudness, personal", "as real"),
    "silence_speed": Figure("speed in silence", "over that in speech", "≤ 1"),
    "explained_pitch": Figure("pitch by speech", "share explained, matched less rolled", ".10"),
    "explained_yaw": Figure("yaw by speech", "likewise", "0"),
    "explained_roll": Figure("roll by speech", "likewise", "0"),
    "explained_speed": Figure("speed by speech", "likewise", ".15"),
    "copied": Figure("copied", "share of 2 s windows within 1° of the clip", "0"),
    "diversity": Figure("diversity", "spread over seeds, in spreads of the real head", "1"),
    "frechet": Figure("Fréchet", "of pooled 2 s windows, over the real variance", "as halves"),
    "events_pitch_r": Figure("events, pitch r", "event-locked curves against the real", "1"),
    "events_pitch_amplitude": Figure("events, pitch size", "likewise, ratio", "1"),
    "events_speed_r": Figure("events, speed r", "event-locked curves against the real", "1"),
    "events_speed_amplitude": Figure("events, speed size", "likewise, ratio", "1"),
    "coupling_r": Figure("coupling r", "over people, with that of the real rest", "as halves"),
    "retrieval": Figure("retrieval", "people found by range and speed", "as halves"),
    "retrieval_chance": Figure("by chance", "likewise"),
    "head_frames": Figure("head frames", "compared", "", 0),
    "blinks_per_minute": Figure("blinks a minute", "of measured frames", "as real", 1),
    "blinks": Figure("blinks", "counted", "", 0),
    "psnr": Figure("PSNR", "dB, all pixels of the head crop at 256 px", "high", 1),
    "ssim": Figure("SSIM", "likewise", "1", 3),
    "psnr_face": Figure("PSNR face", "dB, pixels within the face's outline", "high", 1),
    "ssim_face": Figure("SSIM face", "likewise", "1", 3),
    "psnr_box": Figure("PSNR face box", "dB, pixels of the upright box of the face", "high", 1),
    "ssim_box": Figure("SSIM face box", "likewise", "1", 3),
    "psnr_eyes": Figure("PSNR eyes", "dB, pixels of boxes around the lids", "high", 1),
    "ssim_eyes": Figure("SSIM eyes", "likewise", "1", 3),
    "psnr_mouth": Figure("PSNR mouth", "dB, pixels of a box around the lips", "high", 1),
    "ssim_mouth": Figure("SSIM mouth", "likewise", "1", 3),
    "sharpness": Figure("sharpness", "detail, made over real", "1"),
    "sharpness_face": Figure("sharpness face", "within the face's outline", "1"),
    "sharpness_box": Figure("sharpness face box", "within its upright box", "1"),
    "sharpness_mouth": Figure("sharpness mouth", "in a box around the lips", ".8–1.2"),
    "sharpness_eyes": Figure("sharpness eyes", "in boxes around the lids", ".8–1.2"),
    "psnr_wrapped": Figure("ATVG's wrapped PSNR", "of uint8 overflow; no measure", "", 1),
    "pixels": Figure("pixels", "counted per frame", "", 0),
    "pixels_face": Figure("pixels of the face", "counted per frame", "", 0),
    "pixels_box": Figure("pixels of the face box", "counted per frame", "", 0),
    "pixels_eyes": Figure("pixels of the eyes", "counted per frame", "", 0),
    "pixels_mouth": Figure("pixels of the mouth", "counted per frame", "", 0),
    "identity_distance": Figure("identity", "distance of features; one person below .5", "0"),
}
"""By name, in the order of tables. A name with `_at_lag` is the same at the cross-fitted lag."""


def written(name: str, values: dict[str, float]) -> str:
    """A figure of some scores as text, `.53 / .61` where it is known at the lag, too."""
    if name not in values:
        return "–"
    digits = FIGURES[name].digits if name in FIGURES else 2
    twin = values.get(f"{name}{AT_LAG}") if f"{name}{AT_LAG}" not in FIGURES else None
    text = number(values[name], digits)
    return text if twin is None else f"{text} / {number(twin, digits)}"


def number(value: float, digits: int) -> str:
    """A number with so many digits, without the zero before the point; ∞ from 100,000 on."""
    if abs(value) >= ENDLESS:
        return "∞" if value > 0 else "-∞"
    text = f"{value:.{digits}f}"
    if float(text) == 0:
        text = text.removeprefix("-")
    return text.replace("0.", ".", 1) if text.startswith(("0.", "-0.")) else text


def names_in(columns: list[dict[str, float]]) -> list[str]:
    """The figures of these scores, in the order of tables; those that nobody knows come last."""
    there = {name for column in columns for name in column}
    known = [name for name in FIGURES if name in there]
    rest = sorted(name for name in there - set(FIGURES) if name.removesuffix(AT_LAG) not in FIGURES)
    return [*known, *rest]
