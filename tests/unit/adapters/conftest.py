"""Fixtures for the adapters' tests: a trusted certificate authority, and a check for leaked secrets."""

from __future__ import annotations

import logging
import ssl
from collections.abc import Iterator

import pytest

from handler.adapters import tls
from lab.tls import Authority, Certificate

from .canary import CANARY


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.create(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def certificate(authority: Authority) -> Certificate:
    return authority.issue("server", "localhost", "127.0.0.1")


@pytest.fixture(scope="session")
def trust(authority: Authority) -> ssl.SSLContext:
    return tls.context(str(authority.ca))


@pytest.fixture(scope="session")
def distrust(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    return tls.context(str(Authority.create(tmp_path_factory.mktemp("stranger")).ca))


@pytest.fixture
def no_secret_in_the_log(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Check in every adapter test that no log line, even at DEBUG, contains a secret."""
    caplog.set_level(logging.DEBUG)
    yield
    for record in caplog.get_records("call"):
        assert CANARY not in logging.Formatter().format(record), f"{record.name} logs a secret"
