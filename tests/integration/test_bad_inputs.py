"""Every family of bad input through the real function: a code, a parked event, delivered neighbours, and no leak.

The database is the lab's replica, the API and Slack are the lab's, and the templates are made by hand, because the
compiler would let none of the bad ones pass.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from handler import app, bootstrap
from handler import catalog as catalog_format
from handler.errors import CODES
from lab.cloud import LocalCloud

CANARY = "CANARY-in-a-row"
GOOD = {"type": "good", "id": 1042}
ORDER = "SELECT number, note FROM orders WHERE id = %(id)s"


class Context:
    aws_request_id = "request-1"

    def get_remaining_time_in_millis(self) -> int:
        return 60_000


def leaf(source: str, context: str = "mrkdwn") -> dict[str, str]:
    return {"leaf": context, "source": source, "where": "bad.yaml:7 text"}


def template(name: str, text: str = "{{ order.number }}", sql: str = ORDER, **changes: Any) -> dict[str, Any]:
    lookup = {"name": "order", "sql": sql, "bind": {}, "database": "default", "expect": "one", "where": "bad.yaml:3"}
    return {
        "name": name,
        "event": name,
        "id": {"kind": "integer", "pattern": ""},
        "routes": [{"channels": ["orders"], "when": None}],
        "lookups": [lookup],
        "when": None,
        "text": leaf(text),
        "blocks": [],
        **changes,
    }


def sql(name: str, statement: str, expect: str = "one", **changes: Any) -> dict[str, Any]:
    made = template(name, "ok", statement)
    made["lookups"][0] |= {"expect": expect, **changes}
    return made


def get(name: str, path: str = "/customers/1") -> dict[str, Any]:
    lookup = {"name": "customer", "path": leaf(path, "url"), "api": "default", "expect": "one", "on_failure": "retry"}
    return template(name, "ok", lookups=[lookup])


ROW = f"SELECT '{CANARY}' AS name, NULL AS nothing, 7 AS seven, '..' AS dots, id FROM orders WHERE id = %(id)s"
NAME = "SELECT c.name FROM orders AS o JOIN customers AS c ON c.id = o.customer_id WHERE o.id = %(id)s"
TEMPLATES = {
    "good": template("good"),
    "mention": template("mention", "{{ order.name }}", NAME),
    # template
    "undefined": template("undefined", "{{ order.nmae }}", ROW),
    "undefined_name": template("undefined_name", "{{ ordr.name }}", ROW),
    "forbidden": template("forbidden", "{{ order.name.format('x') }}", ROW),
    "hidden": template("hidden", "{{ order.name.__class__ }}", ROW),
    "failed": template("failed", "{{ order.name + 1 }}", ROW),
    "bomb": template("bomb", "{{ 'x' * 99999999 }}", ROW),
    "power": template("power", "{{ 9 ** 9 ** 9 ** 9 }}", ROW),
    "empty": template("empty", "{{ order.nothing }} ", ROW),
    "when_fails": template("when_fails", when=leaf("order.name > 7", "expression"), sql=ROW),
    "address": get("address", "/customers/{{ id }}/.."),
    # SQL
    "no_row": sql("no_row", "SELECT id FROM orders WHERE id = -%(id)s"),
    "many": sql("many", "SELECT id FROM orders WHERE id >= %(id)s"),
    "far_too_many": sql("far_too_many", "SELECT id FROM orders WHERE id >= %(id)s", "many"),
    "twice": sql("twice", "SELECT id, id FROM orders WHERE id = %(id)s"),
    "blob": sql("blob", f"SELECT CAST('{CANARY}' AS BINARY) AS b FROM orders WHERE id = %(id)s"),
    "no_column": sql("no_column", "SELECT nmae FROM orders WHERE id = %(id)s"),
    "no_sql": sql("no_sql", f"SELEC '{CANARY}' %(id)s"),
    "denied": sql("denied", "SELECT user FROM mysql.user WHERE %(id)s"),
    "write": sql("write", "UPDATE orders SET note = 'x' WHERE id = %(id)s"),
    "slow": sql("slow", "SELECT SLEEP(20) FROM orders WHERE id = %(id)s"),
    "no_database": sql("no_database", ORDER, database="billing"),
    "no_parameter": sql("no_parameter", "SELECT %(missing)s FROM orders WHERE id = %(id)s"),
    # API
    "api_404": get("api_404", "/customers/999999999"),
    "api_500": get("api_500", "/customers/11"),
    "api_html": get("api_html", "/customers/12"),
    "api_cut": get("api_cut", "/customers/13"),
    "api_big": get("api_big", "/customers/14"),
    "api_redirect": get("api_redirect", "/customers/15"),
    "api_list": get("api_list", "/customers/16"),
}
FAULTS: dict[str, tuple[str, dict[str, Any]]] = {
    "/customers/11": ("status", {"code": 500}),
    "/customers/12": ("html", {}),
    "/customers/13": ("truncated", {}),
    "/customers/14": ("big", {"size": 300_000}),
    "/customers/15": ("redirect", {"location": "http://127.0.0.1:9/"}),
    "/customers/16": ("body", {"text": "[]"}),
}
BODIES = [
    ("", "EVENT_NOT_JSON"),
    ("{", "EVENT_NOT_JSON"),
    ("[1]", "EVENT_NOT_OBJECT"),
    ('{"id": 1}', "EVENT_FIELD_MISSING"),
    ('{"type": "good"}', "EVENT_FIELD_MISSING"),
    ('{"type": "god", "id": 1}', "EVENT_TYPE_UNKNOWN"),
    ('{"type": "../good", "id": 1}', "EVENT_TYPE_INVALID"),
    ('{"type": "good", "id": "1 or 1=1"}', "EVENT_ID_INVALID"),
    ('{"type": "good", "id": true}', "EVENT_ID_INVALID"),
    ('{"type": "good", "id": 1.5}', "EVENT_ID_INVALID"),
    ('{"type": "good", "id": 1, "id": 2}', "EVENT_DUPLICATE_KEY"),
    ('{"type": "good", "id": ' + "9" * 5000 + "}", "EVENT_TOO_LARGE"),
    ('{"type": "good", "id": 1, "data": ' + "[" * 100_000 + "]" * 100_000 + "}", "EVENT_TOO_LARGE"),
    ('{"type": "good", "id": "\\ud800"}', "EVENT_ENCODING"),
    ('{"type": "good", "id": 1, "occurred_at": "2001-01-01T00:00:00Z"}', "EVENT_STALE"),
    ('{"Type": "UnsubscribeConfirmation"}', "EVENT_ENVELOPE"),
]
CASES = [
    *BODIES,
    *[
        (json.dumps({"type": name, "id": 1042}), code)
        for name, code in {
            "undefined": "TEMPLATE_UNDEFINED",
            "undefined_name": "TEMPLATE_UNDEFINED",
            "forbidden": "TEMPLATE_FORBIDDEN",
            "hidden": "TEMPLATE_UNDEFINED",
            "failed": "TEMPLATE_FAILED",
            "bomb": "TEMPLATE_LIMIT",
            "power": "TEMPLATE_LIMIT",
            "empty": "MESSAGE_EMPTY",
            "when_fails": "TEMPLATE_FAILED",
            "address": "TEMPLATE_URL",
            "no_row": "ROW_NOT_FOUND",
            "many": "TOO_MANY_ROWS",
            "far_too_many": "TOO_MANY_ROWS",
            "twice": "QUERY_DUPLICATE_COLUMN",
            "blob": "ROW_VALUE_UNSUPPORTED",
            "no_column": "QUERY_INVALID",
            "no_sql": "QUERY_INVALID",
            "denied": "DB_DENIED",
            "write": "QUERY_FORBIDDEN",
            "slow": "DB_TIMEOUT",
            "no_database": "DB_UNKNOWN",
            "no_parameter": "QUERY_INVALID",
            "api_404": "API_NOT_FOUND",
            "api_500": "API_UNAVAILABLE",
            "api_html": "API_BAD_ANSWER",
            "api_cut": "API_UNAVAILABLE",
            "api_big": "API_BAD_ANSWER",
            "api_redirect": "API_BAD_ANSWER",
            "api_list": "API_BAD_ANSWER",
        }.items()
    ],
]


@pytest.fixture(scope="module")
def environment(running_cloud: LocalCloud, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    catalog = tmp_path_factory.mktemp("catalog") / "catalog.json"
    stages = {"demo": {"channels": {"orders": "C0LABORDERS"}, "fallback": "C0LABFALLBACK"}}
    document = {"format": catalog_format.FORMAT, "notifications": list(TEMPLATES.values()), "stages": stages}
    catalog.write_text(json.dumps(document))
    return running_cloud.environment(catalog)


Invoke = Callable[..., Any]
LAST = 50  # the last delivery, at which also what might succeed later is parked


def is_noticed(code: str) -> bool:
    """Whether the channel is told: where a template, or what it reads, is broken for good."""
    return not code.startswith("EVENT_") and not CODES[code].retry


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    written = io.StringIO()
    monkeypatch.setattr(app.logger.registered_handler, "stream", written)
    return written


@pytest.fixture
def invoke(cloud: LocalCloud, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Invoke]:
    """The function's entry point, wired by its own environment, over SQS records with these bodies."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    for path, (kind, arguments) in FAULTS.items():
        cloud.api.fault(path, kind, **arguments)
    wired = bootstrap.build(environment)
    monkeypatch.setattr(app, "pipeline", lambda: wired)

    def call(*bodies: str, attempt: int = 1) -> Any:
        system = {"ApproximateReceiveCount": str(attempt)}
        records = [
            {"messageId": f"m-{number}", "eventSource": "aws:sqs", "body": body, "attributes": system}
            for number, body in enumerate(bodies)
        ]
        return app.lambda_handler({"Records": records}, Context())

    yield call
    wired.composer.sources.args[0].close()  # type: ignore[attr-defined]


