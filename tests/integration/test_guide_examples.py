"""What the guides to templates say that only an event can meet: the real compiler lets it pass, the function does not.

The database is the lab's replica with the sample shop, the API and the queue are the lab's.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from cli import compiler
from handler import app, bootstrap
from lab.cloud import SLACK_TOKEN, LocalCloud
from lab.shop import SCHEMA
from tests.integration.test_bad_inputs import LAST, Context, is_noticed, parked
from tests.unit.compiler.test_docs import DOCS, JAPANESE, REST, completed, examples

# The same parts as in the examples that are only compiled, over a table that is there.
SHOP = {
    **REST,
    "lookups": 'lookups: {order: {sql: "SELECT number, amount FROM orders WHERE id = :id"}}\n',
    "samples": "samples: {one: {id: 1042, lookups: {order: {number: T-001042, amount: 118}}}}\n",
}
STAGE = "channels: {orders: C0LABORDERS}\nfallback: C0LABFALLBACK\n"
EVENT = '{"type": "order.created", "id": 1042}'
NARROW = "narrow"
# What is missing in the deployment, and not in the template.
DEPLOYED = {"API_UNKNOWN": {"NOTIFIER_APIS": ""}, "DB_DENIED": {"NOTIFIER_SECRETS": f"secretsmanager:{NARROW}"}}
CASES = [
    pytest.param(kind, code, example, id=f"{language}, {code}")
    for language, page in (("en", DOCS), ("ja", JAPANESE))
    for words, example in examples(page)
    for kind, code in re.findall(r"^(\w+) raises=([A-Z_]+)$", words)
]


@pytest.fixture(scope="module")
def narrow_account(running_cloud: LocalCloud) -> Iterator[None]:
    """An account that may read `orders` alone, in a secret of its own."""
    database, secrets = running_cloud.database, running_cloud.aws.client("secretsmanager")
    login = database.reader
    secret = json.dumps({"username": NARROW, "password": login.password})
    database.primary.query(f"CREATE USER {NARROW}@'%%' IDENTIFIED BY %s REQUIRE SSL", login.password)
    database.primary.query(f"GRANT SELECT ON {SCHEMA}.orders TO {NARROW}@'%'")
    database.wait_for_replica()
    values = {f"{NARROW}/databases/default": secret, f"{NARROW}/slack-token": SLACK_TOKEN}
    for name, value in values.items():
        secrets.create_secret(Name=name, SecretString=value)
    yield
    for name in values:
        secrets.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)
    database.primary.query(f"DROP USER {NARROW}@'%'")
    database.wait_for_replica()


def catalog(folder: Path, template: str) -> Path:
    (folder / "_stages").mkdir()
    (folder / "_stages" / "demo.yaml").write_text(STAGE)
    (folder / "order.created.yaml").write_text(template)
    compilation = compiler.compile_templates(folder)
    assert not compilation.findings
    written = folder / "catalog.json"
    compiler.write(compilation, written)
    return written


def invoke(environment: Mapping[str, str], event: str, monkeypatch: pytest.MonkeyPatch) -> object:
    """Hand one event to the function's entry point, wired by this environment."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    wired = bootstrap.build(environment)
    monkeypatch.setattr(app, "pipeline", lambda: wired)
    system = {"ApproximateReceiveCount": str(LAST)}
    record = {"messageId": "m-0", "eventSource": "aws:sqs", "body": event, "attributes": system}
    try:
        return app.lambda_handler({"Records": [record]}, Context())
    finally:
        wired.composer.sources.args[0].close()  # type: ignore[attr-defined]


def test_the_event_of_the_examples_is_posted_where_nothing_is_wrong(
    cloud: LocalCloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = cloud.environment(catalog(tmp_path, completed("", SHOP)))
    assert invoke(environment, EVENT, monkeypatch) == {"batchItemFailures": []}
    assert parked(cloud, environment) == []
    assert [post["text"] for post in cloud.slack.messages()] == ["[demo] Order 1042"]


@pytest.mark.usefixtures("narrow_account")
@pytest.mark.parametrize(("kind", "code", "example"), CASES)
def test_each_example_compiles_and_is_parked_with_the_code_that_it_shows(
    cloud: LocalCloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, code: str, example: str
) -> None:
    published = re.match(r"# (\{.*\})\n", example)  # by an example that shows its event too
    template, event = ("", example.strip()) if kind == "json" else (example, published[1] if published else EVENT)
    environment = cloud.environment(catalog(tmp_path, completed(template, SHOP)), **DEPLOYED.get(code, {}))
    assert invoke(environment, event, monkeypatch) == {"batchItemFailures": []}
    assert parked(cloud, environment) == [(event, code)]
    assert [code in post["text"] for post in cloud.slack.messages()] == ([True] if is_noticed(code) else [])
