"""No secret reaches a log line, however it got into the record."""

from __future__ import annotations

import io
import json
import logging
import string
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html import escape
from itertools import cycle
from urllib.parse import quote

import pytest
from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter

from handler import redaction
from handler.redaction import RedactingFilter, install, redact

CANARY = "c4n4ryc4n4ry"

SECRETS = [
    f"xoxb-12345-67890-{CANARY}",
    f"xoxp-1-{CANARY}",
    f"xoxe.xoxb-1-{CANARY}",
    f"xoxe-1-{CANARY}",
    f"xapp-1-A0-{CANARY}",
    f"https://hooks.slack.com/services/T0/B0/{CANARY}",
    f"https://hooks.slack-gov.com/services/T0/B0/{CANARY}",
    f"https://hooks.slack.com:443/workflows/{CANARY}",
    f'"POST /services/T0AA/B0BB/{CANARY} HTTP/1.1"',
    f"/triggers/E0AA/123/{CANARY}",
    f"Authorization: Bearer {CANARY}",
    f"authorization: bearer  {CANARY}==",
    f"Bearer {CANARY}",
    f"'Authorization': 'Basic {CANARY}='",
    f"eyJhbGciOi.eyJzdWIi.{CANARY}",
    f"eyJhbGciOi.{CANARY}",
    "AKIAC4N4RYC4N4RYC4N4",
    "ASIAC4N4RYC4N4RYC4N4",
    f"mysql://reader:{CANARY}@db.internal:3306/shop",
    f"https://user:{CANARY}@proxy:3128",
    f"amqps://:{CANARY}@mq",
    f"redis://u:p@{CANARY}@host",
    f'{{"username": "reader", "password": "{CANARY}"}}',
    f"{{'password': '{CANARY}'}}",
    f"password={CANARY}",
    f"PASSWORD: {CANARY}",
    f"?token={CANARY}&x=1",
    f"client_secret={CANARY}",
]

# Every name that a secret has in what the libraries and the services say, in every form in which it may be quoted.
NAMES = [
    "password",
    "DB_PASSWD",
    "passphrase",
    "pwd",
    "client_secret",
    "clientSecret",
    "SecretString",
    "SecretAccessKey",
    "aws_secret_access_key",
    "AWS_SESSION_TOKEN",
    "X-Amz-Security-Token",
    "X-Amz-Signature",
    "X-Amz-Credential",
    "X-Slack-Signature",
    "access_token",
    "refresh_token",
    "api_key",
    "apikey",
    "x-api-key",
    "private_key",
    "AccountKey",
    "DB_PASS",
    "dbPass",
    "SessionToken",
    "Authorization",
    "Set-Cookie",
]


def _within(document: object, times: int) -> str:
    """JSON, as a text in JSON, and so on."""
    return json.dumps(document) if times == 0 else json.dumps(_within(document, times - 1))


