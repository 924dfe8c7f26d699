"""A client of the pruned models does what one of the whole models does: the same requests, and the same answers read.

What is sent and what is answered is made from the whole models, with every member that they have.
"""

from __future__ import annotations

import base64
import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from itertools import product
from pathlib import Path
from typing import Any

import botocore
import pytest
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.loaders import Loader
from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape
from botocore.session import Session

from cli.packaging.models import of_operations, without_documentation
from cli.packaging.prune import prune
from handler import aws

CALLS = [(service, operation) for service, operations in aws.OPERATIONS.items() for operation in operations]
# One region of each partition, and one that no list has yet.
REGIONS = ("eu-west-1", "us-gov-west-1", "cn-north-1", "eu-nowhere-9")
WAYS: dict[str, Mapping[str, Any]] = {
    "plain": {},
    "fips": {"use_fips_endpoint": True},
    "dual stack": {"use_dualstack_endpoint": True},
    "both": {"use_fips_endpoint": True, "use_dualstack_endpoint": True},
}
# A table may be named by its ARN, whose account may be part of the endpoint; a queue has a URL.
TEXTS = ("name", "arn:aws:dynamodb:eu-west-1:111122223333:table/name", "https://sqs.eu-west-1.amazonaws.com/1/name")
# What AWS answers beside the errors that an operation's model has.
# https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/CommonErrors.html
COMMON_ERRORS = ("AccessDeniedException", "ExpiredTokenException", "ThrottlingException", "UnrecognizedClientException")
ACCOUNT = "111122223333"


@dataclass
class Side:
    """botocore with one folder of models. `sent` is what its clients sent last; `answer` is what they get."""

    models: Path
    sent: Any = None
    answer: tuple[int, Mapping[str, str], bytes] = (200, {}, b"{}")
    clients: dict[Any, Any] = field(default_factory=dict)

    @cached_property
    def session(self) -> Session:
        session = Session()
        loader = Loader(extra_search_paths=[str(self.models)], include_default_search_paths=False)
        loader.BUILTIN_DATA_PATH = str(self.models)  # other data are a user's own, and give other endpoints
        session.register_component("data_loader", loader)
        session.set_credentials("AKIAEXAMPLE", "example", account_id=ACCOUNT)
        session.register("before-send", self._send)
        return session

    def client(self, service: str, region: str = REGIONS[0], way: str = "plain") -> Any:
        if (service, region, way) not in self.clients:
            config = Config(retries={"mode": "standard", "total_max_attempts": 1}, **WAYS[way])
            self.clients[service, region, way] = self.session.create_client(service, region_name=region, config=config)
        return self.clients[service, region, way]

    def model(self, service: str, operation: str) -> OperationModel:
        return self.client(service).meta.service_model.operation_model(operation)

    def call(self, client: Any, operation: str, parameters: Mapping[str, Any]) -> Any:
        """What a call returns, or the class and contents of the error that it raises."""
        [method] = [name for name, one in client.meta.method_to_api_mapping.items() if one == operation]
        try:
            return getattr(client, method)(**parameters)
        except ClientError as error:
            return type(error).__name__, type(error).__mro__[1].__name__, error.response, str(error)
        except (BotoCoreError, ValueError) as error:
            return type(error).__name__, str(error)

    def _send(self, request: Any, **_: Any) -> AWSResponse:
        known = {name: value for name, value in request.headers.items() if name.lower() != "amz-sdk-invocation-id"}
        self.sent = (request.method, request.url, known, request.body)
        status, headers, body = self.answer
        response = AWSResponse(request.url, status, headers, None)
        response._content = body
        return response


@pytest.fixture(scope="module")
def sides(tmp_path_factory: pytest.TempPathFactory) -> tuple[Side, Side]:
    """botocore as it is, and as it ships."""
    whole, package = Path(botocore.__file__).with_name("data"), tmp_path_factory.mktemp("package")
    pruned = package / "botocore/data"
    pruned.mkdir(parents=True)
    for path in whole.iterdir():
        if path.name in aws.OPERATIONS:
            shutil.copytree(path, pruned / path.name)
        elif path.is_file():
            shutil.copy(path, pruned)
    prune(package, aws.OPERATIONS)
    return Side(whole), Side(pruned)


