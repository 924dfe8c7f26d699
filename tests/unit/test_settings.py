"""Settings are read from the environment alone, and every mistake is reported at once."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from handler.addresses import DatabaseAddress, SecretsAddress, SlackAddress
from handler.discovery.paths import PATHS
from handler.discovery.uri import COMMON_OPTIONS
from handler.errors import ConfigError
from handler.settings import PACKAGE, Settings

GOOD = {
    "NOTIFIER_DATABASES": "default=mysql://replica.internal/shop;ca=certs/rds.pem billing=mysql://10.0.0.7:3307/billing",
    "NOTIFIER_APIS": "default=https://api.internal/v1;header=Authorization;host=orders;ca=certs/api.pem",
    "NOTIFIER_DEAD_LETTER_QUEUE_URL": "https://sqs.eu-west-1.amazonaws.com/123456789012/dead",
    "NOTIFIER_STATE_TABLE": "notifier-state",
}


def test_what_is_not_set_has_a_default() -> None:
    settings = Settings.from_environment(
        {"NOTIFIER_DEAD_LETTER_QUEUE_URL": "https://sqs/dead", "NOTIFIER_STATE_TABLE": "state"}, PATHS
    )
    assert settings.stage == "production"
    assert settings.secrets == SecretsAddress("secretsmanager", "notifier")
    assert settings.slack == SlackAddress("bot", "repost", "https://slack.com/api/", ca="", proxy="")
    assert settings.unknown_type == "park"
    assert not settings.trace_downstream
    assert settings.max_receives == 50
    assert settings.queue_url == ""
    assert settings.catalog == PACKAGE / "catalog.json"
    assert not settings.databases


@pytest.mark.parametrize("apart", [" ", "  ", ", ", " , ", "\n"])
def test_entries_stand_apart_by_blanks_with_a_comma_or_without(apart: str) -> None:
    given = {**GOOD, "NOTIFIER_APIS": f"default=cloudmap://shop/orders;prefer=a=b,c=d{apart}billing=srv://b.local/v1/"}
    apis = Settings.from_environment(given, PATHS).apis
    assert {name: api.origin.base for name, api in apis.items()} == {"default": "", "billing": "/v1"}


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
    ("value", "read"),
    [
        ("bot", SlackAddress("bot", "repost")),
        ("webhook", SlackAddress("webhook", "repost")),
        ("webhook;ambiguous=park", SlackAddress("webhook", "park")),
        ("bot;ambiguous=read-back", SlackAddress("bot", "read-back")),
        ("bot;api=https://slack-gov.com/api/", SlackAddress(api_url="https://slack-gov.com/api/")),
        ("bot;ca=certs/a.pem;proxy=http://proxy:3128", SlackAddress(ca="certs/a.pem", proxy="http://proxy:3128")),
    ],
)
def test_slack_is_read_with_its_options(value: str, read: SlackAddress) -> None:
    assert Settings.from_environment({**GOOD, "NOTIFIER_SLACK": value}, PATHS).slack == read


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("secretsmanager:notifier", SecretsAddress("secretsmanager", "notifier")),
        ("ssm:team/notifier", SecretsAddress("ssm", "team/notifier")),
    ],
)
def test_the_secret_store_is_read(value: str, read: SecretsAddress) -> None:
    assert Settings.from_environment({**GOOD, "NOTIFIER_SECRETS": value}, PATHS).secrets == read


@pytest.mark.parametrize(
    ("options", "read"),
    [
        (";secret=rds!db-1a2b", DatabaseAddress("default", "r", "s", secret="rds!db-1a2b")),
        (";auth=secret;secret=arn:aws:x:a-B", DatabaseAddress("default", "r", "s", secret="arn:aws:x:a-B")),
        (";auth=iam;user=notifier", DatabaseAddress("default", "r", "s", iam_user="notifier")),
        (";tz=Asia/Tokyo;ca=a.pem", DatabaseAddress("default", "r", "s", ca="a.pem", time_zone="Asia/Tokyo")),
        (";tz=UTC", DatabaseAddress("default", "r", "s")),
    ],
)  # fmt: skip
def test_a_database_says_how_to_log_in_and_which_time_it_keeps(options: str, read: DatabaseAddress) -> None:
    given = {**GOOD, "NOTIFIER_DATABASES": f"default=mysql://r/s{options}"}
    assert Settings.from_environment(given, PATHS).databases == {"default": read}


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.9.10", "[::1]"])
def test_a_database_on_this_machine_need_not_be_verified(host: str) -> None:
    given = {**GOOD, "NOTIFIER_DATABASES": f"default=mysql://{host}:3307/s;tls=off"}
    read = Settings.from_environment(given, PATHS).databases["default"]
    assert (read.host, read.port, read.tls) == (host.strip("[]"), 3307, False)


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("STAGE", "Prod!", "NOTIFIER_STAGE"),
        ("DATABASES", "mysql://replica/shop", "entry 1: write default=mysql://…; names are in lower case"),
        ("DATABASES", "mysql://root:hunter2@replica/shop;ca=a.pem", "entry 1: write default=mysql://…"),
        ("DATABASES", "default=postgres://replica/shop", "mysql://host:3306/schema"),
        ("DATABASES", "default=mysql://replica", "mysql://host:3306/schema"),
        ("DATABASES", "default=mysql://replica:port/shop", "NOTIFIER_DATABASES, default"),
        ("DATABASES", "default=mysql://root:hunter2@replica/shop", "credentials belong in the secret store"),
        ("DATABASES", "a=mysql://r/s a=mysql://r/s", "is used twice"),
        ("DATABASES", "a=mysql://r/s;ssl=off", "unknown option ssl; known: auth, ca, secret, tls, tz, user"),
        *[
            ("DATABASES", f"a=mysql://{host}/s;tls=off", "tls=off is for localhost, 127.0.0.1 and [::1]")
            for host in ("r", "localhost.example.org", "10.0.0.1", "128.0.0.1", "0.0.0.0", "[::2]", "127.0.0.1.nip.io")
        ],
        ("DATABASES", "a=mysql://localhost/s;tls=no", "tls= can only be off"),
        ("DATABASES", "a=mysql://localhost/s;tls=off;ca=a.pem", "cannot be beside them"),
        ("DATABASES", "a=mysql://localhost/s;tls=off;auth=iam;user=u", "cannot be beside them"),
        ("DATABASES", "a=mysql://r/s;ca", ";name=value"),
        ("DATABASES", "a=mysql://r:65536/s", "a port is 1 to 65535"),
        ("DATABASES", "a=mysql://r/s,b=mysql://r/t", "separate several entries with spaces: default=mysql://a/shop, billing=mysql://b/billing"),
        ("DATABASES", "a=mysql://r/s,", "the list ends with a comma, so the rest was cut off"),
        ("APIS", "default=ftp://api", "begin with http://, https://, dns://, srv://, cloudmap://"),
        ("APIS", "default=file:///etc/passwd", "begin with http://"),
        ("APIS", "default=localhost", "begin with http://"),
        ("APIS", "default=//localhost", "begin with http://"),
        ("APIS", "default=https://user@api", "credentials belong"),
        ("APIS", "default=https://api/?x=1", "http://host:port/base"),
        *[
            ("APIS", f"default={url}", "scheme://host:port/base")
            for url in ("https://", "https://api/#x", "https://api:port", "https://a\\b", "dns://a/../b?", "cloudmap://")
        ],
        *[("APIS", f"default=https://api:{port}", "a port is 1 to 65535") for port in ("0", "99999", "123456")],
        ("APIS", "default=https://api/v1:8080", "write :8080 after the host, not after the path"),
        ("APIS", "Default=https://api", "Default: write default=https://…; names are in lower case"),
        ("APIS", "cloudmap://shop.internal/orders?role=leader", "entry 1: write default=cloudmap://…; names"),
        *[
            ("APIS", f"default=https://a{apart}billing=https://b", "with spaces: default=https://a, billing=https://b")
            for apart in (",", ";")
        ],
        *[
            ("APIS", f"default=https://api{apart}header=Authorization x=https://b", "remove the spaces around the ;")
            for apart in ("; ", " ;", " ; ")
        ],
        ("APIS", "default=https://a,", "pass the list to sam in quotes: '\"default=https://a, billing=https://b\"'"),
        ("APIS", "default=http://api;ca=certs/api.pem", "ca= is for https://"),
        ("APIS", "default=dns://api:80;ca=certs/api.pem", "ca= is for https://, or beside ;scheme=https"),
        ("APIS", "default=https://api;header=a b", "NOTIFIER_APIS"),
        ("APIS", "default=https://api;header=a:b", "header="),
        ("APIS", "default=https://api;host=a/b", "host="),
        ("APIS", "default=https://api;sign=S3!", "sign="),
        ("APIS", "default=https://a.execute-api.eu-west-1.amazonaws.com;header=Authorization", "signed request"),
        ("APIS", "default=http://a.execute-api.eu-west-1.amazonaws.com", "write https://, since API Gateway"),
        ("APIS", "default=https://api;identity=X-Service", "write identity=Header:value"),
        ("APIS", "default=https://api;port=80", "unknown option port; known here: ca, header, host, identity, sign"),
        ("APIS", "default=dns://api.internal", "A records carry no port"),
        ("APIS", "default=dns://api.internal:80;scheme=ftp", "scheme= is not one of http, https"),
        *[
            ("APIS", f"default=srv://{name}:80", "write srv://service.namespace or srv://_api._tcp.name, without")
            for name in ("_api._tcp.internal", "orders.shop.internal")
        ],
        ("APIS", "default=srv://shop.internal/orders", "write srv://orders.shop.internal; or, where every path begins"),
        ("APIS", "default=cloudmap://shop.internal", "write cloudmap://namespace/service?attribute=value"),
        ("APIS", "default=cloudmap://shop.internal:80/orders", "?attribute=value, and ;port=80 for instances"),
        ("APIS", "default=cloudmap://shop.internal/orders:8080", "write ;port=8080"),
        ("APIS", "default=cloudmap://shop.internal/orders;role=leader", "write ?role=leader, or ;prefer=role=leader"),
        ("APIS", "default=cloudmap://shop.internal/orders?role", "write ?role=value"),
        ("APIS", "default=cloudmap://shop.internal/orders?=a", "write ?attribute=value"),
        ("APIS", "default=cloudmap://shop.internal/orders?role=a&role=b", "occurs twice"),
        ("APIS", "default=cloudmap://shop.internal/orders;port=http", "port= is not a number"),
        ("APIS", "default=cloudmap://shop.internal/orders;prefer=zone", "prefer="),
        ("APIS", "default=cloudmap://shop.internal/orders;health=perfect", "health= is not one of"),
        ("DATABASES", "default=mysql://replica/shop?ssl=no", "mysql://host:3306/schema"),
        ("DATABASES", "a=mysql://r/s;auth=ldap", "auth= must be secret or iam"),
        ("DATABASES", "a=mysql://r/s;auth=iam", "auth=iam and user= need each other"),
        ("DATABASES", "a=mysql://r/s;user=notifier", "auth=iam and user= need each other"),
        ("DATABASES", "a=mysql://r/s;auth=iam;user=u;secret=x", "secret= has no effect with auth=iam"),
        ("DATABASES", "a=mysql://r/s;auth=iam;user=u'", "user is not an account's name"),
        ("DATABASES", "a=mysql://r/s;secret=a,b", "secret is not the name or the ARN of a secret"),
        ("DATABASES", "a=mysql://r/s;tz=Asia/Tokio", "tz= is not the name of a time zone such as Asia/Tokyo"),
        ("DATABASES", "a=mysql://r/s;tz=+09:00", "tz= is not the name of a time zone such as Asia/Tokyo"),
        ("DATABASES", "a=mysql://r/s;tz=../../etc/passwd", "tz= is not the name of a time zone such as Asia/Tokyo"),
        ("SECRETS", "vault:notifier", "begin with one of secretsmanager, ssm"),
        ("SECRETS", "notifier", "begin with one of secretsmanager, ssm"),
        ("SECRETS", "ssm:", "what follows the : is not a prefix such as notifier"),
        ("SECRETS", "ssm:/notifier", "what follows the : is not a prefix such as notifier"),
        ("SLACK", "email", "begin with one of bot, webhook"),
        ("SLACK", "bot;api=http://slack.com/api/", "api is not an https address that ends with /"),
        ("SLACK", "bot;api=https://slack.com/api", "api is not an https address that ends with /"),
        ("SLACK", "bot;api=https://slack.com@evil/", "api is not an https address that ends with /"),
        ("SLACK", "bot;proxy=https://proxy", "proxy is not http://host:port"),
        ("SLACK", "bot;proxy=http://user:hunter2@proxy", "proxy is not http://host:port"),
        ("SLACK", "bot;token=hunter2", "unknown option token; known: ambiguous, api, ca, proxy"),
        ("SLACK", "bot;ca", "write each option once, as ;name=value"),
        ("SLACK", "bot;ca=a;ca=b", "write each option once, as ;name=value"),
        ("SLACK", "bot;ambiguous=guess", "ambiguous= is one of repost, park, read-back"),
        ("SLACK", "webhook;ambiguous=read-back", "a webhook cannot read messages; use repost or park"),
        ("UNKNOWN_TYPE", "drop", "park, ignore"),
        ("TRACE_DOWNSTREAM", "perhaps", "no, yes"),
        ("DEAD_LETTER_QUEUE_URL", "", "NOTIFIER_DEAD_LETTER_QUEUE_URL is empty"),
        ("MAX_RECEIVES", "0", "NOTIFIER_MAX_RECEIVES"),
        ("STATE_TABLE", "", "NOTIFIER_STATE_TABLE is empty"),
    ],
)  # fmt: skip
def test_a_mistake_is_named(name: str, value: str, says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Settings.from_environment({**GOOD, f"NOTIFIER_{name}": value}, PATHS)
    assert caught.value.code == "CONFIG_INVALID"
    assert says in caught.value.detail
    assert "hunter2" not in str(caught.value)


def test_all_mistakes_are_reported_at_once() -> None:
    wrong = {"NOTIFIER_STAGE": "?", "NOTIFIER_SLACK": "?", "NOTIFIER_APIS": "a=b", "NOTIFIER_DATABASES": "?"}
    with pytest.raises(ConfigError) as caught:
        Settings.from_environment(wrong, PATHS)
    for name in (*wrong, "NOTIFIER_DEAD_LETTER_QUEUE_URL"):
        assert name in caught.value.detail


def test_all_mistakes_of_one_api_are_reported_at_once() -> None:
    entry = (
        "A=cloudmap://shop/orders;role=leader;port=x; health=bad;prefer=zone;scheme=ftp;host=a/b;header=:;identity=x;b"
    )
    with pytest.raises(ConfigError) as caught:
        Settings.from_environment({**GOOD, "NOTIFIER_APIS": f"b=https://b {entry}"}, PATHS)
    said = [
        "lower case",
        "unknown option role",
        "remove the spaces",
        "write each option once",
        "header= must",
        "write identity=",
    ]
    said += [f"{option}= is n" for option in ("port", "health", "prefer", "scheme", "host")]
    assert [one for one in said if one not in caught.value.detail] == []
    assert caught.value.detail.count("NOTIFIER_APIS, A: ") == len(said)


def test_each_option_of_a_discovery_path_is_in_its_guide() -> None:
    """The table of options in docs/discovery.md names each option that some path allows."""
    root = Path(__file__).resolve().parents[2]
    sources = "".join(path.read_text("utf-8") for path in (root / "handler/discovery").glob("*.py"))
    calls = re.findall(r"allow_options\(([^)]*)\)", sources)
    allowed = {name for call in calls for name in re.findall(r'"([a-z]+)"', call)} | COMMON_OPTIONS
    described = set(re.findall(r"^\| `([a-z]+)=", (root / "docs/discovery.md").read_text("utf-8"), re.MULTILINE))
    assert len(allowed) > 6
    assert allowed <= described, "add a row to the table of options in docs/discovery.md"