# By what a value is called in a form: the name, and the value, which is written as the form's language writes it.
FORMS: dict[str, Callable[[str, str], str]] = {
    "name=value": lambda name, value: f"{name}={value}&x=1",
    "name = value": lambda name, value: f"{name} = {value}",
    "name =value": lambda name, value: f"{name} ={value}",
    "name= value": lambda name, value: f"{name}= {value}",
    "name := value": lambda name, value: f"{name} := {value}",
    "name:=value": lambda name, value: f"{name}:={value}",
    "name => 'value'": lambda name, value: f"{name!r} => {value!r}",
    "name = 'value'": lambda name, value: f"{name} = {f'{value} {CANARY}'!r}",
    "name: value": lambda name, value: f"{name}: {value}",
    "lines in JSON": lambda name, value: json.dumps(f"x\n{name}={CANARY}\n\t{name}: {value}"),
    "name=value, between others": lambda name, value: f"Server=db;{name}={value};Database=x",
    "an option": lambda name, value: f"mysql --{name} {value} -h db",
    "an option in a list": lambda name, value: repr(["mysql", f"--{name}", value, "-h"]),
    "JSON": lambda name, value: _within({name: value}, 0),
    "JSON with a quote in it": lambda name, value: _within({name: f'a" b {value}'}, 0),
    "JSON in JSON": lambda name, value: _within({name: value, "x": 1}, 1),
    "JSON in JSON with a quote in it": lambda name, value: _within({name: f'a" b {value}'}, 1),
    "JSON in JSON in JSON": lambda name, value: _within({name: value}, 2),
    "JSON four times": lambda name, value: _within({name: value}, 3),
    "JSON that is cut": lambda name, value: _within({name: f"{value} {CANARY}"}, 1)[:-6],
    "JSON with = escaped": lambda name, value: f'{{"query":"{name}\\u003d{json.dumps(value)[1:-1]}"}}',
    "Python": lambda name, value: repr({name: value, "x": 1}),
    "Python with bytes": lambda name, value: repr({name: value.encode()}),
    "Python of bytes": lambda name, value: repr({name.encode(): value.encode()}),
    "Python's bytes of JSON": lambda name, value: repr(json.dumps(json.dumps({name: value})).encode()),
    "name=b'value'": lambda name, value: f"{name}={value.encode()!r}",
    "a pair": lambda name, value: repr((name, value)),
    "pairs of bytes": lambda name, value: repr([(name.encode(), value.encode())]),
    "a list": lambda name, value: repr({name: [value]}),
    "percent-encoded": lambda name, value: quote(f"{name}={value}&x", safe=""),
    "percent-encoded twice": lambda name, value: quote(quote(f"{name}={value}&x", safe=""), safe=""),
    "percent-encoded JSON": lambda name, value: quote(json.dumps({name: value}, separators=(",", ":")), safe=""),
    "HTML": lambda name, value: escape(json.dumps({name: value})),
    "HTML of Python": lambda name, value: escape(repr({name: value})),
    "an address": lambda name, value: f"https://host/?Action=connect&{name}={value}",
    "a dataclass": lambda name, value: f"Login(user='reader', {name}={value!r})",
    "XML": lambda name, value: f"<Keys><{name}>{escape(value)}</{name}><Until>1</Until></Keys>",
    "XML with an attribute": lambda name, value: f'<a:{name} type="text">\n {escape(value)}\n</a:{name}>',
    "XML with CDATA": lambda name, value: f"<{name}><![CDATA[{value.replace('<', '.')}]]></{name}>",
    "XML in JSON": lambda name, value: json.dumps(f"<{name}>{escape(value)}</{name}>").replace("<", "\\u003c"),
    "XML in HTML": lambda name, value: escape(f"<{name}>{escape(value)}</{name}>"),
    "XML that is cut": lambda name, value: f"<Keys><{name}>{escape(value)}",
}
# Words with which a sentence goes on, and signs that end a value elsewhere: a password may begin with each of them.
SIGNS = string.punctuation
BEGINNINGS = [
    "",
    *SIGNS,
    *(f"a{sign}" for sign in SIGNS),
    *(f"{sign}{sign}" for sign in "-./+=_!"),
    *(word + sign for word, sign in zip(redaction.PROSE_WORDS, cycle("-./+=_:;,&'"), strict=False)),
]
MORE = [
    rf"https:\/\/hooks.slack.com\/services\/T0\/B0\/{CANARY}",
    rf'"https:\\/\\/hooks.slack.com\\/services\\/T0\\/B0\\/{CANARY}"',
    quote(f"https://hooks.slack.com/services/T0/B0/{CANARY}", safe=""),
    rf"mysql:\/\/reader:{CANARY}@db",
    quote(f"mysql://reader:{CANARY}@db", safe=""),
    f"xoxe.xoxp-1-{CANARY}",
    f"xwfp-1-{CANARY}",
    f"-----BEGIN RSA PRIVATE KEY-----\nMII{CANARY}\n-----END RSA PRIVATE KEY-----",
    f'"-----BEGIN PRIVATE KEY-----\\nMII{CANARY}',
    f"Proxy: Basic dXNlcjpw{CANARY}=",
    f"Authorization: {CANARY}",
    f"Authorization: AWS4-HMAC-SHA256 Credential={CANARY}/x/aws4_request, SignedHeaders=host, Signature={CANARY}",
    f"db.internal:3306/?Action=connect&DBUser=r&X-Amz-Signature={CANARY}&X-Amz-Security-Token={CANARY}",
    f"IQoJb3JpZ2luX2VjE{CANARY * 4}",
    f'{{"Parameter": {{"Name": "/a", "Type": "SecureString", "Value": "{CANARY}", "Version": 1}}}}',
    json.dumps(json.dumps({"Type": "SecureString", "Value": CANARY})),
    f"pass={CANARY}",
    f"{{'pass': '{CANARY}'}}",
    f"Cookie: a={CANARY}; b={CANARY}",
    f"Set-Cookie: a={CANARY}; Path=/; HttpOnly",
]

