"""AWS JSON 1.1: parses a request into an operation and its input, validated against botocore's service model."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import botocore.session
from botocore.validate import ParamValidator

from lab.cloudmap.model import ApiError
from lab.cloudmap.operations import OPERATIONS

TARGET: Final = "Route53AutoNaming_v20170314."
SIGNED: Final = re.compile(r"AWS4-HMAC-SHA256 Credential=[^/]+/\d{8}/[a-z0-9-]+/servicediscovery/aws4_request,.*")

_model: Final = botocore.session.Session().get_service_model("servicediscovery")


def operation(headers: Mapping[str, str]) -> str:
    """Return the operation of a request. Raises ApiError if it is unknown, or not signed for this service.

    The signature itself is not verified: the stand-in knows no secret key.
    """
    name = headers.get("x-amz-target", "").removeprefix(TARGET)
    if name not in OPERATIONS:
        raise ApiError("UnknownOperationException", "there is no such operation here")
    if not headers.get("authorization"):
        raise ApiError("MissingAuthenticationTokenException", "Missing Authentication Token")
    if not SIGNED.fullmatch(headers["authorization"]):
        raise ApiError("InvalidSignatureException", "not signed for servicediscovery")
    return name


def parameters(name: str, body: str) -> dict[str, Any]:
    """Return an operation's input. Raises ApiError if it is no JSON object, or violates the API's model."""
    try:
        given = json.loads(body)
    except ValueError as error:
        raise ApiError("SerializationException", "the body is no JSON") from error
    shape = _model.operation_model(name).input_shape
    report = ParamValidator().validate(given, shape)
    if report.has_errors():
        raise ApiError("InvalidInput", report.generate_report())
    if problem := next(_violations(given, shape), None):
        raise ApiError("InvalidInput", problem)
    return dict(given)


def _violations(given: Mapping[str, Any], shape: Any) -> Iterator[str]:
    """Yield violations that botocore leaves to the service to check: maximum values, enums and patterns."""
    for name, value in given.items():
        rule = shape.members[name].metadata
        size = value if isinstance(value, int) else len(value)
        if size > rule.get("max", size):
            yield f"{name} is more than {rule['max']}"
        if value not in rule.get("enum", [value]):
            yield f"{name} is none of {', '.join(rule['enum'])}"
        if not re.search(rule.get("pattern", ""), value if isinstance(value, str) else ""):
            yield f"{name} is not of the form {rule['pattern']}"
