"""The function's look at itself, against real parts: all is well, then one thing at a time is broken and named."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest

from cli import compiler
from handler import app, aws, health
from handler.adapters.state.table import StateTable
from handler.health.model import Check
from lab.cloud import API_TOKEN, SLACK_TOKEN, LocalCloud
from lab.processes import free_port
from lab.sam import ROOT
from lab.shop import SCHEMA
from lab.tls import Authority
from tests.kit import plenty

PREFIX: Final = "doctor"
SCOPES: Final = ["chat:write", "channels:read"]
CHANNELS: Final = ("ORDERS", "PAYMENTS", "OPS", "FALLBACK")
READER, WRITER, IN_ROLE = "doctor_reader", "doctor_writer", "doctor_in_role"
ROLE: Final = "doctor_role"


@dataclass
class Patient:
    """A deployment that is well, and what a test breaks of it."""

    cloud: LocalCloud
    environment: dict[str, str]
    secrets: dict[str, str]
    folder: Path
    broken: dict[str, Any] = field(default_factory=dict)

    def set(self, **variables: str) -> None:
        self.environment |= {f"NOTIFIER_{name}": value for name, value in variables.items()}

    def examined(self) -> dict[str, Check]:
        """Every finding, by its name."""
        client = self.cloud.aws.client("secretsmanager")
        names = [f"{PREFIX}/{name}" for name in self.secrets]
        for name, value in zip(names, self.secrets.values(), strict=True):
            client.create_secret(Name=name, SecretString=value)
        try:
            found = health.run(self.environment, {"notifier": "check", "egress": ""}, plenty)["checks"]
        finally:
            for name in names:
                client.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)
        json.dumps(found)  # it leaves the function as JSON
        password = json.loads(self.secrets["databases/default"])["password"]
        for secret in filter(None, (*self.secrets.values(), password)):
            assert secret not in json.dumps(found)
        return {one["name"]: Check(**one) for one in found}

    def database(self, port: int, host: str = "localhost", ca: str = "") -> str:
        return f"default=mysql://{host}:{port}/{SCHEMA};ca={ca or self.cloud.database.ca}"


@pytest.fixture(scope="module")
def accounts(running_cloud: LocalCloud) -> Iterator[None]:
    """One that reads, and may ask about replication; one that may write, too; and one that may by its role."""
    database = running_cloud.database
    for name, rights in ((READER, "SELECT"), (WRITER, "SELECT, INSERT")):
        database.primary.query(f"CREATE USER {name}@'%%' IDENTIFIED BY %s REQUIRE SSL", database.reader.password)
        database.primary.query(f"GRANT {rights} ON {SCHEMA}.* TO {name}@'%'")
        database.primary.query(f"GRANT {database.primary.product.replicating.right} ON *.* TO {name}@'%'")
    database.primary.query(f"CREATE USER {IN_ROLE}@'%%' IDENTIFIED BY %s REQUIRE SSL", database.reader.password)
    for statement in (
        f"CREATE ROLE {ROLE}",
        f"GRANT INSERT ON {SCHEMA}.* TO {ROLE}",
        f"GRANT {ROLE} TO {IN_ROLE}@'%'",
        f"GRANT SELECT ON {SCHEMA}.* TO {IN_ROLE}@'%'",
        f"GRANT {database.primary.product.replicating.right} ON *.* TO {IN_ROLE}@'%'",
    ):
        database.primary.query(statement)
    database.wait_for_replica()
    yield
    for name in (READER, WRITER, IN_ROLE):
        database.primary.query(f"DROP USER {name}@'%'")
    database.primary.query(f"DROP ROLE {ROLE}")
    database.wait_for_replica()


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("doctor") / "catalog.json"
    compiler.write(compiler.compile_templates(ROOT / "templates"), path)
    return path


@pytest.fixture
def patient(
    cloud: LocalCloud, accounts: None, catalog: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Patient]:
    sqs = cloud.aws.client("sqs")
    queue = sqs.create_queue(QueueName="doctor-events")["QueueUrl"]
    policy = {"maxReceiveCount": 50, "deadLetterTargetArn": "arn:aws:sqs:us-east-1:000000000000:dead-letters"}
    changes = {"NOTIFIER_SECRETS": f"secretsmanager:{PREFIX}", "NOTIFIER_QUEUE_URL": queue, "NOTIFIER_POLLS": "on"}
    environment = cloud.environment(catalog, **changes)
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"RedrivePolicy": json.dumps(policy)})
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    aws._session.cache_clear()
    cloud.slack.configure(tokens=[{"value": SLACK_TOKEN, "scopes": SCOPES}])
    login = {"username": READER, "password": cloud.database.reader.password}
    secrets = {"slack-token": SLACK_TOKEN, "databases/default": json.dumps(login), "apis/default": API_TOKEN}
    yield Patient(cloud, environment, secrets, tmp_path)
    aws._session.cache_clear()


def test_what_is_well_is_well(patient: Patient) -> None:
    found = patient.examined()
    assert {name: check.state for name, check in found.items() if check.state != "ok"} == {"way out": "skipped"}
    assert found["Slack"].seen == "@notifier in Lab"
    assert "TLS verified, server and session read-only" in found["database default"].seen
    assert "SELECT" in found["database default, rights"].seen
    assert found["database default, replication"].seen.startswith("running")
    assert "from the function's" in found["database default, clock"].seen
    assert "; read by PRIMARY" in found["poll refund.requested"].seen
    assert {"channel orders", "channel fallback", "channel canary"} <= found.keys()
    assert patient.cloud.slack.messages() == []


def test_the_deployed_function_answers_and_an_event_cannot_ask(
    patient: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Context:
        aws_request_id = "doctor"

        def get_remaining_time_in_millis(self) -> int:
            return 60_000

    app.pipeline.cache_clear()
    answer = app.lambda_handler({"notifier": "check", "egress": ""}, Context())
    assert {one["name"] for one in answer["checks"]} >= {"settings", "templates", "state table"}
    body = json.dumps({"notifier": "check", "type": "none.such", "id": 1})
    record = {"messageId": "m-1", "eventSource": "aws:sqs", "body": body, "attributes": {}}
    assert app.lambda_handler({"Records": [record]}, Context()).keys() == {"batchItemFailures"}
    app.pipeline.cache_clear()


def test_without_time_it_says_what_it_did_not_look_at(patient: Patient) -> None:
    found = health.run(patient.environment, {"egress": ""}, lambda: 3.0)["checks"]
    assert {one["name"] for one in found if one["state"] == "skipped"} >= {"slack", "databases", "apis", "polling"}


# ---- What is broken, and how it is named ----

Break = Callable[[Patient], Any]


def password(patient: Patient) -> None:
    patient.secrets["databases/default"] = json.dumps({"username": READER, "password": "not-this-one"})


def replica_down(patient: Patient) -> None:
    patient.set(DATABASES=patient.database(free_port()))


def no_such_host(patient: Patient) -> None:
    patient.set(DATABASES=patient.database(3306, "no-such-host.invalid"))


def another_ca(patient: Patient) -> None:
    other = Authority.create(patient.folder / "other")
    patient.set(DATABASES=patient.database(patient.cloud.database.replica.port, ca=str(other.ca)))


def no_ca(patient: Patient) -> None:
    patient.set(DATABASES=patient.database(patient.cloud.database.replica.port, ca="/nowhere.pem"))


def no_slack_ca(patient: Patient) -> None:
    patient.set(SLACK=patient.environment["NOTIFIER_SLACK"].partition(";ca=")[0] + ";ca=/nowhere.pem")


def primary(patient: Patient) -> None:
    patient.set(DATABASES=patient.database(patient.cloud.database.primary.port))


def may_write(patient: Patient) -> None:
    login = {"username": WRITER, "password": patient.cloud.database.reader.password}
    patient.secrets["databases/default"] = json.dumps(login)


def may_write_by_role(patient: Patient) -> None:
    login = {"username": IN_ROLE, "password": patient.cloud.database.reader.password}
    patient.secrets["databases/default"] = json.dumps(login)


def no_token(patient: Patient) -> None:
    del patient.secrets["slack-token"]


def a_user_token(patient: Patient) -> None:
    patient.secrets["slack-token"] = "xoxp-not-a-bot"


def login_without_password(patient: Patient) -> None:
    patient.secrets["databases/default"] = json.dumps({"username": READER, "password": ""})


def api_down(patient: Patient) -> None:
    patient.set(APIS=f"default=http://127.0.0.1:{free_port()};header=Authorization")


def api_without_name(patient: Patient) -> None:
    patient.set(APIS="default=http://no-such-host.invalid;header=Authorization")


def revoked(patient: Patient) -> None:
    patient.cloud.slack.configure(tokens=[{"value": SLACK_TOKEN, "scopes": SCOPES, "refused": "token_revoked"}])


def cannot_read_back(patient: Patient) -> None:
    patient.set(SLACK=patient.environment["NOTIFIER_SLACK"] + ";ambiguous=read-back")


def cannot_see_channels(patient: Patient) -> None:
    patient.cloud.slack.configure(tokens=[{"value": SLACK_TOKEN, "scopes": ["chat:write"]}])


def channel(rule: str) -> Break:
    def broken(patient: Patient) -> None:
        rules = {"ORDERS": {"rule": rule}}
        channels = [{"id": f"C0LAB{name}", "name": name.lower(), **rules.get(name, {})} for name in CHANNELS]
        patient.cloud.slack.configure(channels=channels)

    return broken


def channel_gone(patient: Patient) -> None:
    channels = [{"id": f"C0LAB{name}", "name": name.lower()} for name in CHANNELS if name != "ORDERS"]
    patient.cloud.slack.configure(channels=channels)


def slack_away(patient: Patient) -> None:
    patient.set(SLACK=f"bot;api=https://localhost:{free_port()}/api/")


def no_table(patient: Patient) -> None:
    patient.set(STATE_TABLE="none-such")


def other_queue(patient: Patient) -> None:
    patient.set(MAX_RECEIVES="7")


def no_queue(patient: Patient) -> None:
    patient.set(QUEUE_URL=patient.environment["NOTIFIER_QUEUE_URL"] + "-gone")


def damaged(patient: Patient) -> None:
    (patient.folder / "catalog.json").write_text("{")
    patient.set(CATALOG=str(patient.folder / "catalog.json"))


def stage(patient: Patient) -> None:
    patient.set(STAGE="prodution")


def setting(patient: Patient) -> None:
    patient.set(UNKNOWN_TYPE="drop")


CASES: Mapping[str, tuple[Break, dict[str, tuple[str, str, str]]]] = {
    "wrong password": (password, {"database default": ("failed", "DB_LOGIN", "check the secret")}),
    "replica down": (replica_down, {"database default": ("failed", "DB_UNAVAILABLE", "security group")}),
    "unknown host": (
        no_such_host,
        {
            "name of database default": ("failed", "no-such-host.invalid", ""),
            "database default": ("failed", "DB_UNAVAILABLE", ""),
        },
    ),
    "wrong CA": (another_ca, {"database default": ("failed", "DB_TLS", ";ca=")}),
    "no CA file": (no_ca, {"database default": ("failed", "CONFIG_INVALID: the CA file", "correct the parameters")}),
    "no CA file for Slack": (
        no_slack_ca,
        {"slack": ("failed", "CONFIG_INVALID: the CA file", "correct the parameters")},
    ),
    "a primary": (
        primary,
        {
            "database default": ("warning", "takes writes", "polls work on a primary too"),
            "database default, replication": ("skipped", "no replica", ""),
        },
    ),
    "may write": (may_write, {"database default, rights": ("warning", "INSERT", "REVOKE")}),
    "may write by a role": (
        may_write_by_role,
        {"database default, rights": ("warning", f"role, and what that allows is not told to it: `{ROLE}`", "GRANTS")},
    ),
    "no token": (
        no_token,
        {
            "secret slack-token": ("failed", "ResourceNotFoundException", "policy"),
            "Slack": ("failed", "SLACK_CREDENTIAL", ""),
        },
    ),
    "a user's token": (
        a_user_token,
        {
            "secret slack-token": ("failed", "xoxb-", "Secrets"),
            "Slack": ("failed", "SLACK_CREDENTIAL: invalid_auth", "a valid token"),
        },
    ),
    "no password": (
        login_without_password,
        {
            "secret databases/default": ("failed", "CONFIG_SECRET_FORMAT", "Secrets"),
            "database default": ("failed", "CONFIG_SECRET_FORMAT", ""),
        },
    ),
    "API down": (api_down, {"API default": ("failed", "no answer from 127.0.0.1", "security groups")}),
    "API without a name": (api_without_name, {"API default": ("failed", "API_NO_INSTANCE", "name in Apis")}),
    "token revoked": (revoked, {"Slack": ("failed", "token_revoked", "a valid token")}),
    "cannot read back": (cannot_read_back, {"Slack, scopes": ("failed", "channels:history", "install it")}),
    "cannot see channels": (cannot_see_channels, {"Slack, channels": ("skipped", "channels:read", "post once")}),
    "not in the channel": (
        channel("not-joined"),
        {"channel orders": ("failed", "not in #orders", "/invite @notifier")},
    ),
    "an archived channel": (channel("archived"), {"channel orders": ("failed", "archived", "_stages/")}),
    "no such channel": (channel_gone, {"channel orders": ("failed", "C0LABORDERS: there is none", "/invite")}),
    "Slack away": (slack_away, {"Slack": ("failed", "SLACK_UNAVAILABLE", "NAT")}),
    "no table": (no_table, {"state table": ("failed", "LEDGER_UNAVAILABLE", "the function's policy")}),
    "a queue that was changed": (other_queue, {"queue": ("failed", "after 50 receives", "deploy")}),
    "no queue": (no_queue, {"queue": ("failed", "CONFIG_UNAVAILABLE", "")}),
    "damaged templates": (damaged, {"templates": ("failed", "damaged", "build and deploy again")}),
    "an unknown stage": (stage, {"templates": ("failed", "prodution.yaml was not there", "build")}),
    "a wrong setting": (setting, {"settings": ("failed", "NOTIFIER_UNKNOWN_TYPE", "correct the parameters")}),
}


@pytest.mark.parametrize("what", CASES)
def test_one_thing_that_is_broken_is_named_and_nothing_else(patient: Patient, what: str) -> None:
    broken, expected = CASES[what]
    broken(patient)
    found = {name: check for name, check in patient.examined().items() if check.state != "ok" and name != "way out"}
    assert found.keys() == expected.keys()
    for name, (state, cause, remedy) in expected.items():
        assert found[name].state == state
        assert cause in found[name].cause
        assert remedy in found[name].remedy
        assert found[name].remedy or state == "skipped"


def test_a_replica_that_does_not_follow_is_named(patient: Patient) -> None:
    replica = patient.cloud.database.replica
    replica.stop_replication()
    try:
        check = patient.examined()["database default, replication"]
    finally:
        replica.start_replication()
    assert check.state == "failed"
    assert "DB_NOT_REPLICATING" in check.cause
    assert "SHOW REPLICA STATUS" in check.remedy


def test_settings_that_cannot_be_guessed_are_the_only_finding(patient: Patient) -> None:
    del patient.environment["NOTIFIER_STATE_TABLE"]
    found = health.run(patient.environment, {"egress": ""}, plenty)["checks"]
    assert [(one["name"], one["state"]) for one in found] == [("settings", "failed")]


def test_the_paths_are_timed_in_place_of_all_checks(patient: Patient) -> None:
    client = patient.cloud.aws.client("secretsmanager")
    client.create_secret(Name=f"{PREFIX}/apis/default", SecretString=API_TOKEN)
    patient.set(APIS=f"{patient.environment['NOTIFIER_APIS']}, other=http://127.0.0.1:{free_port()}")
    try:
        began = time.monotonic()
        answer = health.run(patient.environment, {"bench": "/customers/1"}, plenty)
    finally:
        client.delete_secret(SecretId=f"{PREFIX}/apis/default", ForceDeleteWithoutRecovery=True)
    assert answer.keys() == {"paths"}
    default, other = answer["paths"]
    assert 0 < default["warm"] <= default["cold"] * 3 < 1000 * (time.monotonic() - began)
    assert 0 < default["callee"] < default["function"] < 1000 * (time.monotonic() - began)
    assert (default["error"], "API_UNAVAILABLE" in other["error"]) == ("", True)
    assert (other["warm"], other["function"], other["callee"]) == (None, None, None)


def test_a_dry_run_of_a_poll_is_answered_in_place_of_all_checks(patient: Patient) -> None:
    client = patient.cloud.aws.client("secretsmanager")
    client.create_secret(Name=f"{PREFIX}/databases/default", SecretString=patient.secrets["databases/default"])
    table = StateTable(patient.environment["NOTIFIER_STATE_TABLE"])
    try:
        answer = health.run(patient.environment, {"dry_run": "refund.requested"}, plenty)
        unknown = health.run(patient.environment, {"dry_run": "refund.reqeusted"}, plenty)
    finally:
        client.delete_secret(SecretId=f"{PREFIX}/databases/default", ForceDeleteWithoutRecovery=True)
    assert answer.keys() == {"dry_run"}
    said = answer["dry_run"]
    assert (said["starts"], said["code"], said["found"]) == (True, "", 0)
    assert json.loads(json.dumps(said))["poll"] == "refund.requested"
    assert unknown == {"dry_run": None}
    assert table.items("poll#refund.requested") == []


def test_a_dry_run_without_templates_says_what_is_wrong_with_them(patient: Patient) -> None:
    patient.set(CATALOG=str(patient.folder / "absent.json"))
    found = health.run(patient.environment, {"dry_run": "refund.requested"}, plenty)["checks"]
    assert [one["name"] for one in found if one["state"] == "failed"] == ["templates"]
