import numba
import pytest

from talkgraph.cli import doctor
from talkgraph.nodes.compiled import compiled, is_kept


@pytest.fixture
def nowhere(monkeypatch):
    """No folder can be written: numba finds no place for what it compiled."""
    njit = numba.njit

    def refuse(*args, cache=False, **options):
        if cache:
            raise RuntimeError("cannot cache function 'loop': no locator available for file 'x'")
        return njit(*args, **options)

    monkeypatch.setattr(numba, "njit", refuse)


def test_a_loop_runs_where_nothing_can_be_kept(nowhere):
    @compiled()
    def doubled(x):
        return 2 * x

    assert doubled(21) == 42 and doubled.signatures
    assert not is_kept()
    check = doctor._compiled()
    assert check.status == "note" and "NUMBA_CACHE_DIR" in check.remedy


def test_a_loop_is_kept_elsewhere():
    assert is_kept()
    assert doctor._compiled().status == "ok"
