"""What a step says is told with the file of this run; what is stored names none."""

from pathlib import Path

import pytest

from talkgraph import engine
from talkgraph.cache import Store
from talkgraph.engine import Graph, Node, Note, node
from talkgraph.engine.history import run_records
from talkgraph.errors import InputError


@node("named_read", version=1)
class Read(Node):
    def run(self, file: Path) -> str:
        engine.note("it is short")
        return file.read_text()


@node("named_deep", version=1)
class Deep(Node):
    def run(self, text: str, other: str | None = None) -> int:
        engine.note("a deep word")
        if "bad" in text:
            raise InputError("no face was found; use another")
        return len(text)


GRAPH = Graph(
    "files", inputs={"file": Path},
    steps={"read": Read().on(file="file"), "deep": Deep().on(text="read")},
)  # fmt: skip
BOTH = Graph(
    "both", inputs={"file": Path, "second": Path},
    steps={
        "read": Read().on(file="file"), "more": Read().on(file="second"),
        "deep": Deep().on(text="read", other="more"),
    },
)  # fmt: skip


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


def file(tmp_path, name, text="good"):
    path = tmp_path / name
    path.write_text(text)
    return path


def test_a_note_is_told_of_the_file_of_this_run(tmp_path, store):
    for name in ("old.wav", "new.wav"):
        path = file(tmp_path, name)
        heard = []
        result = GRAPH.run({"file": path}, store=store, on_event=heard.append)
        told = {event.step: event.text for event in heard if isinstance(event, Note)}
        assert told == {"read": f"{path}: it is short", "deep": f"{path}: a deep word"}
        assert result.records["read"].notes == (f"{path}: it is short",)
        assert run_records.find(store).steps["deep"].notes == (f"{path}: a deep word",)
    assert result.records["deep"].cached


def test_an_error_names_the_file_behind_the_step(tmp_path, store):
    path = file(tmp_path, "me.txt", "bad")
    with pytest.raises(InputError) as caught:
        GRAPH.run({"file": path}, store=store)
    assert str(caught.value) == f"{path}: no face was found; use another"
    assert str(path) in run_records.find(store).error


def test_a_step_of_two_files_names_none_of_them(tmp_path, store):
    inputs = {"file": file(tmp_path, "a", "bad"), "second": file(tmp_path, "b")}
    with pytest.raises(InputError, match=r"^no face was found"):
        BOTH.run(inputs, store=store)


def test_a_given_value_has_no_file_behind_it(tmp_path, store):
    path = file(tmp_path, "me.txt")
    result = GRAPH.run({"file": path}, store=store, given={"read": "mine"})
    assert result.records["deep"].notes == ("a deep word",)


def test_every_row_of_a_map_names_its_own_file(tmp_path, store):
    rows = [{"file": file(tmp_path, f"{row}.txt", f"text {row}")} for row in range(2)]
    results = GRAPH.map(rows, store=store)
    for row, result in zip(rows, results, strict=True):
        assert result.records["read"].notes == (f"{row['file']}: it is short",)