HARMLESS = [
    "New order A-1 for 1,000 JPY at 10:00:00",
    "slack-token is not a bot token (xoxb-...)",
    "CONFIG_SECRET_FORMAT: a secret does not have the required form",
    "GET https://api.internal:8080/customers/7?full=1",
    "mail to ops@example.com, see http://example.com/a@b",
    "webhooks/orders is not a webhook's https address on hooks.slack.com",
    "/services/health is up",
    "the bearer of bad news",
    "localhost: Basic Constraints of CA cert not marked critical",
    "order.created.yaml:12 blocks[0].section",
    "arn:aws:sqs:eu-west-1:123456789012:notifier-dead",
    "secret notifier/slack-token: AccessDeniedException",
    "secret notifier/slack-token: it is empty, binary, or has a control character",
    "CONFIG_UNAVAILABLE: secret notifier/databases/default: ResourceNotFoundException",
    "NOTIFIER_DATABASES, default: secret= has no effect with auth=iam",
    "unknown option token; known: ambiguous, api, ca, proxy",
    "no token for database default: NoCredentialsError",
    "default: not signed, NoCredentialsError",
    "threads and edits need a bot token: an incoming webhook can do neither",
    "what no parser may get wrong, token by token: the rest",
    "order.created.yaml:12 text: there is no pasword; nearest: password, passenger",
    "there is no style shrt; nearest: short",
    "see https://api.internal:8080/customers?mail=a@b",
    "Basic authentication is not used, and Bearer is",
    "the signature: it covers the body; the credential: none",
    "a key stands twice: primary_key, monkey",
    "{'code': 'SLACK_CREDENTIAL', 'detail': 'invalid_auth'}",
    "cookies: none",
    "3 checks pass: see the report; a compass=1, a bypass=2",
    "give --token to the command, or a password in the file",
    "the token: which one it is, is not known",
    "write <id> and <type>, 2 < 3 > 1",
    "",
]


def leaks(text: str) -> bool:
    return CANARY in text or "C4N4RYC4N4RYC4N4" in text


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("around", ["{}", "before {} after", "({})", '"{}"', "line\n{}\nline"])
def test_a_secret_is_taken_out_of_a_text(secret: str, around: str) -> None:
    clean = redact(around.format(secret) if around != "{}" else secret)
    assert not leaks(clean)
    assert "[redacted]" in clean


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", NAMES)
def test_a_secret_is_known_by_its_name_however_it_is_quoted(name: str, form: str) -> None:
    for beginning in BEGINNINGS[NAMES.index(name) % 5 :: 5]:  # each form meets all of them over the names
        said = f"before {FORMS[form](name, beginning + CANARY)} after"
        clean = redact(said)
        assert not leaks(clean), said
        assert redact(clean) == clean


@pytest.mark.parametrize("form", ["name: value", "an option"])
@pytest.mark.parametrize("word", redaction.PROSE_WORDS)
def test_a_word_of_a_sentence_begins_a_value_where_a_sign_follows(word: str, form: str) -> None:
    for sign in SIGNS:
        said = FORMS[form]("password", f"{word}{sign}{CANARY}")
        assert not leaks(redact(said)), said


