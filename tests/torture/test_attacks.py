"""Short versions of the attacks; `python -m tests.torture` runs them at full size."""

import pytest

from . import catalogue, planted
from .hostile_media import nursery, outcome
from .row import Setting

SCALES = {"corruption": 0.004, "bytes": 0.002, "crowd": 0.003, "media": 0.006}


@pytest.mark.parametrize("name", SCALES)
def test_nothing_is_violated(name, tmp_path):
    for row in catalogue.TESTS[name](Setting(tmp_path, SCALES[name])):
        assert row.violations == [] and row.done >= 1


def test_the_tests_notice_planted_bugs(tmp_path):
    quick = [bug for bug in planted.BUGS if bug.tests == "cache/test_blobs.py"][:2]
    harmless = planted.Bug("nothing", "cache/frames.py", "CHUNK = 32", "CHUNK = 16 * 2",
                           "cache/test_blobs.py")  # fmt: skip
    (said,) = planted.missed((*quick, harmless), tmp_path)
    assert "'nothing' is not noticed" in said


@pytest.mark.parametrize("bug", planted.BUGS, ids=lambda bug: bug.name)
def test_each_bug_can_still_be_planted(bug):
    assert (planted.ROOT / "talkgraph" / bug.file).read_text().count(bug.old) == 1


def test_a_crash_of_the_decoder_is_counted_and_one_line(tmp_path, monkeypatch):
    import os

    from talkgraph.nodes.media.decoder import photo

    monkeypatch.setattr(photo, "decode", lambda *a, **k: os.kill(os.getpid(), 11))
    with nursery() as children:
        assert outcome(tmp_path / "a.png", b"picture") == ""
        assert children.crashed == 1
