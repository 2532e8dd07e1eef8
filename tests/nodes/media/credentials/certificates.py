"""Certificates for the tests, of every kind that is refused."""

import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

PEM = Encoding.PEM


def name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text),
                      x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Tests")])  # fmt: skip


def certificate(subject, issuer, key, signer, *, ca=False, first=-1, last=30):
    now = datetime.datetime.now(datetime.UTC)
    usage = dict.fromkeys(
        ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
         "encipher_only", "decipher_only"), False)  # fmt: skip
    made = (
        x509.CertificateBuilder()
        .subject_name(name(subject))
        .issuer_name(name(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + datetime.timedelta(days=first))
        .not_valid_after(now + datetime.timedelta(days=last))
        .add_extension(x509.BasicConstraints(ca, None), critical=True)
        .add_extension(
            x509.KeyUsage(digital_signature=not ca, key_cert_sign=ca, crl_sign=ca, **usage), True
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), False
        )
    )
    if not ca:
        made = made.add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), False
        )
    return made.sign(signer, hashes.SHA256()).public_bytes(PEM)


def private(key, password=None):
    lock = BestAvailableEncryption(password) if password else NoEncryption()
    return key.private_bytes(PEM, PrivateFormat.PKCS8, lock)


def written(folder, *, curve=ec.SECP256R1, **dates):
    """Paths of a signer's chain, its key and the root."""
    root, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(curve())
    above = certificate("Root", "Root", root, root, ca=True)
    files = {
        "chain.pem": certificate("Anna", "Root", key, root, **dates) + above,
        "key.pem": private(key),
        "root.pem": above,
        "encrypted.pem": private(key, b"secret"),
        "other.pem": private(ec.generate_private_key(curve())),
        "weak.pem": private(ec.generate_private_key(ec.SECP256K1())),
        "self.pem": certificate("Anna", "Anna", key, key, **dates),
        "garbage.pem": b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        "binary.pem": b"\0\1\2",
    }
    for file, data in files.items():
        (folder / file).write_bytes(data)
    return folder / "chain.pem", folder / "key.pem", folder / "root.pem"