@pytest.mark.parametrize("secret", MORE)
def test_a_secret_is_known_by_its_form_however_it_is_quoted(secret: str) -> None:
    clean = redact(f"({secret})")
    assert not leaks(clean)
    assert redact(clean) == clean


@pytest.mark.parametrize("text", HARMLESS)
def test_a_text_without_a_secret_stays_as_it_is(text: str) -> None:
    assert redact(text) == text


def test_what_is_not_the_secret_stays() -> None:
    assert redact(f"mysql://reader:{CANARY}@db:3306/shop is down") == "mysql://reader:[redacted]@db:3306/shop is down"
    assert (
        redact(f'{{"username": "reader", "password": "{CANARY}"}}') == '{"username": "reader", "password": [redacted]}'
    )


@pytest.mark.parametrize(
    "piece",
    [
        "a.",
        "http://a:",
        "eyJ-",
        "https://hooks.slack",
        "/services/T",
        "token:",
        "bearer ",
        "basic a",
        'token="',
        "token='\"",
        'token=\\"',
        "authorization: a ",
        "-----BEGIN PRIVATE KEY-----",
        'SecureString","Value":"',
        "'token',",
        "x.token ",
        "a://b:c@",
        "\\",
        "<token>",
        "<token ",
        "<token>a",
        "<token a>\n",
        "token= ",
        "token=,",
        "token=a;",
        "token=a'",
        "token=,,,,,,,,,",
        "--token ",
        "token=\\n",
        "token=\\\\n.",
        "cookie: a; ",
        "cookie: ;",
        "\\u003d",
        "%25",
        "pass",
    ],
)
def test_no_text_takes_long(piece: str) -> None:
    """A pattern that tried again from every place would need minutes, and meet the test's own time limit."""
    assert redact(piece * (1_000_000 // len(piece)))


def test_to_redact_twice_changes_nothing_more() -> None:
    for secret in SECRETS:
        assert redact(redact(secret)) == redact(secret)


@pytest.fixture
def written() -> Iterator[tuple[logging.Logger, io.StringIO]]:
    """A logger that stands for the root logger, and what it wrote."""
    out = io.StringIO()
    parent = logging.getLogger("test_redaction")
    parent.propagate = False
    parent.setLevel(logging.DEBUG)
    handler = logging.StreamHandler(out)
    parent.addHandler(handler)
    yield parent, out
    parent.removeHandler(handler)
    handler.close()


def failed(text: str, cause: Exception | None = None) -> Exception:
    """An exception that was raised, with its traceback."""
    with pytest.raises(RuntimeError) as raised:
        raise RuntimeError(text) from cause
    return raised.value


@pytest.mark.parametrize("secret", SECRETS)
def test_a_child_loggers_records_are_clean(written: tuple[logging.Logger, io.StringIO], secret: str) -> None:
    parent, out = written
    install(parent)
    log = parent.getChild("child")
    log.debug("%s failed with %s", "it", secret)
    log.info("in the text: " + secret)  # noqa: G003 - as a careless library does
    log.warning(ValueError(secret))
    log.error("as an object: %r", {"inner": secret})
    log.error("it failed", exc_info=failed(secret))
    assert not leaks(out.getvalue())
    assert out.getvalue().count("[redacted]") >= 5


def test_an_exception_keeps_its_place_and_its_cause(written: tuple[logging.Logger, io.StringIO]) -> None:
    parent, out = written
    install(parent)
    parent.error("it failed", exc_info=failed("outer", cause=KeyError(SECRETS[0])))
    text = out.getvalue()
    assert not leaks(text)
    assert "RuntimeError: outer" in text
    assert "KeyError: '[redacted]'" in text
    assert "test_redaction.py" in text


def test_an_exception_without_a_secret_stays_as_it_is() -> None:
    error = failed("plain")
    record = logging.makeLogRecord({"msg": "it failed", "exc_info": (type(error), error, error.__traceback__)})
    RedactingFilter().filter(record)
    assert record.exc_info
    assert "exception" not in vars(record)


def test_a_record_without_a_secret_keeps_its_arguments() -> None:
    record = logging.makeLogRecord({"msg": "%s and %s", "args": ("one", 2)})
    assert RedactingFilter().filter(record)
    assert (record.msg, record.args) == ("%s and %s", ("one", 2))


def test_arguments_that_do_not_fit_are_not_printed(
    written: tuple[logging.Logger, io.StringIO], capsys: pytest.CaptureFixture[str]
) -> None:
    parent, out = written
    install(parent)
    parent.info("%d and %d", SECRETS[0])
    assert not leaks(out.getvalue() + capsys.readouterr().err)
    assert "arguments that do not fit" in out.getvalue()


def test_powertools_json_is_clean(written: tuple[logging.Logger, io.StringIO]) -> None:
    parent, out = written
    parent.handlers[0].setFormatter(LambdaPowertoolsFormatter())
    install(parent)
    log = parent.getChild("child")
    log.info({"event": {"token": SECRETS[0], "list": [SECRETS[1], 7]}})
    log.info("extra", extra={"where": SECRETS[2], "nested": {"deep": (SECRETS[5],)}})
    log.error("it failed", exc_info=failed(SECRETS[0]))
    assert not leaks(out.getvalue())
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert lines[0]["message"]["event"]["list"] == ["[redacted]", 7]
    assert lines[2]["exception_name"] == "RuntimeError"
    assert "test_redaction.py" in lines[2]["exception"]


@dataclass(frozen=True)
class Login:
    password: str


class Unwritable:
    def __str__(self) -> str:
        raise RuntimeError(CANARY)


@pytest.mark.parametrize(
    "given",
    [
        Login(CANARY),
        {f"token={CANARY}"},
        frozenset({SECRETS[0]}),
        f"password={CANARY}".encode(),
        bytearray(SECRETS[0].encode()),
        ValueError(SECRETS[0]),
        Unwritable(),
        {SECRETS[0]: 1},
        {"password": CANARY},
        {"headers": {"Authorization": CANARY.encode(), "x-api-key": [CANARY]}},
        [("Authorization", CANARY), (b"x-amz-security-token", CANARY.encode())],
        [[[[[[[[[[[[[[[[{"password": CANARY}]]]]]]]]]]]]]]]],
    ],
    ids=lambda given: type(given).__name__,
)
def test_whatever_is_given_as_extra_is_clean(written: tuple[logging.Logger, io.StringIO], given: object) -> None:
    parent, out = written
    parent.handlers[0].setFormatter(LambdaPowertoolsFormatter())
    install(parent)
    parent.info("extra", extra={"given": given})
    parent.info({"given": given})
    parent.info("%s", given)
    assert len(out.getvalue().splitlines()) == 3
    assert not leaks(out.getvalue())


def test_a_secret_in_a_name_of_extra_is_clean(written: tuple[logging.Logger, io.StringIO]) -> None:
    parent, out = written
    parent.handlers[0].setFormatter(LambdaPowertoolsFormatter())
    install(parent)
    parent.info("extra", extra={"password": CANARY, "count": 3})
    line = json.loads(out.getvalue())
    assert (line["password"], line["count"]) == ("[redacted]", 3)


def test_nested_causes_are_clean(written: tuple[logging.Logger, io.StringIO]) -> None:
    parent, out = written
    install(parent)
    inner = failed("inner", cause=OSError(5, SECRETS[0]))
    parent.error("it failed", exc_info=failed(f"password={CANARY}", cause=failed("middle", cause=inner)))
    parent.error("it failed", exc_info=ExceptionGroup("several", [ValueError(SECRETS[1])]))
    assert not leaks(out.getvalue())
    assert "middle" in out.getvalue()


def test_to_install_twice_changes_nothing(written: tuple[logging.Logger, io.StringIO]) -> None:
    parent, _ = written
    install(parent)
    install(parent, parent)
    assert len(parent.handlers[0].filters) == 1
