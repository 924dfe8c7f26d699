"""The floor of an event: the function's external calls for it, repeated for other events in a bare loop.

The calls are recorded from the function itself, for one event: the two conditional writes of its ledger and its post to
Slack. So the floor's items and messages have the same size and conditions as the function's.

The floor's AWS client is created as the function's is (`handler.aws.client`), so that the comparison is about our code
and not about a setting of botocore. For the same reason it sends the same headers.
"""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final
from unittest.mock import patch
from uuid import uuid4

import pymysql
import urllib3
from botocore.endpoint import Endpoint

from bench.rig import Rig
from handler import aws
from handler.adapters.http.exchange import Answer, Exchange
from lab.shop import SCHEMA

_CONNECTIONS: Final = 10  # to Slack, as the function's


@dataclass(frozen=True)
class Recorded:
    """The function's calls for one event: the PutItem before the post and the one after it, and the post."""

    claim: Mapping[str, Any]
    ending: Mapping[str, Any]
    url: str
    headers: Mapping[str, str]
    body: bytes
    message: Mapping[str, Any]


def recorded(act: Callable[[], None]) -> Recorded:
    """Record a call of the function that handles one event. Raises ValueError if it made more or fewer calls for it."""
    puts: list[Mapping[str, Any]] = []
    posts: list[tuple[str, Mapping[str, str], bytes]] = []
    make, send = Endpoint.make_request, Exchange.send

    def made(self: Endpoint, operation: Any, request: dict[str, Any]) -> Any:
        if operation.name == "PutItem":
            puts.append(json.loads(request["body"]))
        return make(self, operation, request)

    def sent(
        self: Exchange, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None, **more: Any
    ) -> Answer:
        posts.append((url, headers, body or b""))
        return send(self, method, url, headers, body, **more)

    with patch.object(Endpoint, "make_request", made), patch.object(Exchange, "send", sent):
        act()
    (claim, ending), (post,) = puts, posts
    return Recorded(claim, ending, *post, json.loads(post[-1]))


@dataclass(frozen=True)
class Floor:
    """One connection to the replica, for one thread, and thread-safe clients of DynamoDB and Slack."""

    database: Any
    dynamodb: Any
    slack: urllib3.PoolManager

    def row(self, sql: str, number: int) -> Mapping[str, Any]:
        """Return the row of a lookup's SELECT for this id."""
        with self.database.cursor() as cursor:
            cursor.execute(sql, {"id": number})
            row: Mapping[str, Any] = cursor.fetchone()
            return row

    def deliver(self, known: Recorded, event: str, text: str) -> None:
        """Post this text like the recorded post, between two ledger writes for the event with this identity."""
        self.dynamodb.put_item(**_anew(known.claim, event))
        body = _body(known, text)
        answer = self.slack.request("POST", known.url, body=body, headers=known.headers).json()
        if not answer["ok"]:
            raise RuntimeError(f"Slack refused the post: {answer}")
        self.dynamodb.put_item(**_anew(known.ending, event))


@contextmanager
def running_floor(rig: Rig) -> Iterator[Floor]:
    """Open the floor's connections to the rig, whose settings are in this process's environment."""
    reader, replica = rig.cloud.database.reader, rig.cloud.database.replica
    database = pymysql.connect(
        host="localhost", port=replica.port, user=reader.user, password=reader.password, database=SCHEMA,
        ssl=ssl.create_default_context(cafile=str(rig.cloud.database.ca)), autocommit=True,
        cursorclass=pymysql.cursors.DictCursor,
    )  # fmt: skip
    roots = ssl.create_default_context(cafile=str(rig.roots))
    with database, urllib3.PoolManager(maxsize=_CONNECTIONS, ssl_context=roots) as slack:
        yield Floor(database, aws.client("dynamodb"), slack)


def check(known: Recorded, text: str) -> None:
    """Raise RuntimeError unless the floor's post for the recorded event equals the function's."""
    if _body(known, text) != known.body:
        raise RuntimeError(f"the floor posts {_body(known, text)!r} where the function posts {known.body!r}")


def _anew(put: Mapping[str, Any], event: str) -> dict[str, Any]:
    """Return the same PutItem for another event."""
    own = {"pk": {"S": f"event#{event}"}, "at": {"N": repr(time.time())}, "written_by": {"S": uuid4().hex}}
    return {**put, "Item": {**put["Item"], **own}}


def _body(known: Recorded, text: str) -> bytes:
    return json.dumps({**known.message, "text": text}).encode()
