"""Slack whose certificate is not valid any more is not given the token."""

from __future__ import annotations

import ssl
from datetime import timedelta

import pytest

from handler.adapters.slack.senders import SlackBot
from handler.errors import SlackError
from handler.model import Message
from lab.tls import Authority
from tests.unit.adapters.canary import TOKEN, FakeSecrets, safe
from tests.unit.adapters.scripted import answer, scripted

pytestmark = pytest.mark.usefixtures("no_secret_in_the_log")


def test_an_expired_certificate_is_named_and_gets_no_token(trust: ssl.SSLContext, authority: Authority) -> None:
    expired = authority.issue("expired-slack", "localhost", lifetime=timedelta(days=-1))
    with scripted(answer(200, b"{}"), certificate=expired) as server:
        with pytest.raises(SlackError, match="SLACK_UNAVAILABLE.*expired") as raised:
            SlackBot(FakeSecrets({"slack-token": TOKEN}), f"{server.url}/api/", trust).post(
                Message("n", "c", "C1", "x")
            )
        assert server.requests == []
    assert raised.value.retry
    safe(raised.value)
