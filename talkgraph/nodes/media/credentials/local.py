"""The identity that is made on a machine where nobody has named a certificate.

It proves that two videos come from one machine and that a video was not altered, not who its owner
is: nobody vouches for it, and readers of credentials call its signer unknown.
"""

from __future__ import annotations

import contextlib
import datetime
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from talkgraph.errors import InputError
from talkgraph.nodes.media.credentials.identity import Identity, identity_of

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec

NAME = "local signer of talkgraph"
_YEARS = 10
_END_OF_KEY = b"-----END PRIVATE KEY-----\n"
_FILE = "local-signer.pem"


def local_identity() -> Identity:
    """The identity of this user on this machine; made at first use.

    It is one file that only the user can read, `talkgraph/local-signer.pem` in the user's data
    folder. Where that folder cannot be written, the identity serves once.

    Raises:
        InputError: the file is there but is no such thing, or is out of date.
    """
    path = folder() / _FILE
    try:
        text = path.read_bytes()
    except OSError:
        text = _made()
        kept = _keep(path, text)
        if kept is None:
            return _identity(text, path, kept=False)
        text = kept
    return _identity(text, path, kept=True)


def folder() -> Path:
    """Where the user's own data of this program lie."""
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Application Support"
    else:
        base = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    return base / "talkgraph"


def _identity(text: bytes, path: Path, *, kept: bool) -> Identity:
    key, end, chain = text.partition(_END_OF_KEY)
    try:
        return identity_of(chain, key + end, local=True, kept=kept)
    except ValueError as error:
        raise InputError(f"{path}: {error}; remove it, and a new one will be made") from None


def _keep(path: Path, text: bytes) -> bytes | None:
    """Put the file in its place, whole; its content, of another process if that was quicker."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, name = tempfile.mkstemp(dir=path.parent)  # 0600
        try:
            with open(handle, "wb") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            with contextlib.suppress(FileExistsError):
                os.link(name, path)
        finally:
            os.unlink(name)
        return path.read_bytes()
    except OSError:
        return None


def _made() -> bytes:
    """A key and its certificate, vouched for by another whose key is forgotten at once."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
    )
    from cryptography.x509.oid import ExtendedKeyUsageOID

    root, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    issuer, subject = _name("root"), _name(NAME)
    root_id = x509.SubjectKeyIdentifier.from_public_key(root.public_key())
    above = (
        _begun(issuer, issuer, root)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(root_id, critical=False)
        .sign(root, hashes.SHA256())
    )
    certificate = (  # the extensions that C2PA 2.1, 14.5.1 asks for
        _begun(subject, issuer, key)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False
        )
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(root_id), critical=False
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(root, hashes.SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return private + certificate.public_bytes(Encoding.PEM) + above.public_bytes(Encoding.PEM)


def _name(common: str) -> x509.Name:
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "talkgraph (local, untrusted)"),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )


def _begun(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey
) -> x509.CertificateBuilder:
    from cryptography import x509

    start = datetime.datetime.now(datetime.UTC) - datetime.timedelta(minutes=5)  # clocks differ
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + datetime.timedelta(days=365 * _YEARS))
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    from cryptography import x509

    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
