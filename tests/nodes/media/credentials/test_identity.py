"""Whose certificate it is, and every pair of files that is refused."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from talkgraph.errors import InputError
from talkgraph.nodes.media.credentials import read_identity
from tests.nodes.media.credentials.certificates import written


@pytest.mark.parametrize(
    ("curve", "algorithm"),
    [(ec.SECP256R1, "es256"), (ec.SECP384R1, "es384"), (ec.SECP521R1, "es512")],
)
def test_a_pair_of_files_is_an_identity(tmp_path, curve, algorithm):
    chain, key, _ = written(tmp_path, curve=curve)
    identity = read_identity(chain, key)
    assert (identity.name, identity.algorithm, identity.local) == ("Anna", algorithm, False)
    assert "PRIVATE" not in repr(identity) and "BEGIN" not in repr(identity)


@pytest.mark.parametrize(
    ("chain", "key", "words"),
    [
        ("chain.pem", "other.pem", "is the key of another certificate"),
        ("chain.pem", "encrypted.pem", "the key is encrypted"),
        ("chain.pem", "garbage.pem", "holds no private key"),
        ("chain.pem", "root.pem", "holds no private key"),
        ("garbage.pem", "key.pem", "holds no certificate"),
        ("key.pem", "key.pem", "holds no certificate"),
        ("binary.pem", "key.pem", "is no PEM text"),
        ("nowhere.pem", "key.pem", "cannot be read"),
        ("chain.pem", "nowhere.pem", "cannot be read"),
        ("self.pem", "key.pem", "vouches for itself"),
    ],
)
def test_files_that_do_not_fit_are_refused_in_a_line(tmp_path, chain, key, words):
    written(tmp_path)
    with pytest.raises(InputError, match=words) as caught:
        read_identity(tmp_path / chain, tmp_path / key)
    assert "\n" not in str(caught.value) and str(tmp_path) in str(caught.value)


@pytest.mark.parametrize("dates", [{"first": -30, "last": -1}, {"first": 1, "last": 30}])
def test_a_certificate_that_is_not_good_today_is_refused(tmp_path, dates):
    chain, key, _ = written(tmp_path, **dates)
    with pytest.raises(InputError, match="not today; have it renewed"):
        read_identity(chain, key)


def test_a_kind_of_key_that_c2pa_does_not_know_is_refused(tmp_path):
    chain, key, _ = written(tmp_path, curve=ec.SECP256K1)
    with pytest.raises(InputError, match="such keys sign no credentials"):
        read_identity(chain, key)
