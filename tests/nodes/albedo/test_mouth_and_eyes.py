"""What is behind lips and lids: the usual gaze, and teeth that are not blue."""

import numpy as np
import pytest

from talkgraph.nodes.albedo.detailed_albedo import DetailedAlbedo
from talkgraph.nodes.albedo.mouth_and_eyes import _most_usual, with_likely_teeth
from talkgraph.nodes.face_model.face_model import INNER_MOUTH
from talkgraph.nodes.face_model.synthetic import synthetic_face_model
from talkgraph.nodes.geometry.lighting import irradiance


def test_a_glance_and_a_blink_are_not_the_usual_gaze():
    rng = np.random.default_rng(0)
    usual = rng.uniform(0.2, 0.8, (1, 30, 3))
    tint = np.repeat(usual, 7, axis=0) + rng.normal(0, 0.01, (7, 30, 3))
    tint[2] = usual[0, ::-1]  # looks aside
    tint[5, :20] = 0.6  # half closed
    seen = np.ones((7, 30))
    seen[6, :25] = 0  # hardly seen: what is visible of it fits exactly
    tint[6, 25:] = np.median(tint[:6, 25:], axis=0) + 0.02
    assert _most_usual(tint.astype(np.float32), seen.astype(np.float32)) in (0, 1, 3, 4)


def test_guessed_teeth_are_warm_under_any_light_and_seen_ones_stay():
    model = synthetic_face_model(seed=1, levels=1)
    light = np.zeros((9, 3), np.float32)
    light[0] = (0.8, 0.9, 1.2)  # cold
    colour = np.full((model.vertex_count, 3), 0.6, np.float32)
    weight = np.zeros(model.vertex_count, np.float32)
    mouth = np.flatnonzero(model.region == INNER_MOUTH)
    weight[mouth[:5]] = 1
    made = with_likely_teeth(colour, weight, light, model, DetailedAlbedo())
    np.testing.assert_array_equal(made[mouth[:5]], colour[mouth[:5]])
    np.testing.assert_array_equal(made[model.region != INNER_MOUTH], np.float32(0.6))
    shown = made[mouth[5:]] * irradiance(np.array([[0.0, 0.0, 1.0]]), light)[0]
    assert (shown[:, 2] <= 0.881 * shown[:, 0]).all() and (shown[:, 0] > 0).all()


def test_guessed_teeth_are_paler_than_skin_under_a_warm_light():
    model = synthetic_face_model(seed=1, levels=1)
    light = np.zeros((9, 3), np.float32)
    light[0] = (1.2, 0.8, 0.6)
    weight = np.zeros(model.vertex_count, np.float32)
    made = with_likely_teeth(model.mean_albedo, weight, light, model, DetailedAlbedo())
    shown = made * irradiance(np.array([[0.0, 0.0, 1.0]]), light)[0]
    ratio = shown[:, 1:] / shown[:, :1]
    tooth = (model.region == INNER_MOUTH) & (
        model.mean_albedo[:, 1] > 0.7 * model.mean_albedo[:, 0]
    )
    gum = (model.region == INNER_MOUTH) & ~tooth
    assert tooth.any() and ratio[tooth].min(axis=0) == pytest.approx((0.9, 0.8), abs=1e-3)
    assert gum.any() and ratio[gum].max(axis=0)[0] < 0.5  # the warm light leaves it as it is
