"""Clients of AWS, from one botocore session.

The session is made on first use, so that mistakes in the settings are reported before botocore is loaded.

These are botocore's clients. boto3 only wraps them, and would take a quarter more of the import (docs/decisions/0003).
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping
from functools import cache
from typing import Any, Final
from urllib.parse import parse_qsl, quote, urlencode

from handler import aws_roots

# The operations that the function may call, by botocore's name of each service. The package contains the models of
# these operations and no others.
OPERATIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "dynamodb": ("BatchGetItem", "PutItem", "Query"),
    "secretsmanager": ("GetSecretValue",),
    "servicediscovery": ("DiscoverInstances",),
    "sqs": ("ChangeMessageVisibilityBatch", "GetQueueAttributes", "SendMessage", "SendMessageBatch"),
    "ssm": ("GetParameter",),
}
SERVICES: Final = tuple(OPERATIONS)

# Calls are small and stay in the region. To wait longer would cost paid time; to wait in the queue costs nothing.
CONNECT_SECONDS: Final = 1.0
READ_SECONDS: Final = 2.0
ATTEMPTS: Final = 2
# Maximum size of an answer in bytes. The largest answers list a thousand instances of Cloud Map with their attributes.
LARGEST: Final = 1 << 26

# https://docs.aws.amazon.com/vpc-lattice/latest/ug/sigv4-authenticated-requests.html
_LATTICE: Final = "vpc-lattice-svcs"
_LATTICE_PAYLOAD: Final = {"X-Amz-Content-SHA256": "UNSIGNED-PAYLOAD"}
_TOKEN_SECONDS: Final = 900

_session_lock = threading.Lock()  # botocore's sessions are not thread-safe


def client(
    service: str, *, connect: float = CONNECT_SECONDS, read: float = READ_SECONDS, attempts: int = ATTEMPTS
) -> Any:
    """Make a client with short timeouts, in seconds. Threads may share it. It has only the methods in OPERATIONS.

    Raises one of `failures`, for example if no region is set, and LookupError for a service that is not listed.
    """
    if service not in SERVICES:
        raise LookupError(f"{service} is not in OPERATIONS, so the package does not know it")
    from botocore.config import Config

    config = Config(
        connect_timeout=connect,
        read_timeout=read,
        retries={"mode": "standard", "total_max_attempts": attempts},
        endpoint_discovery_enabled=False,  # it calls DescribeEndpoints, which is not in OPERATIONS
    )
    with _session_lock:
        session = _session()
        made = session.create_client(service, config=config, verify=aws_roots.verify(session))
    _remove_undeclared(made, OPERATIONS[service])
    return made


def signable(target: str) -> str:
    """Return a path and query with the query in the form for which AWS checks the signature.

    All but unreserved characters are percent-encoded, a name without a value gets an empty value, and `+` is a space.
    botocore signs a query as it is, so it must be sent in this form:
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
    """
    path, _, query = target.partition("?")
    # Latin-1 stands for any bytes.
    pairs = parse_qsl(query, keep_blank_values=True, encoding="latin-1")
    return f"{path}?{urlencode(pairs, encoding='latin-1', quote_via=quote)}" if pairs else path


def signed(url: str, headers: Mapping[str, str], service: str, region: str) -> dict[str, str]:
    """Return the headers of a GET, with a signature for an AWS service (Signature Version 4).

    If `region` is empty, it is the function's. Raises one of `failures`.
    """
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest

    credentials, where = _credentials_and_region(region)
    payload = _LATTICE_PAYLOAD if service == _LATTICE else {}
    request = AWSRequest("GET", url, headers={**headers, **payload})
    SigV4Auth(credentials, service, where).add_auth(request)
    return dict(request.headers.items())


def database_token(host: str, port: int, user: str) -> str:
    """Return a token, valid for 15 minutes, with which `user` logs in to an RDS instance. Raises one of `failures`.

    https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.IAMDBAuth.Connecting.html
    """
    from botocore.auth import SigV4QueryAuth
    from botocore.awsrequest import AWSRequest

    credentials, region = _credentials_and_region("")
    request = AWSRequest("GET", f"https://{host}:{port}/", params={"Action": "connect", "DBUser": user})
    SigV4QueryAuth(credentials, "rds-db", region, expires=_TOKEN_SECONDS).add_auth(request)
    return str(request.url).removeprefix("https://")


def failures() -> tuple[type[Exception], ...]:
    """Return the errors of a call that AWS refused or that did not reach AWS. `except` calls this only on an error.

    OSError is one of them: a client reads files when it is made, and the machine may have no file handle left.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    return BotoCoreError, ClientError, OSError


def reason(error: BaseException) -> str:
    """Return AWS's code for the error, or else its class; never its text, which may contain what was sent.

    If there was no TLS connection, it also says why.
    """
    answer = getattr(error, "response", None) or {}
    code = str(answer.get("Error", {}).get("Code") or type(error).__name__)
    why = aws_roots.tls_failure(error) if code == "SSLError" else ""
    return f"{code}: {why}" if why else code


def _credentials_and_region(region: str) -> tuple[Any, str]:
    """Return the function's credentials, and the region; the function's own region if `region` is empty."""
    from botocore.exceptions import NoCredentialsError, NoRegionError

    session = _session()
    credentials = session.get_credentials()
    if credentials is None:
        raise NoCredentialsError
    where = region or session.get_config_variable("region")
    if not where:
        raise NoRegionError
    return credentials.get_frozen_credentials(), where


def _remove_undeclared(made: Any, operations: Collection[str]) -> None:
    """Remove from a client the operations that the package lacks, so that they raise AttributeError in tests too.

    botocore makes a class for each client, so other clients are not affected.
    """
    for method, operation in made.meta.method_to_api_mapping.items():
        if operation not in operations:
            delattr(type(made), method)


@cache
def _read_answers_whole() -> None:
    """Make botocore's connections read each answer to its end, like the notifier's own connections.

    They are urllib3's. After an early hint (103), for example, they return the answer of one call to the next call. A
    pool has an attribute with the class of its connections: https://urllib3.readthedocs.io/en/stable/reference/
    """
    from botocore.awsrequest import AWSHTTPConnectionPool, AWSHTTPSConnectionPool

    from handler.http_framing.boundary import AtBoundary

    for pool in (AWSHTTPConnectionPool, AWSHTTPSConnectionPool):
        made: Any = pool.ConnectionCls
        if issubclass(made, AtBoundary):
            continue  # an earlier call was interrupted by the alarm of the init phase
        pool.ConnectionCls = type(made.__name__, (AtBoundary, made), {"largest": LARGEST})


@cache
def _session() -> Any:
    from botocore.session import get_session

    _read_answers_whole()
    return get_session()
