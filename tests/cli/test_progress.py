"""What a run says while it works."""

import io

import pytest

from talkgraph.cli.progress import Bars, Lines, duration
from talkgraph.engine.run import events


@pytest.fixture
def lines():
    now = [0.0]
    stream = io.StringIO()
    watcher = Lines(stream, clock=lambda: now[0])
    return watcher, now, stream


def test_a_long_stage_says_how_far_it_is_and_how_long_it_takes(lines):
    watcher, now, stream = lines
    watcher.started("fit")
    for second in range(1, 41):
        now[0] = second
        watcher.progress("fit", second, 80)
    said = stream.getvalue().splitlines()
    assert said == [
        "fit: 12%, 1 min 10 s left",
        "fit: 25%, 1 min 0 s left",
        "fit: 38%, 50 s left",
        "fit: 50%, 40 s left",
    ]


def test_nothing_is_guessed_before_there_is_something_to_guess_from(lines):
    watcher, now, stream = lines
    watcher.started("fit")
    for second in (0, 11, 22):
        now[0] = second
        watcher.progress("fit", second / 22, 1000)
    assert stream.getvalue().splitlines() == ["fit: 0%", "fit: 0%"]


def test_a_stage_that_ran_before_is_said_to_take_as_long(lines):
    _, now, stream = lines
    watcher = Lines(stream, {"fit": 60.0}, clock=lambda: now[0])
    watcher.started("fit")
    now[0] = 12
    watcher.progress("fit", 0, 1000)
    assert stream.getvalue() == "fit: 0%, 48 s left\n"


def test_the_time_of_a_bar_is_that_of_its_stage(capsys):
    watcher = Bars({"fit": 1e5})
    with watcher:
        watcher(events.Started("fit", ""))
        assert watcher.left("fit") == "27 h 46 min left"
        watcher(events.Progress("fit", 1, 2))
        watcher(events.Finished("fit", False, 1.0))
    assert "fit: 1.0 s" in capsys.readouterr().err


def test_a_short_stage_says_only_that_it_is_done(lines):
    watcher, now, stream = lines
    watcher.started("mfcc")
    now[0] = 0.3
    watcher.progress("mfcc", 1, 2)
    watcher(events.Finished("mfcc", False, 0.5))
    watcher(events.Finished("fit", True, 0.0))
    watcher.close()
    assert stream.getvalue().splitlines() == ["mfcc: 0.5 s", "1 stage from the store"]


@pytest.mark.parametrize("watcher", [Lines, Bars])
def test_before_an_error_no_stages_are_counted(watcher, capsys):
    with pytest.raises(KeyboardInterrupt), watcher() as watch:
        watch(events.Finished("fit", True, 0.0))
        watch(events.Note(None, "the run says something"))
        raise KeyboardInterrupt
    assert capsys.readouterr().err.strip() == "note: the run says something"


def test_progress_without_a_total_or_a_start_is_no_error(lines):
    watcher, now, stream = lines
    watcher.progress("x", 0, 0)
    now[0] = 60
    watcher.progress("x", 0, 10)
    assert stream.getvalue() == "x: 0%\n"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.04, "0.0 s"),
        (9.4, "9.4 s"),
        (59.4, "59 s"),
        (59.6, "1 min 0 s"),
        (3599.7, "1 h 0 min"),
        (3900, "1 h 5 min"),
    ],
)
def test_durations_are_written_in_at_most_two_units(seconds, text):
    assert duration(seconds) == text
