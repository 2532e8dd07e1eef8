"""Inner loops in machine code. Imports numba: import what uses this lazily."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numba

Loop = TypeVar("Loop", bound=Callable[..., Any])


def compiled(**options: Any) -> Callable[[Loop], Loop]:
    """Compile a function when it is first called; what was compiled is kept for the next process.

    Where neither the package's folder nor the user's own can be written there is no place to keep
    it (`NUMBA_CACHE_DIR` names another): then every process compiles anew.

    Args:
        options: of `numba.njit`.
    """

    def compile_loop(loop: Loop) -> Loop:
        try:
            made: Loop = numba.njit(cache=True, nogil=True, **options)(loop)
        except RuntimeError:
            made = numba.njit(nogil=True, **options)(loop)
        return made

    return compile_loop


def is_kept() -> bool:
    """Whether there is a place for compiled functions."""

    def probe() -> int:
        return 1

    try:
        numba.njit(cache=True)(probe)
    except RuntimeError:
        return False
    return True
