"""Load what later stages import while the first one waits for another process."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from importlib import import_module
from threading import Thread
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from talkgraph.engine.run.events import Event

SLOW = ("av", "onnxruntime", "numba", "scipy.ndimage", "scipy.interpolate", "scipy.spatial")


def importing_ahead(
    watch: Callable[[Event], None], modules: tuple[str, ...] = SLOW
) -> Callable[[Event], None]:
    """`watch`, which has the modules loaded beside the first step that runs.

    That step decodes what the user gave in a process of its own; a run that finds all its results
    stored loads nothing.
    """
    from talkgraph.engine.run.events import Started

    begun = False

    def load() -> None:
        for name in modules:
            with contextlib.suppress(ImportError):  # whoever needs it says so
                import_module(name)

    def on_event(event: Event) -> None:
        nonlocal begun
        if isinstance(event, Started) and not begun:
            begun = True
            Thread(target=load, name="talkgraph-imports").start()
        watch(event)

    return on_event
