"""A link to Block Kit Builder holds the message, or there is none and it says why."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from cli.preview.builder import LONGEST, link
from handler.model import Message


def message(text: str = "Hi", *blocks: dict[str, Any]) -> Message:
    return Message("order", "orders", "C1", text, blocks)


def held(address: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(unquote(urlsplit(address).fragment))["blocks"]
    return found


@pytest.mark.parametrize("text", ["plain", "a & b = c # d % e + f", '"quoted" \\ \n 抹茶 🍵', "<https://a.example|b>"])
def test_blocks_come_back_as_they_were(text: str) -> None:
    block = {"type": "section", "text": {"type": "mrkdwn", "text": text}}
    found = link(message("fallback", block))
    assert found.address.startswith("https://app.slack.com/block-kit-builder/#%7B%22blocks%22")
    assert found.address.isascii()
    assert not set(found.address) & set(' "<>\\')
    assert held(found.address) == [block]


def test_a_message_without_blocks_is_a_section() -> None:
    [block] = held(link(message("*Hi* &amp; bye")).address)
    assert block == {"type": "section", "text": {"type": "mrkdwn", "text": "*Hi* &amp; bye", "verbatim": True}}


@pytest.mark.parametrize(
    ("made", "why"),
    [
        (message("x" * 3001), "must be less than 3001 characters"),
        (message("", *[{"type": "divider"}] * 51), "no more than 50 items allowed"),
        (message("", {"type": "file", "external_id": "A", "source": "remote"}), "does not know the blocks: file"),
        (message("", {"type": "call", "call_id": "R1"}), "does not know the blocks: call"),
        (message("", {"type": "markdown", "text": "茶" * 11_000}), f"browsers take {LONGEST:,}"),
    ],
)
def test_what_cannot_be_opened_says_why(made: Message, why: str) -> None:
    found = link(made)
    assert found.address == ""
    assert why in found.problem
