"""At whatever level: libraries say nothing below WARNING, and nothing with a value in it."""

from __future__ import annotations

import io
import json
import logging
import subprocess
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter

from handler import app, logs
from handler.errors import SourceError
from handler.logs import LibraryFilter, set_up
from tests.unit.test_app import Context

CANARY = "c4n4ry"
SERVICE = app.logger.service
LEVELS = [logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR, logging.CRITICAL, 5, 35]
LIBRARIES = [
    "root", "boto3", "botocore.endpoint", "botocore.parsers", "urllib3.connectionpool", "slack_sdk.web.base_client",
    "pymysql", "jinja2", "asyncio", "concurrent.futures", "aws_lambda_powertools.metrics", "py.warnings",
    "dns.resolver", "a_library_of_next_year", "handlers", "handler_of_others", f"{SERVICE}s",
]  # fmt: skip
OURS = [SERVICE, f"{SERVICE}.child", "handler", "handler.adapters.state.intake_queue"]


@contextmanager
def heard(name: str) -> Iterator[tuple[logging.Logger, io.StringIO]]:
    """A logger that was told to say everything, and what its handler writes, set up as in the function."""
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(LambdaPowertoolsFormatter())
    handler.addFilter(LibraryFilter((SERVICE, "handler")))
    logger = logging.getLogger(None if name == "root" else name)
    before = logger.level, logger.propagate, logger.handlers
    logger.propagate, logger.handlers = False, [handler]
    logger.setLevel(1)
    try:
        yield logger, out
    finally:
        logger.propagate, logger.handlers = before[1:]
        logger.setLevel(before[0])


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("name", LIBRARIES)
def test_a_library_is_heard_from_warning_on_and_without_values(name: str, level: int) -> None:
    with heard(name) as (library, output):
        extra = {"response": CANARY}
        library.log(level, "took %s from %s", CANARY, "there", extra=extra)
        library.log(level, f"took {CANARY}")
        library.log(level, "took nothing")
        library.log(level, {"took": CANARY})
        library.log(level, ValueError(CANARY))
        library.log(level, "took %d", CANARY)
    lines = [json.loads(line) for line in output.getvalue().splitlines()]
    assert CANARY not in output.getvalue()
    if level < logging.WARNING:
        assert lines == []
        return
    assert len(lines) == 6
    assert lines[0]["message"].startswith("took %s from %s (test_logs.py:")
    assert lines[1]["message"].startswith("a text with values (test_logs.py:")
    assert lines[2]["message"].startswith("took nothing (test_logs.py:")
    assert "response" not in lines[0]


def test_an_error_of_a_library_is_told_by_its_types_and_places() -> None:
    def inner() -> None:
        raise KeyError(CANARY)

    def outer() -> None:
        try:
            inner()
        except KeyError as error:
            raise RuntimeError(CANARY) from error

    with heard("botocore.credentials") as (library, output):
        try:
            outer()
        except RuntimeError:
            library.exception("it failed", stack_info=True)
    assert CANARY not in output.getvalue()
    message = json.loads(output.getvalue())["message"]
    assert message.startswith("it failed (test_logs.py:")
    assert "RuntimeError at test_logs.py:" in message
    assert "KeyError at test_logs.py:" in message


@pytest.mark.parametrize("name", OURS)
@pytest.mark.parametrize("level", [logging.DEBUG, logging.INFO, logging.WARNING])
def test_our_own_lines_stay_as_they_are(name: str, level: int) -> None:
    with heard(name) as (logger, output):
        logger.log(level, "%s of %d", "one", 2, extra={"code": "X"})
    line = json.loads(output.getvalue())
    assert (line["message"], line["code"]) == ("one of 2", "X")


def test_a_record_that_passes_two_handlers_is_reduced_once() -> None:
    record = logging.LogRecord("botocore", logging.WARNING, "x.py", 1, "a %s", (CANARY,), None)
    LibraryFilter(("handler",)).filter(record)
    once = record.getMessage()
    LibraryFilter(("notifier",)).filter(record)
    assert record.getMessage() == once


