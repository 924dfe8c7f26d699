"""A way that can be closed, jammed, or made to lose answers, as clients meet it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import botocore.session
import pytest
import urllib3
from botocore.config import Config
from botocore.exceptions import ClientError

from lab.processes import free_port
from lab.tcp_fault_proxy import TcpFaultProxy, switched


@pytest.fixture
def asked() -> list[str]:
    return []


@pytest.fixture
def switch(asked: list[str]) -> Iterator[TcpFaultProxy]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    with switched(free_port(), server.server_address[1]) as switch:
        yield switch
    server.shutdown()
    server.server_close()
    thread.join()


def test_what_becomes_of_a_connection(switch: TcpFaultProxy, asked: list[str]) -> None:
    with urllib3.HTTPConnectionPool("127.0.0.1", switch.port, retries=False) as http:
        assert http.request("GET", "/1").status == 200
        switch.set("lose")
        with pytest.raises(urllib3.exceptions.ProtocolError):
            http.request("GET", "/2")
        switch.set("pass")
        assert http.request("GET", "/3").status == 200
        switch.set("refuse")
        with pytest.raises(urllib3.exceptions.NewConnectionError):  # the one that was open is reset
            http.request("GET", "/4")
        switch.set("pass")
        assert http.request("GET", "/6").status == 200
    assert asked == ["/1", "/2", "/3", "/6"]


def test_a_client_of_dynamodb_is_throttled(switch: TcpFaultProxy, asked: list[str]) -> None:
    session = botocore.session.Session()
    session.set_credentials("test", "test")
    config = Config(retries={"total_max_attempts": 1})
    url = f"http://127.0.0.1:{switch.port}"
    dynamodb = session.create_client("dynamodb", region_name="us-east-1", endpoint_url=url, config=config)
    switch.set("throttle")
    with pytest.raises(dynamodb.exceptions.ProvisionedThroughputExceededException):
        dynamodb.query(TableName="t")
    with pytest.raises(ClientError, match="ProvisionedThroughputExceededException"):
        dynamodb.list_tables()
    dynamodb.close()
    assert asked == []
