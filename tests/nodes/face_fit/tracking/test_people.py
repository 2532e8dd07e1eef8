"""Who is who, on made-up faces: a place, a size and a feature for each."""

import numpy as np
import pytest

from talkgraph.nodes.face_fit.tracking.detector import Detections
from talkgraph.nodes.face_fit.tracking.people import followed_by_place, people

FAR_APART = 1.2  # of two people's features
NOISE = 0.02  # of each of the 128 numbers: distances of one person's features are about 0.3


class Film:
    """Samples of faces, each (person, x, side), in the order of their scores."""

    def __init__(self, samples, seed=0):
        self.who = samples
        self.asked = 0
        self._rng = np.random.default_rng(seed)
        self._people = np.eye(128)[:8] * FAR_APART / np.sqrt(2)
        self.samples = [self._detections(faces) for faces in samples]

    @staticmethod
    def _detections(faces):
        boxes = [[x - side / 2, 100 - side / 2, x + side / 2, 100 + side / 2]
                 for _, x, side in faces]  # fmt: skip
        n = len(faces)
        return Detections(
            np.array(boxes, np.float32).reshape(n, 4),
            np.zeros((n, 6, 2), np.float32),
            np.linspace(0.9, 0.8, n).astype(np.float32),
        )

    def describe(self, sighting):
        self.asked += 1
        at, row = sighting
        return self._people[self.who[at][row][0]] + self._rng.normal(0, NOISE, 128)

    def people(self, breaks=()):
        return people(self.samples, set(breaks), self.describe)


def test_two_people_who_cross_stay_themselves():
    """One walks to the right before the other, who walks to the left and is hidden meanwhile."""
    samples = []
    for at in range(21):
        front, behind = 50 + 20 * at, 450 - 20 * at
        faces = [(0, front, 100)]
        if abs(front - behind) > 60:
            faces.append((1, behind, 98))
        samples.append(faces if at % 2 else faces[::-1])
    first, second = Film(samples).people()
    assert len(first.at) == 21
    np.testing.assert_allclose(first.boxes[:, [0, 2]].mean(1), 50 + 20 * np.arange(21))
    assert len(second.at) == 18 and pytest.approx(second.side) == 98


def test_the_same_person_after_a_cut_and_another_one():
    samples = [[(0, 100, 80)]] * 6 + [[(1, 110, 85)]] * 4 + [[(0, 300, 140)]] * 6
    faces = Film(samples).people(breaks=(6, 10))
    assert [len(face.at) for face in faces] == [12, 4]
    assert faces[0].at.tolist() == [*range(6), *range(10, 16)]


def test_a_face_that_becomes_another_in_its_place_is_noticed():
    """Where nobody saw the cut."""
    samples = [[(0, 100, 80)]] * 9 + [[(1, 104, 82)]] * 5
    faces = Film(samples).people()
    assert [face.at.tolist() for face in faces] == [list(range(9)), list(range(9, 14))]


def test_who_leaves_and_returns_elsewhere_is_the_same():
    samples = [[(0, 100, 80)]] * 5 + [[]] * 5 + [[(0, 400, 80)]] * 5
    (face,) = Film(samples).people()
    assert len(face.at) == 10


def test_two_who_sit_side_by_side_are_never_mixed_up():
    rng = np.random.default_rng(1)
    samples = [
        [(k, 100 + 60 * k + rng.normal(0, 4), 100) for k in rng.permutation(2)] for _ in range(30)
    ]
    first, second = Film(samples).people()
    assert len(first.at) == len(second.at) == 30
    assert np.ptp(first.boxes[:, 0]) < 40 > np.ptp(second.boxes[:, 0])


def test_twins_seen_together_are_two():
    film = Film([[(0, 100, 80), (0, 300, 80)]] * 8)
    assert len(film.people()) == 2


def test_one_face_in_a_calm_clip_is_hardly_looked_at():
    film = Film([[(0, 100 + at, 80)] for at in range(300)])
    (face,) = film.people()
    assert len(face.at) == 300 and film.asked <= 12


def test_a_cut_ends_what_is_followed_by_place():
    film = Film([[(0, 100, 80)]] * 10)
    assert sorted(len(one) for one in followed_by_place(film.samples, {4})) == [4, 6]


def test_the_one_seen_longest_comes_first_unless_small():
    long_and_small = [[(0, 100, 60)] + ([(1, 400, 150)] if at < 8 else []) for at in range(10)]
    assert Film(long_and_small).people()[0].side == pytest.approx(150)
    short_and_large = [[(0, 100, 60)] + ([(1, 400, 150)] if at < 4 else []) for at in range(10)]
    assert Film(short_and_large).people()[0].side == pytest.approx(60)
