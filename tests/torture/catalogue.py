"""All torture tests, by name."""

from __future__ import annotations

from tests.torture.dask_kills import dask_kills
from tests.torture.row import Test

TESTS: dict[str, Test] = {"dask": dask_kills}
