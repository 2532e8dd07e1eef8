"""All torture tests, by name."""

from __future__ import annotations

from tests.torture.row import Test

TESTS: dict[str, Test] = {}
