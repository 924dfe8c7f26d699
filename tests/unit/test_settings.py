"""Settings are read from the environment alone, and every mistake is reported at once."""

from __future__ import annotations

import pytest

from handler.errors import ConfigError
from handler.model import ApiAddress, DatabaseAddress
from handler.settings import PACKAGE, Settings

GOOD = {
    "NOTIFIER_DATABASES": "default=mysql://replica.internal/shop;ca=certs/rds.pem billing=mysql://10.0.0.7:3307/billing",
    "NOTIFIER_APIS": "default=https://api.internal/v1;header=Authorization;host=orders;ca=certs/api.pem",
    "NOTIFIER_DEAD_LETTER_QUEUE_URL": "https://sqs.eu-west-1.amazonaws.com/123456789012/dead",
}


def test_what_is_not_set_has_a_default() -> None:
    settings = Settings.from_environment({"NOTIFIER_DEAD_LETTER_QUEUE_URL": "https://sqs/dead"})
    assert settings.stage == "production"
    assert settings.secrets_store == "secretsmanager"
    assert settings.secrets_prefix == "notifier"
    assert settings.slack_mode == "bot"
    assert settings.slack_api_url == "https://slack.com/api/"
    assert settings.unknown_type == "park"
    assert settings.catalog == PACKAGE / "catalog.json"
    assert not settings.databases


def test_addresses_are_read_with_their_options() -> None:
    settings = Settings.from_environment(GOOD)
    assert settings.databases == {
        "default": DatabaseAddress("default", "replica.internal", "shop", 3306, "certs/rds.pem"),
        "billing": DatabaseAddress("billing", "10.0.0.7", "billing", 3307),
    }
    assert settings.apis == {
        "default": ApiAddress("default", "https://api.internal/v1", "Authorization", "orders", "certs/api.pem")
    }


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("STAGE", "Prod!", "NOTIFIER_STAGE"),
        ("DATABASES", "mysql://replica/shop", "name=URI"),
        ("DATABASES", "default=postgres://replica/shop", "mysql://host:3306/schema"),
        ("DATABASES", "default=mysql://replica", "mysql://host:3306/schema"),
        ("DATABASES", "default=mysql://replica:port/shop", "NOTIFIER_DATABASES, default"),
        ("DATABASES", "default=mysql://root:hunter2@replica/shop", "credentials belong in the secret store"),
        ("DATABASES", "a=mysql://r/s a=mysql://r/s", "stands twice"),
        ("DATABASES", "a=mysql://r/s;tls=off", "unknown option tls; known: ca"),
        ("DATABASES", "a=mysql://r/s;ca", ";name=value"),
        ("APIS", "default=ftp://api", "http://host:port/base"),
        ("APIS", "default=file:///etc/passwd", "http://host:port/base"),
        ("APIS", "default=https://user@api", "credentials belong"),
        ("APIS", "default=https://api/?x=1", "http://host:port/base"),
        *[
            ("APIS", f"default={url}", "http://host:port/base")
            for url in ("localhost", "//localhost", "https://", "https://api/#x", "https://api:port", "https://a\\b",
                        "https://api:123456", "https://api/x y".replace(" ", "\u3000"))
        ],
        ("APIS", "default=https://api:99999", "Port out of range"),
        ("APIS", "default=https://api;header=a b", "NOTIFIER_APIS"),
        ("APIS", "default=https://api;header=a:b", "header="),
        ("APIS", "default=https://api;host=a/b", "host="),
        ("DATABASES", "default=mysql://replica/shop?ssl=no", "mysql://host:3306/schema"),
        ("SECRETS_STORE", "vault", "secretsmanager, ssm"),
        ("SLACK_MODE", "email", "bot, webhook"),
        ("SLACK_API_URL", "http://slack.com/api/", "NOTIFIER_SLACK_API_URL"),
        ("SLACK_API_URL", "https://slack.com@evil/", "NOTIFIER_SLACK_API_URL"),
        ("UNKNOWN_TYPE", "drop", "park, ignore"),
        ("DEAD_LETTER_QUEUE_URL", "", "NOTIFIER_DEAD_LETTER_QUEUE_URL is empty"),
        ("MAX_RECEIVES", "0", "NOTIFIER_MAX_RECEIVES"),
    ],
)  # fmt: skip
def test_a_mistake_is_named(name: str, value: str, says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Settings.from_environment({**GOOD, f"NOTIFIER_{name}": value})
    assert caught.value.code == "CONFIG_INVALID"
    assert says in caught.value.detail
    assert "hunter2" not in str(caught.value)


def test_all_mistakes_are_reported_at_once() -> None:
    wrong = {"NOTIFIER_STAGE": "?", "NOTIFIER_SLACK_MODE": "?", "NOTIFIER_APIS": "a=b", "NOTIFIER_DATABASES": "?"}
    with pytest.raises(ConfigError) as caught:
        Settings.from_environment(wrong)
    for name in (*wrong, "NOTIFIER_DEAD_LETTER_QUEUE_URL"):
        assert name in caught.value.detail