def parked(cloud: LocalCloud, environment: dict[str, str]) -> list[tuple[str, str]]:
    """Take what is in the dead-letter queue: each body with its code."""
    sqs, queue = cloud.aws.client("sqs"), environment["NOTIFIER_DEAD_LETTER_QUEUE_URL"]
    found = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, MessageAttributeNames=["All"])
    for message in found.get("Messages", []):
        sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    return [(one["Body"], one["MessageAttributes"]["code"]["StringValue"]) for one in found.get("Messages", [])]


@pytest.mark.parametrize(("body", "code"), [case for case in CASES if case[0]], ids=lambda value: str(value)[:40])
def test_a_bad_input_is_parked_with_its_code_between_delivered_neighbours(
    cloud: LocalCloud, environment: dict[str, str], invoke: Invoke, log: io.StringIO, body: str, code: str
) -> None:
    good = json.dumps(GOOD)
    assert invoke(good, body, good, attempt=LAST) == {"batchItemFailures": []}
    assert parked(cloud, environment) == [(body, code)]
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    ends = sorted(line["message"] for line in lines if not line.get("notice"))
    assert ends == ["delivered", "delivered", "parked"]
    texts = [post["text"] for post in cloud.slack.messages()]
    assert len(texts) == (3 if is_noticed(code) else 2)
    assert [code in text for text in texts].count(True) == (1 if is_noticed(code) else 0)
    assert "SELECT" not in log.getvalue()
    for hidden in (CANARY, environment["NOTIFIER_SLACK"].partition(";ca=")[2], "xoxb-", "lab-api-token"):
        assert hidden not in log.getvalue()
        assert hidden not in "".join(texts)


@pytest.mark.parametrize(("body", "code"), CASES, ids=lambda value: str(value)[:40])
def test_what_may_succeed_later_comes_again_and_the_rest_does_not(
    cloud: LocalCloud, environment: dict[str, str], invoke: Invoke, log: io.StringIO, body: str, code: str
) -> None:
    if not body:
        with pytest.raises(Exception, match="BATCH_MALFORMED"):
            invoke(body)
        return
    again = [{"itemIdentifier": "m-0"}] if CODES[code].retry else []
    assert invoke(body) == {"batchItemFailures": again}
    assert parked(cloud, environment) == ([] if again else [(body, code)])
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    (line,) = [line for line in lines if not line.get("notice")]
    assert (line["message"], line["code"]) == ("retry" if again else "parked", code)


def test_a_mention_in_a_name_is_shown_and_not_made(cloud: LocalCloud, invoke: Invoke) -> None:
    assert invoke(json.dumps({"type": "mention", "id": 1043})) == {"batchItemFailures": []}
    (post,) = cloud.slack.messages()
    assert post["text"] == 'O\'Brien "Bob" &lt;!channel&gt;'
