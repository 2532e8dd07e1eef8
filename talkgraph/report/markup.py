"""HTML that is safe by construction: whatever is not `Html` already is escaped.

File names, notes and error texts are hostile until proven otherwise; they get into a page through
`tag` only.
"""

from __future__ import annotations

import re
from html import escape
from typing import Any

_NAME = re.compile(r"[a-z][a-z0-9-]*\Z", re.IGNORECASE)
_VOID = ("img", "br", "hr", "input", "meta", "link", "source", "col", "track")
# No attribute may run code or fetch: addresses are data that we made or places in the page.
_ADDRESSES = ("href", "src", "poster")
_ALLOWED = ("#", "data:image/", "data:video/", "data:audio/")
_CONTROL = {code: "\ufffd" for code in (*range(9), 11, 12, *range(14, 32), 127)}


class Html(str):
    """Text that is markup already."""

    __slots__ = ()

    def __html__(self) -> str:
        return self


def text(value: Any) -> Html:
    """A value as escaped text; `Html` stays as it is."""
    if isinstance(value, Html):
        return value
    plain = str(value).encode("utf-8", "replace").decode().translate(_CONTROL)
    return Html(escape(plain, quote=True))


def join(parts: Any) -> Html:
    """Several pieces in a row; None is left out, everything else is escaped unless it is `Html`."""
    return Html("".join(text(part) for part in parts if part is not None))


def tag(name: str, *children: Any, **attributes: Any) -> Html:
    """An element.

    Args:
        children: pieces; what is not `Html` is escaped.
        attributes: a trailing underscore is dropped and others become hyphens (`class_`,
            `aria_label`); None and False leave the attribute out, True gives it no value.

    Raises:
        ValueError: a name that is none, an event handler, or an address that leaves the page.
    """
    words = [name]
    for key, value in attributes.items():
        key = key.rstrip("_").replace("_", "-")
        if value is None or value is False:
            continue
        if not _NAME.match(key) or key.lower().startswith("on") or key == "style":
            raise ValueError(f"<{name}>: attribute '{key}' is not allowed in a page")
        if key in _ADDRESSES and not str(value).startswith(_ALLOWED):
            raise ValueError(f"<{name}>: {key} leads out of the page: {value!r:.60}")
        words.append(key if value is True else f'{key}="{text(value)}"')
    if not _NAME.match(name):
        raise ValueError(f"'{name}' is no element")
    head = f"<{' '.join(words)}>"
    if name in _VOID:
        return Html(head)
    return Html(f"{head}{join(children)}</{name}>")


def figure(content: Any, caption: Any = None, **attributes: Any) -> Html:
    """A picture, drawing or table with the line that says what it shows."""
    return tag("figure", content, tag("figcaption", caption) if caption else None, **attributes)


def table(rows: Any, head: tuple[Any, ...] | None = None) -> Html:
    """A table; the first cell of each row names the row."""
    top = (
        tag("thead", tag("tr", *(tag("th", cell, scope="col") for cell in head))) if head else None
    )
    body = [
        tag("tr", tag("th", first, scope="row"), *(tag("td", cell) for cell in others))
        for first, *others in rows
    ]
    return tag("div", tag("table", top, tag("tbody", *body)), class_="table", tabindex="0")


def facts(**values: Any) -> Html:
    """A short list of named figures; underscores in the names become spaces, None is left out."""
    pairs = [(name.replace("_", " "), value) for name, value in values.items() if value is not None]
    return tag("dl", *(tag("div", tag("dt", n), tag("dd", v)) for n, v in pairs), class_="facts")
