"""Two at one store: every pair now and then, and at every moment those that once met ill."""

import pytest

from tests.torture import interleaved
from tests.torture.kills import fresh
from tests.torture.row import Setting


def test_every_pair_at_some_moments(tmp_path):
    rows = list(interleaved.everywhere(Setting(tmp_path, 0.02)))
    assert len(rows) == len(interleaved.ACTORS) + 2 and all(row.done for row in rows)
    assert [text for row in rows for text in row.violations] == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("sweep", "careless sweep"),  # what is made to read the clock is gone before it is read
        ("put stream", "put stream"),  # the log's folder goes as it is made
        ("gc of all", "gc beside a new run"),  # a record comes back, its blob is in other hands
    ],
)
def test_pairs_at_every_moment(tmp_path, one, other):
    old = interleaved.before(tmp_path)
    cases = interleaved.meetings(interleaved.BY_NAME[one], [interleaved.BY_NAME[other]], old)
    for case in cases:
        assert interleaved.meeting(*case[:2], fresh(old, tmp_path / "case"), case[2]) == []