def test_every_handler_that_is_there_is_filtered_and_every_level_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    root, own = logging.getLogger(), logging.getLogger("handler")
    levels = root.level, own.level
    library = logging.getLogger("a_library_with_a_handler")
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    library.addHandler(handler)
    service = logging.getLogger(SERVICE)
    monkeypatch.setattr(service, "level", logging.DEBUG)
    monkeypatch.setattr(warnings, "showwarning", warnings.showwarning)
    try:
        for level, kept in (
            (logging.DEBUG, logging.WARNING),
            (logging.NOTSET, logging.WARNING),
            (logging.ERROR, logging.ERROR),
        ):
            root.setLevel(level)
            set_up(service)
            assert root.level == kept
            assert own.level == logging.DEBUG
        library.setLevel(logging.DEBUG)
        library.debug("took %s", CANARY)
        library.warning("took %s", CANARY)
        assert out.getvalue().startswith("took %s (test_logs.py:")
        assert len(handler.filters) == 2
    finally:
        root.setLevel(levels[0])
        own.setLevel(levels[1])
        library.removeHandler(handler)


def test_a_warning_is_told_by_its_type_and_place(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "handler")
    logs._log_warning(UserWarning(CANARY), UserWarning, "/opt/library/module.py", 7)
    assert caplog.messages == ["UserWarning at module.py:7"]


NOISY = """
import logging, os, warnings
logging.basicConfig(level=os.environ["LEVEL"])
from handler import app
logging.getLogger("botocore.endpoint").debug("Authorization %s", "c4n4ry")
logging.getLogger("botocore.endpoint").warning("Authorization %s", "c4n4ry")
logging.getLogger("handler.adapters.state.intake_queue").debug("ours")
app.logger.debug("ours too")
warnings.warn("c4n4ry")
from aws_lambda_powertools import single_metric
with single_metric("c", "Count", 1, namespace="n") as metric:
    metric.add_dimension("d", "e")
import botocore.session
session = botocore.session.get_session()
session.set_credentials("AKIAC4N4RYC4N4RYC4N4", "c4n4ry-secret", "c4n4ry-token")
client = session.create_client("secretsmanager", region_name="eu-west-1", endpoint_url="http://127.0.0.1:9")
try:
    client.get_secret_value(SecretId="c4n4ry")
except Exception:
    pass
"""


@pytest.mark.parametrize("level", ["DEBUG", "INFO", "WARNING"])
@pytest.mark.parametrize("debug", ["true", "false"])
def test_whatever_the_environment_asks_for(level: str, debug: str) -> None:
    environment = {
        "LEVEL": level,
        "POWERTOOLS_LOG_LEVEL": level,
        "AWS_LAMBDA_LOG_LEVEL": level,
        "POWERTOOLS_DEBUG": debug,
        "POWERTOOLS_DEV": debug,
        "POWERTOOLS_LOGGER_LOG_EVENT": "true",
        "POWERTOOLS_SERVICE_NAME": "notifier",
        "AWS_MAX_ATTEMPTS": "1",
        "PYTHONWARNINGS": "default",
        "PYTHONPATH": ":".join(sys.path),
    }
    done = subprocess.run([sys.executable, "-c", NOISY], env=environment, capture_output=True, text=True, check=True)
    written = done.stdout + done.stderr
    assert "c4n4ry" not in written.lower().replace("akiac4n4ryc4n4ryc4n4", "c4n4ry")
    assert "Authorization %s (<string>:" in written
    assert "UserWarning at <string>:" in written
    assert ("ours" in written, "ours too" in written) == ((True, True) if level == "DEBUG" else (False, False))


@pytest.mark.parametrize(
    ("raised", "text"),
    [
        (ValueError(CANARY), "INTERNAL: ValueError at test_logs.py:"),
        (KeyError(CANARY), "INTERNAL: KeyError at test_logs.py:"),
        (SourceError("API_TIMEOUT", "default"), "API_TIMEOUT: default"),
    ],
)
def test_what_leaves_the_function_has_no_text_but_ours(
    monkeypatch: pytest.MonkeyPatch, raised: Exception, text: str
) -> None:
    def broken() -> None:
        raise raised

    monkeypatch.setattr(app, "pipeline", broken)
    with pytest.raises(Exception, match=r"[A-Z]+: .*") as caught:
        app.lambda_handler({"Records": []}, Context())
    assert str(caught.value).startswith(text)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
    assert caught.traceback[-1].name == "broken"
