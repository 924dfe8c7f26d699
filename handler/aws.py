"""Clients of AWS, from one botocore session.

The session is made on first use, so that mistakes in the settings are reported before botocore is loaded.

They are botocore's, which boto3's only wrap: that leaves out a quarter of the import (docs/decisions/0003).
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping
from functools import cache
from typing import Any, Final
from urllib.parse import parse_qsl, quote, urlencode

from handler import aws_roots

# The operations that the function may call, by the names of AWS's API, of each service by botocore's name for it. The
# package holds the models of these and no others.
OPERATIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "dynamodb": ("BatchGetItem", "PutItem", "Query"),
    "secretsmanager": ("GetSecretValue",),
    "servicediscovery": ("DiscoverInstances",),
    "sqs": ("ChangeMessageVisibilityBatch", "GetQueueAttributes", "SendMessage", "SendMessageBatch"),
    "ssm": ("GetParameter",),
}
SERVICES: Final = tuple(OPERATIONS)

# Calls are small and to the same region. Who waits longer does so in an invocation that is paid for; the queue is not.
CONNECT_SECONDS: Final = 1.0
READ_SECONDS: Final = 2.0
ATTEMPTS: Final = 2
# Of an answer, in bytes. The largest are lists of a thousand instances of Cloud Map, with all their attributes.
LARGEST: Final = 1 << 26

# https://docs.aws.amazon.com/vpc-lattice/latest/ug/sigv4-authenticated-requests.html
_LATTICE: Final = "vpc-lattice-svcs"
_LATTICE_PAYLOAD: Final = {"X-Amz-Content-SHA256": "UNSIGNED-PAYLOAD"}
_TOKEN_SECONDS: Final = 900

_session_lock = threading.Lock()  # botocore's sessions are for one thread


def client(
    service: str, *, connect: float = CONNECT_SECONDS, read: float = READ_SECONDS, attempts: int = ATTEMPTS
) -> Any:
    """Make a client with short timeouts, in seconds. Threads may share it. It has the methods of OPERATIONS alone.

    Raises one of `failures`, where no region is set for example, and LookupError for a service that is not listed.
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
    """Return a path and query with the query in the form in which AWS checks its signature.

    There, all but unreserved characters are percent-encoded, and names without a value have an empty one; a `+` is the
    space that it stands for. botocore signs a query as it stands, so that is how it has to be sent:
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
    """
    path, _, query = target.partition("?")
    # Latin-1 stands for any bytes.
    pairs = parse_qsl(query, keep_blank_values=True, encoding="latin-1")
    return f"{path}?{urlencode(pairs, encoding='latin-1', quote_via=quote)}" if pairs else path


def signed(url: str, headers: Mapping[str, str], service: str, region: str) -> dict[str, str]:
    """Return the headers of a GET with those that sign it for an AWS service (Signature Version 4).

    `region` may be empty: then it is the function's. Raises one of `failures`.
    """
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest

    credentials, where = _credentials_and_region(region)
    payload = _LATTICE_PAYLOAD if service == _LATTICE else {}
    request = AWSRequest("GET", url, headers={**headers, **payload})
    SigV4Auth(credentials, service, where).add_auth(request)
    return dict(request.headers.items())


def database_token(host: str, port: int, user: str) -> str:
    """Return a token with which `user` logs in to an RDS instance; it is good for 15 minutes. Raises one of `failures`.

    https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.IAMDBAuth.Connecting.html
    """
    from botocore.auth import SigV4QueryAuth
    from botocore.awsrequest import AWSRequest

    credentials, region = _credentials_and_region("")
    request = AWSRequest("GET", f"https://{host}:{port}/", params={"Action": "connect", "DBUser": user})
    SigV4QueryAuth(credentials, "rds-db", region, expires=_TOKEN_SECONDS).add_auth(request)
    return str(request.url).removeprefix("https://")


def failures() -> tuple[type[Exception], ...]:
    """What a call raises that AWS refused or that never got there; for `except`, which asks only when it has to.

    A client is made at its first call, and reads files: OSError, where the machine has none left to open.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    return BotoCoreError, ClientError, OSError


def reason(error: BaseException) -> str:
    """AWS's code for the error, else its class; never its text, which may hold what was sent.

    Without a TLS connection it also says why.
    """
    answer = getattr(error, "response", None) or {}
    code = str(answer.get("Error", {}).get("Code") or type(error).__name__)
    why = aws_roots.tls_failure(error) if code == "SSLError" else ""
    return f"{code}: {why}" if why else code


def _credentials_and_region(region: str) -> tuple[Any, str]:
    """The function's credentials, and the region, which is its own where none is named."""
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
    """Take from a client what the package does not hold: such a call then fails here too, by the same AttributeError.

    botocore makes a class for each client, so no other client loses anything.
    """
    for method, operation in made.meta.method_to_api_mapping.items():
        if operation not in operations:
            delattr(type(made), method)


@cache
def _read_answers_whole() -> None:
    """Let botocore's connections read each answer to its end, as our own do.

    They are urllib3's, which after an early hint (103), for example, give the answer of one call to the next call. A
    pool makes its connections of the class that it names: https://urllib3.readthedocs.io/en/stable/reference/
    """
    from botocore.awsrequest import AWSHTTPConnectionPool, AWSHTTPSConnectionPool

    from handler.http_framing.boundary import AtBoundary

    for pool in (AWSHTTPConnectionPool, AWSHTTPSConnectionPool):
        made: Any = pool.ConnectionCls
        if issubclass(made, AtBoundary):
            continue  # an alarm ended this function in its middle, and it runs again
        pool.ConnectionCls = type(made.__name__, (AtBoundary, made), {"largest": LARGEST})


@cache
def _session() -> Any:
    from botocore.session import get_session

    _read_answers_whole()
    return get_session()
