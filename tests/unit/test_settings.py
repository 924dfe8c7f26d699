"""Settings are read from the environment alone, and every mistake is reported at once."""

from __future__ import annotations

import pytest

from handler.bootstrap import PATHS
from handler.errors import ConfigError
from handler.model import DatabaseAddress
from handler.settings import PACKAGE, Settings

GOOD = {
    "NOTIFIER_DATABASES": "default=mysql://replica.internal/shop;ca=certs/rds.pem billing=mysql://10.0.0.7:3307/billing",
    "NOTIFIER_APIS": "default=https://api.internal/v1;header=Authorization;host=orders;ca=certs/api.pem",
    "NOTIFIER_DEAD_LETTER_QUEUE_URL": "https://sqs.eu-west-1.amazonaws.com/123456789012/dead",
}


def test_what_is_not_set_has_a_default() -> None:
    settings = Settings.from_environment({"NOTIFIER_DEAD_LETTER_QUEUE_URL": "https://sqs/dead"}, PATHS)
    assert settings.stage == "production"
    assert settings.secrets_store == "secretsmanager"
    assert settings.secrets_prefix == "notifier"
    assert settings.slack_mode == "bot"
    assert settings.slack_api_url == "https://slack.com/api/"
    assert settings.unknown_type == "park"
    assert settings.catalog == PACKAGE / "catalog.json"
    assert not settings.databases


def test_addresses_are_read_with_their_options() -> None:
    settings = Settings.from_environment(GOOD, PATHS)
    assert settings.databases == {
        "default": DatabaseAddress("default", "replica.internal", "shop", 3306, "certs/rds.pem"),
        "billing": DatabaseAddress("billing", "10.0.0.7", "billing", 3307),
    }
    (found,) = settings.apis.values()
    assert (found.name, found.header, found.ca) == ("default", "Authorization", "certs/api.pem")
    assert (found.origin.scheme, found.origin.authority, found.origin.base) == ("https", "orders", "/v1")


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
        ("APIS", "default=ftp://api", "begin with http://, https://, dns://, srv://, cloudmap://"),
        ("APIS", "default=file:///etc/passwd", "begin with http://"),
        ("APIS", "default=localhost", "begin with http://"),
        ("APIS", "default=//localhost", "begin with http://"),
        ("APIS", "default=https://user@api", "credentials belong"),
        ("APIS", "default=https://api/?x=1", "http://host:port/base"),
        *[
            ("APIS", f"default={url}", "scheme://host:port/base")
            for url in ("https://", "https://api/#x", "https://api:port", "https://a\\b", "https://api:123456",
                        "dns://a/../b?", "cloudmap://")
        ],
        ("APIS", "default=https://api:99999", "Port out of range"),
        ("APIS", "default=https://api;header=a b", "NOTIFIER_APIS"),
        ("APIS", "default=https://api;header=a:b", "header="),
        ("APIS", "default=https://api;host=a/b", "host="),
        ("APIS", "default=https://api;sign=S3!", "sign="),
        ("APIS", "default=https://a.execute-api.eu-west-1.amazonaws.com;header=Authorization", "signed request"),
        ("APIS", "default=https://api;identity=X-Service", "identity= is not of the form Header:value"),
        ("APIS", "default=https://api;port=80", "unknown option port; known here: ca, header, host, identity, sign"),
        ("APIS", "default=dns://api.internal", "A records carry no port"),
        ("APIS", "default=dns://api.internal:80;scheme=ftp", "scheme= is none of http, https"),
        ("APIS", "default=srv://_api._tcp.internal:80", "the records carry it"),
        ("APIS", "default=cloudmap://shop.internal", "write cloudmap://namespace/service?attribute=value"),
        ("APIS", "default=cloudmap://shop.internal:80/orders", "write cloudmap://namespace/service"),
        ("APIS", "default=cloudmap://shop.internal/orders?role=a&role=b", "stands twice"),
        ("APIS", "default=cloudmap://shop.internal/orders;port=http", "port= is not a number"),
        ("APIS", "default=cloudmap://shop.internal/orders;prefer=zone", "prefer="),
        ("APIS", "default=cloudmap://shop.internal/orders;health=perfect", "health= is none of"),
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
        Settings.from_environment({**GOOD, f"NOTIFIER_{name}": value}, PATHS)
    assert caught.value.code == "CONFIG_INVALID"
    assert says in caught.value.detail
    assert "hunter2" not in str(caught.value)


def test_all_mistakes_are_reported_at_once() -> None:
    wrong = {"NOTIFIER_STAGE": "?", "NOTIFIER_SLACK_MODE": "?", "NOTIFIER_APIS": "a=b", "NOTIFIER_DATABASES": "?"}
    with pytest.raises(ConfigError) as caught:
        Settings.from_environment(wrong, PATHS)
    for name in (*wrong, "NOTIFIER_DEAD_LETTER_QUEUE_URL"):
        assert name in caught.value.detail
