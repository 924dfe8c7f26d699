"""The operations of AWS that the function calls are the ones that are declared, and a client has no others."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any, get_args

import pytest
from botocore.awsrequest import AWSResponse
from botocore.session import get_session

from handler import aws
from handler.addresses import SecretsStore
from lab.sam import ROOT

SOURCES = [source for source in sorted((ROOT / "handler").rglob("*.py")) if source.name != "aws.py"]
STORES = get_args(SecretsStore)
REGION = "eu-west-1"


@pytest.fixture(autouse=True)
def region(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)


def is_made(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func) == "aws.client"


def kept(tree: ast.Module) -> dict[str, ast.Call]:
    """What else gives a client in a module: `_client`, a function or a property that returns one."""
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name == "_client"]
    returned = [(function, node) for function in functions for node in ast.walk(function) if is_made(node)]
    return {
        "self._client" if function.args.args else "_client()": node
        for function, node in returned
        if isinstance(node, ast.Call) and isinstance(function.body[-1], ast.Return) and function.body[-1].value is node
    }


def uses(source: Path) -> Iterator[tuple[ast.Call, str, bool]]:
    """Each attribute of a client in a module: how the client is made, the attribute, and whether it is called."""
    tree = ast.parse(source.read_text("utf-8"))
    clients = kept(tree)
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    seen = {id(node) for node in clients.values()}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            made = node.value if is_made(node.value) else clients.get(ast.unparse(node.value))
            if isinstance(made, ast.Call):
                seen.add(id(made))
                yield made, node.attr, id(node) in called
    unknown = [ast.unparse(node) for node in ast.walk(tree) if is_made(node) and id(node) not in seen]
    assert not unknown, f"{source}: what is called on {unknown} is not known: call it at once, or let _client return it"


@cache
def methods(service: str) -> dict[str, str]:
    """All methods of a service, and their operations."""
    mapping: dict[str, str] = get_session().create_client(service, region_name=REGION).meta.method_to_api_mapping
    return mapping


def calls() -> Iterator[tuple[str, str]]:
    """The service and the operation of each call in the function. Which store has a secret, the deployment says."""
    for source in SOURCES:
        for made, attribute, called in uses(source):
            if called:
                named = isinstance(made.args[0], ast.Constant)
                services = [ast.literal_eval(made.args[0])] if named else STORES
                found = [(one, methods(one)[attribute]) for one in services if attribute in methods(one)]
                assert found, f"{source}: no service has {attribute}"
                yield from found


def test_what_is_declared_is_called_and_what_is_called_is_declared() -> None:
    declared = [(service, operation) for service, operations in aws.OPERATIONS.items() for operation in operations]
    assert sorted(set(calls())) == sorted(declared)


def by_another_way(source: Path) -> list[str]:
    """What makes a client without aws.client, or calls that by another name."""
    nodes = list(ast.walk(ast.parse(source.read_text("utf-8"))))
    imported = [node for node in nodes if isinstance(node, ast.ImportFrom) and node.module == "handler.aws"]
    made = [node for node in nodes if isinstance(node, ast.Attribute) and node.attr == "create_client"]
    renamed = [node for node in nodes if isinstance(node, ast.alias) and node.name == "aws" and node.asname]
    return [ast.unparse(node) for node in (*imported, *made, *renamed)]


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.stem)
def test_clients_are_made_in_one_way_alone(source: Path) -> None:
    assert by_another_way(source) == []


@pytest.mark.parametrize("service", aws.SERVICES)
def test_a_client_has_the_operations_that_are_declared_and_no_others(service: str) -> None:
    client = aws.client(service)
    had = {operation for method, operation in methods(service).items() if hasattr(client, method)}
    assert had == set(aws.OPERATIONS[service])


def test_a_call_that_is_not_declared_fails_here_as_it_does_in_the_package() -> None:
    with pytest.raises(AttributeError, match="purge_queue"):
        aws.client("sqs").purge_queue(QueueUrl="https://sqs.eu-west-1.amazonaws.com/1/events")


def test_a_client_does_not_ask_for_another_endpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    """DescribeEndpoints is not in the package, and the function's role does not allow it."""
    for name, value in {"ENDPOINT_DISCOVERY_ENABLED": "true", "ACCESS_KEY_ID": "A", "SECRET_ACCESS_KEY": "s"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    aws._session.cache_clear()
    client = aws.client("dynamodb")
    aws._session.cache_clear()
    sent: list[str] = []

    def answer(request: Any, **_: Any) -> AWSResponse:
        sent.append(request.headers["X-Amz-Target"].decode())
        return AWSResponse(request.url, 200, {}, SimpleNamespace(stream=lambda: [b"{}"]))

    client.meta.events.register("before-send", answer)
    client.query(TableName="t")
    assert sent == ["DynamoDB_20120810.Query"]


def test_clients_that_others_make_keep_all_their_operations() -> None:
    aws.client("sqs")
    assert callable(aws._session().create_client("sqs", region_name=REGION).purge_queue)


def test_a_service_that_is_not_declared_is_refused_here_as_there() -> None:
    with pytest.raises(LookupError, match="ec2 is not in OPERATIONS"):
        aws.client("ec2")
