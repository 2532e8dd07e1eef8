"""In whose name a video is signed: a certificate, those that vouch for it, and its private key."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import attrs

from talkgraph.errors import InputError

_LONGEST = 1 << 20  # bytes of a file of certificates
_CURVES = {"secp256r1": "es256", "secp384r1": "es384", "secp521r1": "es512"}
_SHORTEST_RSA = 2048  # bits; C2PA 2.1, 13.2


@attrs.frozen
class Identity:
    """What a signature needs.

    name: who signs, as the certificate has it.
    algorithm: as C2PA calls it, such as `es256`.
    chain: the certificates, PEM, that of the signer first. key: its private key, PEM.
    local: whether nobody but this machine vouches for it. kept: whether it serves again.
    """

    name: str
    algorithm: str
    chain: bytes = attrs.field(repr=False)
    key: bytes = attrs.field(repr=False)
    local: bool = False
    kept: bool = True


def read_identity(certificate: str | Path, key: str | Path) -> Identity:
    """The user's own, from two PEM files.

    Raises:
        InputError: a file cannot be read or is no such file, the key is encrypted or that of
            another certificate, or the certificate is out of date or signed by itself.
    """
    certificate, key = Path(certificate), Path(key)
    chain, private = _read(certificate, "certificate"), _read(key, "key")
    try:
        return identity_of(chain, private)
    except _WrongKeyError as error:
        raise InputError(f"{key}: {error}") from None
    except ValueError as error:
        raise InputError(f"{certificate}: {error}") from None


class _WrongKeyError(ValueError):
    """It is the key that does not fit."""


def identity_of(chain: bytes, key: bytes, *, local: bool = False, kept: bool = True) -> Identity:
    """An identity of PEM texts; ValueError if they are none."""
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import load_pem_private_key
    from cryptography.x509.oid import NameOID

    try:
        certificates = x509.load_pem_x509_certificates(chain)
    except ValueError:
        raise ValueError(
            "holds no certificate; give a PEM file, the signer's certificate first"
        ) from None
    try:
        private = load_pem_private_key(key, None)
    except TypeError:
        raise _WrongKeyError("the key is encrypted; give it without a password") from None
    except ValueError:
        raise _WrongKeyError("holds no private key; give the certificate's key as PEM") from None
    signer = certificates[0]
    if _encoded(signer.public_key()) != _encoded(private.public_key()):
        raise _WrongKeyError("is the key of another certificate; give the two that go together")
    now = datetime.datetime.now(datetime.UTC)
    if not signer.not_valid_before_utc <= now <= signer.not_valid_after_utc:
        raise ValueError(
            f"the certificate is good from {signer.not_valid_before_utc:%Y-%m-%d} to "
            f"{signer.not_valid_after_utc:%Y-%m-%d}, not today; have it renewed"
        )
    if signer.issuer == signer.subject:
        raise ValueError(
            "the certificate vouches for itself, which C2PA does not allow; have it signed by "
            "another, or leave it out for a local one"
        )
    names = [
        name.value
        for oid in (NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME)
        for name in signer.subject.get_attributes_for_oid(oid)
    ]
    return Identity(
        name=str(names[0]) if names else "no name",
        algorithm=_algorithm(private),
        chain=chain,
        key=key,
        local=local,
        kept=kept,
    )


def _algorithm(key: Any) -> str:
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    if isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.name in _CURVES:
        return _CURVES[key.curve.name]
    if isinstance(key, rsa.RSAPrivateKey) and key.key_size >= _SHORTEST_RSA:
        return "ps256"
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return "ed25519"
    raise _WrongKeyError(
        "such keys sign no credentials; C2PA takes P-256, P-384, P-521, Ed25519 and RSA of 2048 "
        "bits or more"
    )


def _encoded(key: Any) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    data: bytes = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return data


def _read(path: Path, what: str) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(_LONGEST)
    except OSError as error:
        raise InputError(
            f"{path}: the {what} to sign with cannot be read ({error.strerror}); check the path"
        ) from None
    if b"\0" in data:
        raise InputError(f"{path}: the {what} to sign with is no PEM text; convert it to PEM")
    return data
