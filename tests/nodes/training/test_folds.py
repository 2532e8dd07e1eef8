import attrs
import pytest

from talkgraph.nodes.training.folds import person_folds, without_first_fold


@attrs.frozen
class Clip:
    person: str
    frames: int = 10

    def __len__(self):
        return self.frames


def test_nobody_is_in_two_groups_and_groups_have_about_as_many_frames():
    clips = [Clip(name, frames) for name, frames in zip("abcdefgh", range(10, 90, 10), strict=True)]
    groups = person_folds(clips, 3, seed=1)
    assert sorted(name for group in groups for name in group) == list("abcdefgh")
    sizes = [sum(len(one) for one in clips if one.person in group) for group in groups]
    assert max(sizes) - min(sizes) <= 40


@pytest.mark.parametrize("folds", [2, 3, 9])
def test_people_held_out_are_not_trained_on(folds):
    clips = [Clip(person) for person in "aabbcdef"]
    mine, held = without_first_fold(clips, folds, seed=0)
    people = {one.person for one in mine}, {one.person for one in held}
    assert all(people) and not people[0] & people[1] and people[0] | people[1] == set("abcdef")
    assert len(mine) + len(held) == len(clips)
