"""Look at a run: one self-contained page, and what a notebook shows.

    from talkgraph.report import write_report
    write_report(graph.run(inputs), Path("report.html"))

page        the whole file; overview, failure, sections and provenance are its parts
run_values  what the steps of a remembered run made
show        how any value is shown; previews/ has those of our own stages, one module each
drawing     the graph as SVG, laid out by layout
scores      how near a result is to the real one, where a run has scores
curves      lines, maps and histograms; waveform, pictures and media make the other figures
markup      HTML that is safe by construction
notebook    `_repr_html_` of graphs, plans, results and values

A look of your own is registered with `talkgraph.display.preview`, see there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from talkgraph.report.page import report_html, write_report
    from talkgraph.report.run_values import RunValues

_HOME = {"report_html": "page", "write_report": "page", "RunValues": "run_values"}

__all__ = ["RunValues", "report_html", "write_report"]


def __getattr__(name: str) -> Any:
    """Load what is asked for: the command line reads only small parts of this package."""
    from importlib import import_module

    if name in _HOME:
        return getattr(import_module(f"talkgraph.report.{_HOME[name]}"), name)
    raise AttributeError(f"module 'talkgraph.report' has no attribute '{name}'")
