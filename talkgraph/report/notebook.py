"""What a notebook shows of a graph, a plan, a result or a value."""

from __future__ import annotations

from typing import Any

from talkgraph.display import Nowhere
from talkgraph.report.markup import Html, tag
from talkgraph.report.show import shown
from talkgraph.report.styles import stylesheet


def html(thing: Any) -> Html:
    """One piece of HTML with its own style; nothing in it runs."""
    style = Html(stylesheet("colours.css") + stylesheet("figures.css") + stylesheet("graph.css"))
    return tag("div", tag("style", style), shown(thing, Nowhere()), class_="talkgraph")
