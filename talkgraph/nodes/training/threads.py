"""How many threads numerical libraries use inside a node."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def one_thread() -> Iterator[None]:
    """Keep BLAS and OpenMP (numpy, scipy, torch) to one thread inside the block.

    Thousands of small products gain nothing from several threads and lose most of their time
    waiting for each other as soon as anything else runs on the machine (a whole-clip fit was nine
    times slower with two threads than with one); and sums over one thread are repeatable.
    """
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1):
        yield
