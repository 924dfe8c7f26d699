"""Contexts trust what they are told, and verify chain and name whatever else is set."""

from __future__ import annotations

import socket
import ssl
from pathlib import Path

import pytest

from handler.adapters import tls
from handler.errors import ConfigError
from lab.tls import Authority, Certificate

from .scripted import answer, scripted


def handshake(context: ssl.SSLContext, port: int, name: str) -> str | None:
    with (
        socket.create_connection(("127.0.0.1", port)) as raw,
        context.wrap_socket(raw, server_hostname=name) as connection,
    ):
        return connection.version()


def test_a_context_trusts_the_authority_in_its_file(trust: ssl.SSLContext, certificate: Certificate) -> None:
    with scripted(answer(), certificate=certificate) as server:
        assert handshake(trust, server.port, "localhost") == "TLSv1.3"


def test_a_context_trusts_only_the_authority_in_its_file(distrust: ssl.SSLContext, certificate: Certificate) -> None:
    with scripted(answer(), certificate=certificate) as server, pytest.raises(ssl.SSLCertVerificationError):
        handshake(distrust, server.port, "localhost")


def test_the_public_authorities_do_not_vouch_for_a_private_server(certificate: Certificate) -> None:
    with scripted(answer(), certificate=certificate) as server, pytest.raises(ssl.SSLCertVerificationError):
        handshake(tls.context(), server.port, "localhost")


def test_the_name_in_the_certificate_is_checked(trust: ssl.SSLContext, certificate: Certificate) -> None:
    with (
        scripted(answer(), certificate=certificate) as server,
        pytest.raises(ssl.SSLCertVerificationError, match="slack.com"),
    ):
        handshake(trust, server.port, "slack.com")


@pytest.mark.parametrize("ca", [True, False], ids=["a file", "the public authorities"])
def test_verification_is_on_and_old_tls_is_off(ca: bool, authority: Authority) -> None:
    context = tls.context(str(authority.ca) if ca else "")
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2


def test_a_private_authority_is_held_to_the_same_rules_by_every_python(trust: ssl.SSLContext) -> None:
    assert not trust.verify_flags & ssl.VERIFY_X509_STRICT
    assert trust.verify_flags & ssl.VERIFY_X509_PARTIAL_CHAIN


def test_a_context_is_made_once_for_each_file(authority: Authority) -> None:
    assert tls.context(str(authority.ca)) is tls.context(str(authority.ca))
    assert tls.context() is tls.context()
    assert tls.context() is not tls.context(str(authority.ca))


def test_a_relative_path_starts_at_the_package(
    authority: Authority, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(tls, "_ROOT", authority.ca.parent)
    monkeypatch.chdir(tmp_path)
    assert tls.context("./ca.pem").get_ca_certs()


@pytest.mark.parametrize(
    ("content", "problem"),
    [(None, "cannot be read"), ("", "holds no certificate"), ("not a PEM file", "holds no certificate")],
)
def test_a_file_that_is_no_authority_is_named(tmp_path: Path, content: str | None, problem: str) -> None:
    file = tmp_path / "broken.pem"
    if content is not None:
        file.write_text(content)
    with pytest.raises(ConfigError, match=f"CONFIG_INVALID.*broken.pem.*{problem}"):
        tls.context(str(file))


@pytest.mark.parametrize("ca", ["handler", "certs/\0.pem"])
def test_what_is_no_file_at_all_is_named(ca: str) -> None:
    with pytest.raises(ConfigError, match=r"CONFIG_INVALID.*cannot be read"):
        tls.context(ca)