@pytest.fixture(autouse=True)
def _frozen(monkeypatch: pytest.MonkeyPatch) -> None:
    """A signature depends on the time."""
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda: datetime(2026, 1, 5, 10))  # noqa: DTZ001


def filled(shape: Shape, text: str, around: tuple[str, ...] = ()) -> Any:
    """A value with every member; where a shape is within itself, once."""
    around = (*around, shape.name)
    match shape:
        case StructureShape():
            inner = {name: one for name, one in shape.members.items() if one.name not in around}
            return {name: filled(one, text, around) for name, one in inner.items()}
        case ListShape():
            return [] if shape.member.name in around else [filled(shape.member, text, around)]
        case MapShape():
            return {} if shape.value.name in around else {text: filled(shape.value, text, around)}
        case _:
            return scalar(shape, text)


def scalar(shape: Shape, text: str) -> Any:
    least = int(shape.metadata.get("min", 1))
    values: dict[str, Callable[[], Any]] = {
        "string": lambda: (shape.enum or [text.ljust(least, "x")])[0],
        "integer": lambda: max(least, 1),
        "long": lambda: max(least, 1),
        "double": lambda: 1.5,
        "float": lambda: 1.5,
        "boolean": lambda: True,
        "blob": lambda: b"bytes",
        "timestamp": lambda: 1767607200,
    }
    return values[shape.type_name]()


def as_json(value: Any) -> bytes:
    """A value as the services' protocol has it."""
    return json.dumps(value, default=lambda binary: base64.b64encode(binary).decode()).encode()


def depth(value: Any) -> int:
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + max(map(depth, children), default=0)


@pytest.mark.parametrize(("service", "operation"), CALLS)
def test_the_same_request_is_built_for_each_region_and_kind_of_endpoint(
    sides: tuple[Side, Side], service: str, operation: str
) -> None:
    whole = sides[0]
    hosts = set()
    for region, way, text in product(REGIONS, WAYS, TEXTS):
        parameters = filled(whole.model(service, operation).input_shape, text)
        sent = []
        for side in sides:
            side.sent, side.answer = None, (200, {}, b"{}")
            said = side.call(side.client(service, region, way), operation, parameters)
            sent.append(side.sent or said)
        assert sent[0] == sent[1], (region, way, text)
        hosts.add(str(sent[0][1]).split("/")[2])
    assert len(hosts) >= len(REGIONS)


@pytest.mark.parametrize(("service", "operation"), CALLS)
def test_the_same_parameters_are_refused(sides: tuple[Side, Side], service: str, operation: str) -> None:
    shape = sides[0].model(service, operation).input_shape
    complete = filled(shape, TEXTS[0])
    wrong = [{}, {**complete, "Unknown": 1}, *({**complete, name: object()} for name in shape.members)]
    for parameters in wrong:
        told = [side.call(side.client(service), operation, parameters) for side in sides]
        assert told[0] == told[1]
        assert told[0][0] in ("ParamValidationError", "EndpointResolutionError", "JMESPathTypeError")


@pytest.mark.parametrize(("service", "operation"), CALLS)
def test_the_same_answer_is_read(sides: tuple[Side, Side], service: str, operation: str) -> None:
    model = sides[0].model(service, operation)
    answer = filled(model.output_shape, TEXTS[0])
    told = read(sides, service, operation, (200, {"x-amzn-requestid": "r"}, as_json(answer)))
    assert told[0] == told[1]
    members = {name: value for name, value in told[0].items() if name != "ResponseMetadata"}
    assert set(members) == set(model.output_shape.members)
    assert depth(members) == depth(answer)


