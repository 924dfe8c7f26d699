"""The parts around the function in the tests of delivery under faults: templates, secrets, tables and an account."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from cli import compiler
from lab.cloud import API_TOKEN, LocalCloud

ORDERS: Final = "C0LABORDERS"
PAYMENTS: Final = "C0LABPAYMENTS"
READER: Final = "xoxb-lab-reader"  # has channels:history too
USER: Final = "faults"
PASSWORD: Final = "a-password-of-the-lab"

TEMPLATES: Final = {
    "fault.plain.yaml": """
        id: integer
        channel: orders
        text: "plain {{ event.event_id }}"
        samples:
          one: {id: 1}
    """,
    "fault.payment.yaml": """
        id: integer
        channel: payments
        text: "payment {{ event.event_id }}"
        samples:
          one: {id: 1}
    """,
    "fault.layout.yaml": """
        id: integer
        channel: orders
        text: "layout {{ event.event_id }}"
        blocks:
          - header: "A layout"
        samples:
          one: {id: 1}
    """,
    "fault.row.yaml": """
        id: integer
        channel: orders
        lookups:
          row:
            sql: SELECT note FROM faults WHERE id = :id
            wait: 60s
        text: "row {{ event.event_id }}: {{ row.note }}"
        samples:
          one: {id: 1, lookups: {row: {note: a note}}}
    """,
    "fault.state.yaml": """
        id: integer
        channel: orders
        thread: "state {{ id }}"
        update: true
        version: row.version
        lookups:
          row:
            sql: SELECT note, version FROM faults WHERE id = :id
            wait: 60s
        text: "state of {{ id }}: {{ row.note }}"
        samples:
          one: {id: 1, lookups: {row: {note: a note, version: 1}}}
    """,
    "fault.other.yaml": """
        id: integer
        channel: payments
        lookups:
          row:
            sql: SELECT extra FROM faults_other WHERE id = :id
        text: "other {{ event.event_id }}: {{ row.extra }}"
        samples:
          one: {id: 1, lookups: {row: {extra: an extra}}}
    """,
    "fault.slow.yaml": """
        id: integer
        channel: orders
        lookups:
          customer:
            get: /customers/{{ id }}
        text: "slow {{ event.event_id }}: {{ customer.name }}"
        samples:
          one: {id: 1, lookups: {customer: {name: Ada}}}
    """,
    "_stages/faults.yaml": f"""
        description: The channels of the Slack stand-in, by their ids.
        channels: {{orders: {ORDERS}, payments: {PAYMENTS}}}
        fallback: C0LABFALLBACK
        prefix: ""
    """,
    "_stages/webhooks.yaml": """
        description: The same by the names of webhooks' secrets.
        channels: {orders: orders, payments: payments}
        fallback: orders
        threads: ignore
        prefix: ""
    """,
}
TABLES: Final = ("faults", "faults_other")
HOOKS: Final = (("orders", "B0LABORDERS"), ("payments", "B0LABPAYMENTS"))


def compiled(folder: Path, templates: Mapping[str, str]) -> Path:
    """Compile templates as a build does, and return the catalog."""
    (folder / "_stages").mkdir(parents=True, exist_ok=True)
    for name, text in templates.items():
        (folder / name).write_text(text)
    found = compiler.compile_templates(folder)
    assert not found.errors, found.findings
    compiler.write(found, folder / "catalog.json")
    return folder / "catalog.json"


def store_secrets(cloud: LocalCloud, prefix: str, port: int, *, token: str = READER) -> None:
    """Write the function's secrets into the secret store, under a prefix; webhook URLs use this port."""
    secrets = {
        "slack-token": token,
        "databases/default": json.dumps({"username": USER, "password": PASSWORD}),
        "apis/default": API_TOKEN,
        **{f"webhooks/{name}": f"https://localhost:{port}/services/T0LAB/{hook}/lab-secret" for name, hook in HOOKS},
    }
    client = cloud.aws.client("secretsmanager")
    known = {one["Name"] for page in client.get_paginator("list_secrets").paginate() for one in page["SecretList"]}
    for name, value in secrets.items():
        if f"{prefix}/{name}" in known:
            client.put_secret_value(SecretId=f"{prefix}/{name}", SecretString=value)
        else:
            client.create_secret(Name=f"{prefix}/{name}", SecretString=value)


@contextmanager
def own_tables(cloud: LocalCloud) -> Iterator[None]:
    """Create the tables and the account of these tests, on both servers, with row 1."""
    primary = cloud.database.primary
    for table in TABLES:
        primary.query(
            f"CREATE TABLE shop.{table} (id INT PRIMARY KEY, note VARCHAR(100), version INT, extra VARCHAR(100))"
        )
        primary.query(f"INSERT INTO shop.{table} VALUES (1, 'a note', 1, 'an extra')")
    primary.query(f"CREATE USER {USER}@'%%' IDENTIFIED BY %s REQUIRE SSL", PASSWORD)
    for grant in (*(f"SELECT ON shop.{table}" for table in TABLES), f"{primary.product.replicating.right} ON *.*"):
        primary.query(f"GRANT {grant} TO {USER}@'%'")
    cloud.database.wait_for_replica()
    try:
        yield
    finally:
        cloud.database.heal()
        primary.query(f"DROP USER {USER}@'%'")
        for table in TABLES:
            primary.query(f"DROP TABLE IF EXISTS shop.{table}")
        cloud.database.wait_for_replica()
