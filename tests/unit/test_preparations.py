"""What an environment gets ready before its first event, by its settings."""

from __future__ import annotations

import pytest

from handler import bootstrap, catalog
from handler.adapters.database.replica import Replicas
from handler.adapters.state.secret_store import SecretStore
from handler.delivery.throttle import ChannelThrottle
from handler.templating import Templates
from tests.kit import notification

BOT = "bot"
WEBHOOK = "webhook"
ONE = "default=mysql://replica/shop"
TWO = f"{ONE}, billing=mysql://billing/invoices;secret=rds!cluster-1"
IAM = "default=mysql://replica/shop;auth=iam;user=notifier"


@pytest.mark.parametrize(
    ("slack", "databases", "prepared"),
    [
        (BOT, ONE, "channels, slack-token, databases/default, text, login default"),
        (BOT, TWO, "channels, slack-token, databases/default, /rds!cluster-1, text, login default, login billing"),
        (BOT, IAM, "channels, slack-token, text, login default"),
        (BOT, "", "channels, slack-token, text"),
        (WEBHOOK, ONE, "channels, databases/default, text, login default"),
    ],
)  # fmt: skip
def test_what_every_event_needs_is_prepared_in_this_order(
    monkeypatch: pytest.MonkeyPatch, slack: str, databases: str, prepared: str
) -> None:
    told: list[str] = []
    monkeypatch.setattr(catalog, "load", lambda *_: catalog.Catalog({}, catalog.Stage("test", {}, "C0FALLBACK")))
    monkeypatch.setattr(ChannelThrottle, "refresh", lambda _: told.append("channels"))
    monkeypatch.setattr(SecretStore, "get", lambda _, name: told.append(name))
    monkeypatch.setattr(Replicas, "connect", lambda _, name: told.append(f"login {name}"))
    monkeypatch.setattr(Templates, "render", lambda *_: told.append("text"))
    built = bootstrap.build({
        "NOTIFIER_DEAD_LETTER_QUEUE_URL": "https://sqs/dead",
        "NOTIFIER_STATE_TABLE": "state",
        "NOTIFIER_SLACK": slack,
        "NOTIFIER_DATABASES": databases,
    })  # fmt: skip
    assert told == []
    for prepare in built.preparations:
        prepare()
    assert ", ".join(told) == prepared


def test_a_text_is_rendered_in_each_locale_of_the_templates(monkeypatch: pytest.MonkeyPatch) -> None:
    locales: list[str] = []
    several = tuple(notification(language=language) for language in ("", "ja", "en", "ja"))
    made = catalog.Catalog({"order.created": several}, catalog.Stage("test", {}, "C0FALLBACK"))
    monkeypatch.setattr(catalog, "load", lambda *_: made)
    monkeypatch.setattr(ChannelThrottle, "refresh", lambda _: None)
    monkeypatch.setattr(SecretStore, "get", lambda *_: "")
    monkeypatch.setattr(Templates, "render", lambda templates, *_: locales.append(templates.locale.language))
    built = bootstrap.build({"NOTIFIER_DEAD_LETTER_QUEUE_URL": "https://sqs/dead", "NOTIFIER_STATE_TABLE": "state"})
    for prepare in built.preparations:
        prepare()
    assert locales == ["en", "ja"]
