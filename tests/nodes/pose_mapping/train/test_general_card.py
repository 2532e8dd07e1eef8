import pytest

from talkgraph.nodes.pose_mapping.train.corpus import target_of
from talkgraph.nodes.pose_mapping.train.general_card import general_card
from talkgraph.nodes.pose_mapping.train.score import score


@pytest.mark.parametrize(("synthetic", "said"), [(0, False), (12, True)])
def test_the_card_names_clips_figures_and_the_command(toys, synthetic, said):
    examples, facts = toys.examples(3), toys.facts()
    targets = [target_of(example, facts) for example in examples]
    scores = [score(target, target.expression, target.pose, facts) for target in targets]
    card = general_card(
        scores, examples, [0, 2, -1],
        size=toys.SMALL, feature="mfcc", model="toy", synthetic=synthetic, folds=3,
        command="talkgraph train mapping --clips DIR", licence="MIT",
    )  # fmt: skip
    assert "3 clips of 3 persons, 0.3 minutes" in card and "2 clips whose picture" in card
    assert "person1" in card and "\n    talkgraph train mapping --clips DIR\n" in card
    assert ("pretrained on 12 synthetic utterances" in card) == said
    assert card.endswith("**Licence.** MIT\n")
