import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from talkgraph.report.markup import Html, facts, figure, join, table, tag, text

HOSTILE = """"><script>alert(1)</script><img src=x onerror=alert(1)>'&\u202e\x00\ud800"""


@given(st.text() | st.just("\ud800"))
def test_text_holds_no_markup(value):
    escaped = text(value)
    assert not set(escaped) & set("<>\"'")
    escaped.encode()  # lone surrogates, too


@given(st.text(), st.text())
def test_children_and_attributes_are_read_back_as_they_were(parsed, child, label):
    page = parsed(tag("p", child, aria_label=label))
    ((name, attributes),) = page.elements
    clean = [c.encode("utf-8", "replace").decode() for c in (child, label)]
    shown = [re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", "\ufffd", c) for c in clean]
    assert name == "p" and list(attributes) == ["aria-label"]
    assert (attributes["aria-label"] or "") == shown[1]
    assert "".join(page.texts) == shown[0]


def test_hostile_text_adds_no_element(parsed):
    made = join(
        (
            tag("p", HOSTILE, title=HOSTILE, data_name=HOSTILE),
            figure(HOSTILE, HOSTILE),
            table([(HOSTILE, HOSTILE)], (HOSTILE, HOSTILE)),
            facts(**{"a_b": HOSTILE}),
        )
    )
    page = parsed(made)
    assert {t for t, _ in page.elements}.isdisjoint({"script", "img"})
    assert not any(key.startswith("on") for _, a in page.elements for key in a)


def test_markup_stays_markup_and_nothing_else_is():
    assert join([Html("<b>x</b>"), "<b>", None, 3]) == "<b>x</b>&lt;b&gt;3"


@pytest.mark.parametrize(
    ("name", "attributes"),
    [
        ("p", {"onclick": "x()"}), ("p", {"ONLOAD": "x()"}), ("p", {"style": "a"}),
        ("a", {"href": "javascript:alert(1)"}), ("a", {"href": "https://example.org"}),
        ("img", {"src": "https://example.org/a.png"}), ("img", {"src": "file:///etc/passwd"}),
        ("a", {"href": "data:text/html,<script>"}), ("p", {"a b": "x"}), ("p x", {}),
    ],
)  # fmt: skip
def test_what_could_run_or_fetch_is_refused(name, attributes):
    with pytest.raises(ValueError):
        tag(name, **attributes)
