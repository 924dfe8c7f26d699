"""Times as people write and read them, and what AWS refuses in words that help."""

from __future__ import annotations

import time

import click
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError, NoRegionError, ProfileNotFound

from cli.operations import times
from cli.operations.refusals import UnansweredError, asking


@pytest.mark.parametrize(("text", "seconds"), [("90m", 5400), ("24h", 86_400), ("7d", 604_800), ("1 w", 604_800)])
def test_an_age_is_a_moment(text: str, seconds: int) -> None:
    assert times.Moment().convert(text, None, None) == pytest.approx(time.time() - seconds, abs=5)


def test_a_time_is_local_unless_it_says_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        assert times.Moment().convert("2026-01-05T19:00", None, None) == 1_767_607_200.0
        assert times.Moment().convert("2026-01-05T10:00Z", None, None) == 1_767_607_200.0
        assert times.clock(1_767_607_200.0) == "19:00:00"
        assert times.day(1_767_607_200.0) == "Mon 05 Jan 2026 19:00:00 JST"
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize("text", ["", "yesterday", "7", "7y", "2026-13-01", "999999d1"])
def test_what_is_no_time_is_misuse(text: str) -> None:
    with pytest.raises(click.BadParameter, match="write an age such as"):
        times.Moment().convert(text, None, None)


@pytest.mark.parametrize(("text", "share"), [("1%", 0.01), ("0.5%", 0.005), ("0.02", 0.02), ("0", 0.0)])
def test_a_share(text: str, share: float) -> None:
    assert times.Share().convert(text, None, None) == pytest.approx(share)


@pytest.mark.parametrize("text", ["-1%", "101%", "many", "nan"])
def test_what_is_no_share_is_misuse(text: str) -> None:
    with pytest.raises(click.BadParameter, match="write a share"):
        times.Share().convert(text, None, None)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.04, "0.0 s"),
        (9.94, "9.9 s"),
        (10, "10 s"),
        (60, "1 min"),
        (134, "2 min 14 s"),
        (3600, "1 h"),
        (97_200, "1 d 3 h"),
        (-90, "1 min 30 s"),
        (86_410, "1 d"),
    ],
)
def test_a_span_is_said_in_two_units(seconds: float, said: str) -> None:
    assert times.span(seconds) == said


def refused(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "arn:secret"}}, "FilterLogEvents")


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (refused("AccessDeniedException"), "Ask for the action logs:FilterLogEvents"),
        (refused("ExpiredTokenException"), "Log in again"),
        (refused("ThrottlingException"), "AWS answers ThrottlingException to FilterLogEvents"),
        (NoCredentialsError(), "Set AWS_PROFILE, or log in"),
        (NoRegionError(), "Set AWS_REGION"),
        (ProfileNotFound(profile="blue"), "aws configure list-profiles"),
        (EndpointConnectionError(endpoint_url="http://127.0.0.1:9"), "AWS cannot be reached"),
    ],
)
def test_a_refusal_says_what_to_do(error: Exception, says: str) -> None:
    with pytest.raises(UnansweredError) as caught, asking("read the function's log", "logs:FilterLogEvents"):
        raise error
    assert caught.value.message.startswith("Could not read the function's log: ")
    assert says in caught.value.message
    assert "secret" not in caught.value.message
    assert caught.value.exit_code == 2
