"""Nothing that the function writes or sends holds a secret or a row's value, at DEBUG, under AWS's own runtime client.

Everything is read that leaves it: standard output and error as the runtime writes them (log lines, metrics, exceptions,
warnings), what it answers, the attributes in the dead-letter queue, and what Slack shows in place of a message.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NoReturn

import pytest

from handler import catalog as catalog_format
from lab.cloud import API_TOKEN, SLACK_TOKEN, LocalCloud
from lab.emulator import Answer, Function, emulated
from tests.integration import test_bad_inputs as bad

SECRET_KEY = "canarySecretAccessKey0123456789abcdefghij"
SESSION_TOKEN = "canarySessionToken" * 10
PASSWORD = "canary-in-the-settings"
# A row's value that no text of the template holds, an API's document, and an event's fields.
ROW = "SELECT CONCAT('kana', 'rie', o.id) AS name, o.created_at AS at FROM orders AS o WHERE o.id = %(id)s"
VALUE = "kanarie"
NOISY = {
    "AWS_LAMBDA_LOG_LEVEL": "DEBUG",
    "POWERTOOLS_LOG_LEVEL": "DEBUG",
    "POWERTOOLS_DEBUG": "true",
    "POWERTOOLS_DEV": "true",
    "POWERTOOLS_LOGGER_LOG_EVENT": "true",
    "PYTHONWARNINGS": "default",
    "PYTHONASYNCIODEBUG": "1",
    "BOTO_DEBUG": "true",
    "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
    "AWS_SESSION_TOKEN": SESSION_TOKEN,
}
TEXTS = {
    "misspelt": "{{ order.nmae }}",
    "computed_key": "{{ order[order.name] }}",
    "computed_key_of_a_document": "{{ customer[order.name] }}",
    "misspelt_in_a_document": "{{ customer.nmae }}",
    "document": "{{ customer }}",
    "label": "{{ order.name | label(order.name) }}",
    "mask": "{{ order.name | mask(order.name) }}",
    "style": "{{ order.at | date(order.name) }}",
    "currency": "{{ 1 | money(order.name) }}",
    "number": "{{ order.name | number }}",
    "sum": "{{ order.name + 1 }}",
    "attribute": "{{ [order] | join(', ', order.name) }}",
    "arguments": "{{ 1 | round(**customer) }}",
    "data": "{{ data.nmae }}{{ data[order.name] }}",
}
CUSTOMER = {
    "name": "customer",
    "path": bad.leaf("/customers/1", "url"),
    "api": "default",
    "expect": "one",
    "on_failure": "retry",
}
IAM = bad.sql("iam", ROW, database="iam")


def canary_template(name: str, text: str) -> dict[str, Any]:
    made = bad.template(name, text, ROW)
    return {**made, "lookups": [*made["lookups"], CUSTOMER]}


TEMPLATES = {
    **{name: made for name, made in bad.TEMPLATES.items() if name not in ("slow", "mention")},
    **{name: canary_template(name, text) for name, text in TEXTS.items()},
    "iam": IAM,
    # A refused layout is posted as plain text, with the reason.
    "layout": bad.template("layout", "ok", blocks=[{"type": "image", "image_url": "x"}]),
    "gone": bad.template("gone", "ok", routes=[{"channels": ["gone"], "when": None}]),
}
EVENTS = [
    *({"type": name, "id": 1042, "data": {VALUE: VALUE}} for name in TEMPLATES),
    {"type": f"{VALUE} {VALUE}", "id": 1},
    {"type": "good", "id": {VALUE: 1}},
    {"type": "good", "id": "1 or 1=1"},
    {"type": "good", "id": 1042, "version": VALUE},
    {"type": "good", "id": 1042, "occurred_at": VALUE},
    {"type": "good", "id": 1042, "data": VALUE},
    {"type": "good", "id": 1042, "event_id": f"{VALUE}\n"},
]
BODIES = [
    *map(json.dumps, EVENTS),
    f'{{"type": "good", "id": 1, "data": {{"{VALUE}": 1, "{VALUE}": 2}}}}',
    f'{{"Type": "{VALUE}", "Message": "{VALUE}"}}',
    f"{VALUE} is no JSON",
]


def hidden(cloud: LocalCloud) -> dict[str, str]:
    """What must never be read, by what it is."""
    document = cloud_document(cloud)
    return {
        "the bot token": SLACK_TOKEN,
        "a webhook": "lab-secret",
        "the API's secret": API_TOKEN,
        "the password": cloud.database.reader.password,
        "the secret key": SECRET_KEY,
        "the session token": "canarySessionToken",
        "a signature": "AWS4-HMAC-SHA256",
        "a signature's parameter": "X-Amz-Signature=",
        "a password in the settings": PASSWORD,
        "a row's value": VALUE,
        "an API's value": document["email"],
        "an API's key": "open_tickets",
    }


def cloud_document(cloud: LocalCloud) -> dict[str, str]:
    with cloud.database.primary.connect() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT email FROM shop.customers WHERE id = 1")
        return {"email": str(cursor.fetchone()[0])}


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("catalog") / "catalog.json"
    channels = {"orders": "C0LABORDERS", "gone": "C0GONE0000"}
    stages = {
        "demo": {"channels": channels, "fallback": "C0LABFALLBACK"},
        "webhooks": {"channels": {"orders": "orders", "gone": "gone"}, "fallback": "fallback"},
    }
    document = {"format": catalog_format.FORMAT, "notifications": list(TEMPLATES.values()), "stages": stages}
    path.write_text(json.dumps(document))
    return path


@pytest.fixture
def start(
    cloud: LocalCloud, artefact: Path, catalog: Path, missing: Callable[[str], NoReturn]
) -> Callable[[Mapping[str, str]], Any]:
    """Start the artefact as noisy as its environment can make it, with some variables changed."""

    def started(changes: Mapping[str, str]) -> Any:
        environment = {**cloud.environment(catalog), **NOISY}
        environment["NOTIFIER_DATABASES"] += ", " + re.sub(
            "^default", "iam", environment["NOTIFIER_DATABASES"] + ";auth=iam;user=reader"
        )
        try:
            return emulated(artefact, {**environment, **changes}, timeout_seconds=60)
        except FileNotFoundError as error:
            missing(str(error))

    return started


def records(*bodies: str, attempt: int = 1) -> dict[str, Any]:
    system = {"ApproximateReceiveCount": str(attempt)}
    return {
        "Records": [
            {"messageId": f"m-{abs(hash(body))}", "eventSource": "aws:sqs", "body": body, "attributes": system}
            for body in bodies
        ]
    }


def direct(body: str) -> dict[str, Any]:
    return {"Records": [{"EventSource": "aws:sns", "Sns": {"Type": "Notification", "MessageId": "m", "Message": body}}]}


def letters(cloud: LocalCloud) -> list[dict[str, Any]]:
    """The attributes of what is in the dead-letter queue. Their bodies are the events as they came."""
    sqs = cloud.aws.client("sqs")
    url = sqs.get_queue_url(QueueName="dead-letters")["QueueUrl"]
    found: list[dict[str, Any]] = []
    while batch := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]).get(
        "Messages"
    ):
        found += [{name: one["StringValue"] for name, one in message["MessageAttributes"].items()} for message in batch]
    return found


def leaks(cloud: LocalCloud, function: Function, answers: list[Answer]) -> dict[str, str]:
    """What was found of what must be hidden, with what stands around it."""
    said = {
        "output": function.log,
        "answers": repr(answers),
        "dead letters": json.dumps([{**one, "type": ""} for one in letters(cloud)], ensure_ascii=False),
        "Slack": json.dumps(cloud.slack.messages(), ensure_ascii=False),
    }
    return {
        f"{what} in {place}": text[max(text.lower().find(secret.lower()) - 300, 0) :][:600]
        for place, text in said.items()
        for what, secret in hidden(cloud).items()
        if secret.lower() in text.lower()
    }


def test_no_failure_of_an_event_shows_a_secret_or_a_value(cloud: LocalCloud, start: Any) -> None:
    for path, (kind, arguments) in bad.FAULTS.items():
        cloud.api.fault(path, kind, **arguments)
    with start({}) as function:
        answers = [function.invoke(records(body, attempt=bad.LAST)) for body in BODIES]
        answers.append(function.invoke(direct(json.dumps({"type": "api_500", "id": 1042}))))
        answers.append(function.invoke({"Records": [{"kanarie": 1}]}))
        answers.append(function.invoke({VALUE: VALUE}))
        answers.append(function.invoke([VALUE]))
        assert function.log.count('"parked"') >= len(TEMPLATES) - 3, function.log[-3000:]
        assert "DB_LOGIN" in function.log
        assert len(cloud.slack.messages()) > len(TEXTS)
        assert leaks(cloud, function, answers) == {}


CONFIGURATIONS: dict[tuple[str, str], Callable[[LocalCloud], dict[str, str]]] = {
    ("webhooks", "SLACK_CREDENTIAL"): lambda cloud: {
        "NOTIFIER_SLACK": cloud.parameters["Slack"].replace("bot", "webhook", 1),
        "NOTIFIER_STAGE": "webhooks",
    },
    ("the store has no such secret", "CONFIG_UNAVAILABLE"): lambda cloud: {
        "NOTIFIER_SECRETS": "secretsmanager:nothing"
    },
    ("AWS is out of reach", "CONFIG_UNAVAILABLE"): lambda cloud: {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"},
    ("Slack is not trusted", "SLACK_UNAVAILABLE"): lambda cloud: {
        "NOTIFIER_SLACK": re.sub(";ca=.*", "", cloud.parameters["Slack"])
    },
    ("the database is not trusted", "DB_TLS"): lambda cloud: {
        "NOTIFIER_DATABASES": re.sub(";ca=.*", "", cloud.parameters["Databases"])
    },
    ("a password stands in the settings", "CONFIG_INVALID"): lambda cloud: {
        "NOTIFIER_DATABASES": f"default=mysql://reader:{PASSWORD}@localhost:3306/shop"
    },
    ("a secret stands in every setting", "CONFIG_INVALID"): lambda cloud: {
        "NOTIFIER_SLACK": f"bot;token={PASSWORD}",
        "NOTIFIER_APIS": f"default=https://u:{PASSWORD}@localhost/;header={PASSWORD} x",
        "NOTIFIER_STAGE": f"{PASSWORD}!",
        "NOTIFIER_SECRETS": f"{PASSWORD}:{PASSWORD}!",
    },
    ("lines of text", "CONFIG_UNAVAILABLE"): lambda cloud: {
        "AWS_LAMBDA_LOG_FORMAT": "Text",
        "NOTIFIER_SECRETS": "secretsmanager:nothing",
    },
    ("signed requests to an API", "API_DENIED"): lambda cloud: {
        "NOTIFIER_APIS": f"default={cloud.api.url};sign=execute-api"
    },
}


@pytest.mark.parametrize("configuration", CONFIGURATIONS, ids=lambda found: found[0])
def test_no_failure_of_the_deployment_shows_a_secret(
    cloud: LocalCloud, start: Any, configuration: tuple[str, str]
) -> None:
    for word in ("invalid_auth", "internal_error"):
        cloud.slack.order("error", error=word)
    with start(CONFIGURATIONS[configuration](cloud)) as function:
        body = json.dumps({"type": "good", "id": 1042})
        answers = [function.invoke(records(json.dumps({"type": name, "id": 1042}))) for name in ("good", "api_404")]
        answers.append(function.invoke(records(body, attempt=bad.LAST)))
        answers.append(function.invoke(direct(body)))
        assert configuration[1] in function.log, function.log[-3000:]
        assert leaks(cloud, function, answers) == {}
