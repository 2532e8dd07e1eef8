import numpy as np

from talkgraph.nodes.pose_mapping.mouth import amplify_mouth, keep_lips_apart, rest_of_photo


def test_mouth_is_amplified_and_the_rest_is_not(toys):
    readout = toys.facts().readout
    random = np.random.default_rng(0)
    expression = (random.standard_normal((200, 64)) * 0.2).astype(np.float32)
    std = readout.of(expression).std(0)
    made = amplify_mouth(expression, readout, std * 1.5, strength=1.0, max_gain=3.0)
    np.testing.assert_allclose(readout.of(made).std(0), std * 1.5, rtol=1e-3)
    change = made - expression
    aside = np.linalg.svd(readout.rows)[2][3:]  # expressions that the mouth measures do not see
    np.testing.assert_allclose(change @ aside.T, 0.0, atol=1e-5)
    limited = amplify_mouth(expression, readout, std * 9.0, strength=1.0, max_gain=2.0)
    np.testing.assert_allclose(readout.of(limited).std(0), std * 2.0, rtol=1e-3)
    smaller = amplify_mouth(expression, readout, std * 0.5, strength=1.0, max_gain=2.0)
    np.testing.assert_allclose(smaller, expression, atol=1e-6)  # never muted


def test_lips_touch_and_do_not_cross(toys):
    readout = toys.facts().readout
    expression = np.zeros((100, 64), np.float32)
    expression[:, 1] = np.linspace(-3, 3, 100)
    closed = float(readout.of(expression)[30, 0])
    softness = 0.01
    made = readout.of(keep_lips_apart(expression, readout, closed, softness))[:, 0]
    given_opening = readout.of(expression)[:, 0]
    assert made.min() >= closed - 1e-5
    clear = given_opening > closed + 5 * softness
    np.testing.assert_allclose(made[clear], given_opening[clear], atol=softness * 0.01)


def test_a_photo_speaks_around_the_general_mouth_with_its_own_face(toys):
    facts = toys.facts()
    photo = np.random.default_rng(5).standard_normal(64).astype(np.float32)
    rest = rest_of_photo(photo, facts)
    mouth = facts.readout.only("opening", "jaw")
    np.testing.assert_allclose(mouth.of(rest), mouth.of(facts.expression_rest), atol=1e-4)
    aside = np.linalg.svd(mouth.rows)[2][2:]
    np.testing.assert_allclose((rest - photo) @ aside.T, 0.0, atol=1e-4)