@pytest.mark.parametrize(("service", "operation"), CALLS)
def test_the_same_errors_are_read(sides: tuple[Side, Side], service: str, operation: str) -> None:
    known = {shape.name: shape for shape in sides[0].model(service, operation).error_shapes}
    assert known
    for name in (*known, *(common for common in COMMON_ERRORS if common not in known)):
        members = filled(known[name], TEXTS[0]) if name in known else {}
        code = known[name].error_code if name in known else name
        headers = {"x-amzn-requestid": "r", "x-amzn-query-error": f"{code};Sender"}  # what SQS still adds
        body = as_json({**members, "__type": f"com.amazonaws#{name}", "message": "told"})
        told = read(sides, service, operation, (400, headers, body))
        assert told[0] == told[1]
        kind, _, response, text = told[0]
        assert kind in ((name,) if name in known else (name, "ClientError"))
        assert (response["Error"]["Code"], response["Error"]["Message"]) == (code, "told")
        assert set(members) - {"message", "Message"} <= set(response)
        assert "told" in text


def read(
    sides: tuple[Side, Side], service: str, operation: str, answer: tuple[int, dict[str, str], bytes]
) -> list[Any]:
    parameters = filled(sides[0].model(service, operation).input_shape, TEXTS[0])
    for side in sides:
        side.answer = answer
    return [side.call(side.client(service), operation, parameters) for side in sides]


def test_an_item_that_refuses_a_write_is_read(sides: tuple[Side, Side]) -> None:
    """The state table lives on it: its model is of an error, not of an answer."""
    body = as_json({"__type": "com.amazonaws#ConditionalCheckFailedException", "Item": {"pk": {"S": "one"}}})
    for side in sides:
        side.answer = (400, {}, body)
        *_, response, _ = side.call(
            side.client("dynamodb"), "PutItem", {"TableName": "t", "Item": {"pk": {"S": "one"}}}
        )
        assert response["Item"] == {"pk": {"S": "one"}}


def test_nothing_is_left_that_no_operation_reaches(sides: tuple[Side, Side]) -> None:
    for service, operations in aws.OPERATIONS.items():
        whole, pruned = (side.client(service).meta.service_model for side in sides)
        assert set(pruned.operation_names) == set(operations)
        assert set(pruned.shape_names) < set(whole.shape_names)
        assert [shape.name for shape in pruned.error_shapes] == [shape.name for shape in whole.error_shapes]
    assert not [path for path in sides[1].models.rglob("*.json") if '"documentation":"' in path.read_text("utf-8")]


MODEL: dict[str, Any] = {
    "operations": {
        "Put": {"input": {"shape": "In"}, "errors": [{"shape": "Failed"}], "documentation": "<p>Puts.</p>"},
        "Get": {"output": {"shape": "Other"}, "errors": [{"shape": "Denied"}]},
    },
    "shapes": {
        "Denied": {"type": "structure", "members": {}, "exception": True},
        "Failed": {"type": "structure", "members": {"Item": {"shape": "Map"}}, "exception": True},
        "In": {"type": "structure", "members": {"documentation": {"shape": "Text", "documentation": "A text."}}},
        "Map": {"type": "map", "key": {"shape": "Text"}, "value": {"shape": "List"}},
        "List": {"type": "list", "member": {"shape": "Map"}},
        "Other": {"type": "structure", "members": {"shape": {"shape": "Text"}}},
        "Text": {"type": "string", "documentation": "<p>Any.</p>"},
    },
    "documentation": "<p>All.</p>",
}


def test_what_an_operation_reaches_is_kept_by_any_way_and_whatever_it_is_called() -> None:
    pruned = of_operations(MODEL, ["Put"])
    assert list(pruned["operations"]) == ["Put"]
    assert list(pruned["shapes"]) == ["Denied", "Failed", "In", "Map", "List", "Text"]
    assert pruned["shapes"]["In"]["members"] == {"documentation": {"shape": "Text"}}
    assert "<p>" not in json.dumps(pruned)
    assert list(of_operations(MODEL, ["Get"])["shapes"]) == ["Denied", "Failed", "Map", "List", "Other", "Text"]
    assert without_documentation(["<p>", {"documentation": "<p>"}]) == ["<p>", {}]


def test_an_operation_that_does_not_exist_is_an_error_of_the_build() -> None:
    with pytest.raises(KeyError, match="Putt"):
        of_operations(MODEL, ["Putt"])
