"""What the lab's authority issues is accepted by a strict verifier, and refused where it must be."""

from __future__ import annotations

import ssl
import stat
from datetime import timedelta
from pathlib import Path

import pytest

from lab.tls import Authority, Certificate


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority.create(tmp_path / "authority")


def handshake(certificate: Certificate, ca: Path, host: str) -> None:
    """Shake hands in memory, as strictly as Python 3.13 does by default."""
    verifier = ssl.create_default_context(cafile=str(ca))
    verifier.verify_flags |= ssl.VERIFY_X509_STRICT | ssl.VERIFY_X509_PARTIAL_CHAIN
    presenter = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    presenter.load_cert_chain(certificate.cert, certificate.key)
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = verifier.wrap_bio(to_client, to_server, server_hostname=host)
    server = presenter.wrap_bio(to_server, to_client, server_side=True)
    waiting = [client, server]
    while waiting:
        for end in list(waiting):
            try:
                end.do_handshake()
                waiting.remove(end)
            except ssl.SSLWantReadError:
                continue


@pytest.mark.parametrize("host", ["localhost", "slack.example", "127.0.0.1", "::1"])
def test_a_certificate_serves_each_of_its_hosts(authority: Authority, host: str) -> None:
    certificate = authority.issue("server", "localhost", "slack.example", "127.0.0.1", "::1")
    handshake(certificate, authority.ca, host)


@pytest.mark.parametrize("host", ["example.org", "127.0.0.2", "sub.localhost"])
def test_a_certificate_serves_no_other_host(authority: Authority, host: str) -> None:
    certificate = authority.issue("server", "localhost", "127.0.0.1")
    with pytest.raises(ssl.SSLCertVerificationError, match=r"mismatch"):
        handshake(certificate, authority.ca, host)


def test_another_authority_is_not_trusted(authority: Authority, tmp_path: Path) -> None:
    certificate = authority.issue("server", "localhost")
    other = Authority.create(tmp_path / "other")
    with pytest.raises(ssl.SSLCertVerificationError, match="local issuer certificate"):
        handshake(certificate, other.ca, "localhost")


def test_an_expired_certificate_is_refused(authority: Authority) -> None:
    certificate = authority.issue("late", "localhost", lifetime=timedelta(days=-1))
    with pytest.raises(ssl.SSLCertVerificationError, match="expired"):
        handshake(certificate, authority.ca, "localhost")


def test_a_key_is_for_its_owner_alone(authority: Authority) -> None:
    certificate = authority.issue("server", "localhost")
    assert stat.S_IMODE(certificate.key.stat().st_mode) == 0o600
