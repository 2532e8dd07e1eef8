import attrs
import pytest

from talkgraph.nodes.pose_mapping.train.corpus import target_of
from talkgraph.nodes.pose_mapping.train.general_card import general_card
from talkgraph.nodes.pose_mapping.train.general_training import Figures
from talkgraph.nodes.pose_mapping.train.score import mean_score, score


@pytest.mark.parametrize(("feature", "synthetic"), [("speech_encoder", 0), ("mfcc", 12)])
def test_the_card_names_clips_figures_and_the_command(toys, feature, synthetic):
    examples, facts = toys.examples(3), toys.facts()
    examples[2] = attrs.evolve(examples[2], reliable=False)
    targets = [target_of(example, facts) for example in examples]
    scores = [score(target, target.expression, facts) for target in targets]
    mean = mean_score(scores)
    figures = Figures(scores=scores, curve={0.5: mean, 1.0: mean}, parameters=12345)
    card = general_card(
        figures, examples, [0, 2, -1], feature=feature, file="mine.onnx", model="toy",
        synthetic=synthetic, folds=3, command="talkgraph train mapping --clips DIR", licence="MIT",
    )  # fmt: skip
    assert "3 clips of 3 persons, 0.3 minutes" in card and "2 clips whose picture" in card
    assert "1 clips in which that model" in card and "12,345 parameters" in card
    assert "person1" in card and "\n    talkgraph train mapping --clips DIR\n" in card
    assert "\n| 50% | " in card and "\n| 100% | " in card
    assert ("pretrained on 12 synthetic utterances" in card) == (feature == "mfcc")
    assert card.endswith("**Licence.** MIT\n")
