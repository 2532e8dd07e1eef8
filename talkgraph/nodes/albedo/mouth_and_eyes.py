"""Colours of the patches behind lips and lids, from frames with an open mouth and open eyes."""

from __future__ import annotations

import numpy as np

from talkgraph.engine import Node
from talkgraph.nodes.albedo.complete import weighted_median
from talkgraph.nodes.albedo.frame_selection import best_frames
from talkgraph.nodes.albedo.observe import Observer
from talkgraph.nodes.albedo.parameters import Tint
from talkgraph.nodes.face_model.face_model import EYE, INNER_MOUTH, FaceModel
from talkgraph.nodes.face_model.inner_surfaces import LINING
from talkgraph.nodes.geometry.lighting import irradiance
from talkgraph.nodes.values import Floats

LOOKED_AT = 40  # frames examined, spread over the clip
UNPLAIN, WORTH = 10.0, 0.02  # where plainness stops to matter, and what it is worth in openness
MUCH_SHOWN = 0.25  # of what the best frame shows of a patch: less is not used
PALE = 0.7  # green over red of the model's colours: more is a tooth, less gum or the dark
LEAST_LIGHT = 0.25  # irradiance, relative to its median, below which colours are divided no further


def inner_colours(
    observer: Observer, light: Floats, *, mouth_frames: int, eye_frames: int
) -> tuple[Floats, Floats]:
    """Albedo of mouth and eye patches as far as frames show them.

    Args:
        observer: the clip.
        light: `[shape=(9, 3)]`.
        mouth_frames, eye_frames: how many frames are combined, of those that show most.

    Returns:
        colour `[shape=(V, 3), float32]` and weight `[shape=(V,), float32]`, both 0 where nothing
        was seen and for all other regions; the lining of lips and lids is always dark.
    """
    model, motion = observer.model, observer.fit.motion
    count = len(motion.expression)
    candidates = np.unique(np.linspace(0, count - 1, min(count, LOOKED_AT)).astype(int))
    score = observer.plainness()[candidates]
    views = [observer.look(int(k)) for k in candidates]
    colour = np.zeros((model.vertex_count, 3), np.float32)
    weight = np.zeros(model.vertex_count, np.float32)
    used_frames = {INNER_MOUTH: mouth_frames, EYE: eye_frames}
    for region, used in used_frames.items():
        at = model.region == region
        if not at.any():
            continue
        shown = np.array([view.weight[at].mean() for view in views])
        # Openness first; among frames about as open, the plain ones.
        rank = np.minimum(score, UNPLAIN) * WORTH - shown / max(shown.max(), 1e-6)
        chosen = best_frames(np.where(shown > 0, rank, np.inf), used)
        chosen = chosen[shown[chosen] > MUCH_SHOWN * shown.max()]
        if not len(chosen) or not shown.max() > 0:
            continue
        seen = np.stack([views[k].weight[at] for k in chosen])
        tint = np.stack(
            [divided(views[k].colour[at], views[k].irradiance(light)[at]) for k in chosen]
        )
        if region == EYE:  # gazes cannot be averaged: the usual one, others where it shows nothing
            usual = _most_usual(tint, seen)
            elsewhere = np.arange(len(seen)) != usual
            seen[np.ix_(elsewhere, seen[usual] > 0)] = 0
        colour[at], weight[at] = weighted_median(tint, seen)
    colour[observer.rim], weight[observer.rim] = LINING, 1
    return colour, weight


def with_likely_teeth(
    colour: Floats, weight: Floats, light: Floats, model: FaceModel, node: Node
) -> Floats:
    """Keep guessed colours of the mouth's inside within those that teeth have.

    The light carries the person's skin tone, so a mean albedo of teeth comes out cold on anybody
    whose skin is less warm than the mean, and like skin on others. What was seen in a frame stays
    as it is.

    Args:
        colour: `[shape=(V, 3)]`, complete albedo.   weight: `[shape=(V,)]`, 0 where guessed.
        light: `[shape=(9, 3)]`.   model: the face model.
        node: its parameters say how cold and how warm teeth are.
    """
    tint = Tint.of(node)
    guessed = (model.region == INNER_MOUTH) & (weight == 0)
    lit = np.maximum(irradiance(np.array([[0.0, 0.0, 1.0]]), light)[0], 1e-3)
    shown = colour * lit
    red = shown[:, :1]
    coldest = red * np.array([1, tint.coldest_green, tint.coldest_blue], np.float32)
    warmest = red * np.array([1, tint.warmest_green, tint.warmest_blue], np.float32)
    tooth = model.mean_albedo[:, 1] > PALE * model.mean_albedo[:, 0]
    shown = np.where(tooth[:, None], np.maximum(shown, warmest), shown)
    return np.where(guessed[:, None], np.minimum(shown, coldest) / lit, colour).astype(np.float32)


def _most_usual(tint: Floats, seen: Floats) -> int:
    """The frame nearest to the median of all: a glance aside or a blink is far from it.

    Args:
        tint: `[shape=(N, P, 3)]`.   seen: `[shape=(N, P)]`, weights.
    """
    median, _ = weighted_median(tint, seen)
    distance = np.abs(tint - median).sum(axis=2)
    return int(np.argmin((distance * seen).sum(axis=1) / np.maximum(seen.sum(axis=1), 1e-6)))


def divided(colour: Floats, lit: Floats) -> Floats:
    """Albedo = colour / irradiance, the irradiance kept from being too small to divide by."""
    floor = max(LEAST_LIGHT * float(np.median(lit)), 1e-3)
    return (colour / np.maximum(lit, floor)).astype(np.float32)
