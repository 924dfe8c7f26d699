"""X-Ray tracing: a subsegment for each look-up of an API, each SELECT and each request.

Each goes to the local X-Ray daemon as one datagram, without the X-Ray SDK: that takes a tenth of a second to import and
is no longer maintained. This module is imported only if the deployment enables it (TraceDownstream).
https://docs.aws.amazon.com/xray/latest/devguide/xray-api-segmentdocuments.html
"""

from __future__ import annotations

import json
import secrets
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import replace
from typing import Any, Final

from handler.addresses import ApiAddress
from handler.errors import NotifierError, SlackError
from handler.frozen import frozen
from handler.instances import Listing, ResolveError, Resolver
from handler.model import Message, Receipt, Replication, Row, Value
from handler.ports import Api, Database, Slack

_HEADER: Final = b'{"format": "json", "version": 1}\n'


class Tracer:
    """Sends subsegments of the invocation that the environment currently names, if it is sampled.

    Thread-safe. If the daemon does not accept a subsegment, it is lost: no event may fail because of a trace.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        """Read AWS_XRAY_DAEMON_ADDRESS now, and _X_AMZN_TRACE_ID, which changes, for each subsegment."""
        host, _, port = environment.get("AWS_XRAY_DAEMON_ADDRESS", "").rpartition(":")
        self._daemon = (host, int(port)) if host and port.isdigit() else None
        self._environment = environment

    @contextmanager
    def waiting(self, name: str, **noted: str) -> Iterator[None]:
        """Trace the block as a subsegment. Its annotations are `noted` and the code of an error that it raises."""
        began = time.time()
        failure: dict[str, Any] = {}
        try:
            yield
        except (NotifierError, ResolveError) as error:
            code = error.code if isinstance(error, NotifierError) else error.failure.name
            noted = {**noted, "code": code}
            throttled = isinstance(error, SlackError) and code == "SLACK_RATE_LIMITED"
            failure = {"error": True, "throttle": True} if throttled else {"fault": True}
            raise
        finally:
            self._send({"name": name, "start_time": began, "end_time": time.time(), "annotations": noted, **failure})

    def _send(self, said: Mapping[str, Any]) -> None:
        parts = self._environment.get("_X_AMZN_TRACE_ID", "").split(";")
        trace = dict(part.split("=", 1) for part in parts if "=" in part)
        if not self._daemon or trace.get("Sampled") != "1" or not {"Root", "Parent"} <= trace.keys():
            return
        ids = {"id": secrets.token_hex(8), "trace_id": trace["Root"], "parent_id": trace["Parent"]}
        document = {**ids, "type": "subsegment", "namespace": "remote", **said}
        with suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
            datagrams.setblocking(False)
            datagrams.sendto(_HEADER + json.dumps(document).encode(), self._daemon)


@frozen
class _Database:
    inner: Database
    tracer: Tracer

    def select(self, database: str, sql: str, parameters: Mapping[str, Value], limit: int) -> list[Row]:
        with self.tracer.waiting(f"database {database}"):
            return self.inner.select(database, sql, parameters, limit)

    def replicating(self, database: str) -> Replication | None:
        return self.inner.replicating(database)


@frozen
class _Api:
    inner: Api
    tracer: Tracer

    def get(self, api: str, path: str) -> Value:
        with self.tracer.waiting(f"API {api}"):
            return self.inner.get(api, path)

    def get_all(self, api: str, path: str) -> list[Value]:
        with self.tracer.waiting(f"API {api}", instances="all"):
            return self.inner.get_all(api, path)

    def invocation(self) -> AbstractContextManager[Callable[[str], None]]:
        return self.inner.invocation()


@frozen
class _Resolver:
    inner: Resolver
    name: str
    tracer: Tracer

    def resolve(self, seconds: float) -> Listing:
        with self.tracer.waiting(f"resolve {self.name}"):
            return self.inner.resolve(seconds)


@frozen
class _Slack:
    inner: Slack
    tracer: Tracer

    def post(self, message: Message) -> Receipt:
        with self.tracer.waiting("Slack", call="post"):
            return self.inner.post(message)

    def edit(self, message: Message, ts: str) -> Receipt:
        with self.tracer.waiting("Slack", call="edit"):
            return self.inner.edit(message, ts)

    def find(self, message: Message, since: float) -> Receipt | None:
        with self.tracer.waiting("Slack", call="find"):
            return self.inner.find(message, since)


def addresses(found: Mapping[str, ApiAddress], tracer: Tracer) -> dict[str, ApiAddress]:
    """Return the addresses with look-ups that are traced."""
    return {
        name: replace(one, origin=replace(one.origin, resolver=_Resolver(one.origin.resolver, name, tracer)))
        for name, one in found.items()
    }


def database(port: Database, tracer: Tracer) -> Database:
    """Return the databases with SELECTs that are traced."""
    return _Database(port, tracer)


def api(port: Api, tracer: Tracer) -> Api:
    """Return the APIs with requests that are traced."""
    return _Api(port, tracer)


def slack(found: Slack, tracer: Tracer) -> Slack:
    """Return Slack with requests that are traced."""
    return _Slack(found, tracer)
