"""The lab's certificate authority: every connection of the local cloud is encrypted and verified, as in AWS."""

from __future__ import annotations

import ipaddress
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

LIFETIME: Final = timedelta(days=30)
CLOCK_TOLERANCE: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Certificate:
    """A server's certificate and private key, each a PEM file."""

    cert: Path
    key: Path


class Authority:
    """Issues server certificates. `ca` is the PEM file to trust; the authority's private key is never written."""

    def __init__(self, folder: Path, key: ec.EllipticCurvePrivateKey, root: x509.Certificate) -> None:
        self.ca = folder / "ca.pem"
        self._folder = folder
        self._key = key
        self._root = root

    @classmethod
    def create(cls, folder: Path) -> Authority:
        """Create a new authority with its own key, and write its `ca.pem` into the folder."""
        folder.mkdir(parents=True, exist_ok=True)
        key = ec.generate_private_key(ec.SECP256R1())
        name = _name(f"Local cloud {secrets.token_hex(4)}")
        root = (
            _builder(name, name, key.public_key(), LIFETIME)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(signs_certificates=True), critical=True)
            .sign(key, SHA256())
        )
        authority = cls(folder.resolve(), key, root)
        authority.ca.write_bytes(root.public_bytes(Encoding.PEM))
        return authority

    def issue(self, name: str, *hosts: str, lifetime: timedelta = LIFETIME) -> Certificate:
        """Write `<name>.pem` and `<name>.key` for a server that is reached as `hosts`: DNS names or IP addresses.

        A negative `lifetime` makes an expired certificate.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        issuer_id = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        leaf = (
            _builder(_name(name), self._root.subject, key.public_key(), lifetime)
            .add_extension(x509.SubjectAlternativeName([_general_name(host) for host in hosts]), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(issuer_id, critical=False)
            .sign(self._key, SHA256())
        )
        certificate = Certificate(self._folder / f"{name}.pem", self._folder / f"{name}.key")
        certificate.cert.write_bytes(leaf.public_bytes(Encoding.PEM))
        certificate.key.touch(mode=0o600)
        certificate.key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return certificate


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, lifetime: timedelta
) -> x509.CertificateBuilder:
    end = datetime.now(UTC) + lifetime
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(min(end, datetime.now(UTC)) - CLOCK_TOLERANCE)
        .not_valid_after(end)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
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
