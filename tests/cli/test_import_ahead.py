import sys
import threading

from talkgraph.cli.import_ahead import importing_ahead
from talkgraph.engine.run.events import Finished, Started


def test_the_first_step_that_runs_loads_modules_and_the_watcher_hears_all(tmp_path, monkeypatch):
    (tmp_path / "slow_to_load.py").write_text("")
    monkeypatch.syspath_prepend(str(tmp_path))
    heard = []
    watch = importing_ahead(heard.append, ("no_such_module", "slow_to_load"))
    events = [Finished("one", True, 0.0), Started("two", "new"), Started("three", "new")]
    watch(events[0])
    assert not [t for t in threading.enumerate() if t.name == "talkgraph-imports"]
    for event in events[1:]:
        watch(event)
    for thread in threading.enumerate():
        if thread.name == "talkgraph-imports":
            thread.join()
    assert "slow_to_load" in sys.modules and heard == events
