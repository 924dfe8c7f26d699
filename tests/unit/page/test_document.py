"""The page's HTML: what is given to its script stands in it, whatever it says, and harms nothing."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest

from cli import language
from cli.page import document, static

HOSTILE = "</script><script>alert(1)</script><!-- <script> \u2028\u2029 &amp; 漢字"


def given(html: str) -> Any:
    (text,) = re.findall(r'<script type="application/json" id="given">(.*?)</script>', html)
    return json.loads(text)


def test_the_script_gets_what_is_given_and_the_words() -> None:
    html = document.document(stream="/stream", items={"a": HOSTILE})
    found = given(html)
    assert (found["stream"], found["items"]["a"]) == ("/stream", HOSTILE)
    assert found["words"]["en"] == {}
    assert found["words"]["ja"]["Notifications"] == "通知"
    assert html.count("<script") == 2


@pytest.mark.parametrize(
    ("variable", "chosen", "known"), [("", None, None), ("ja", None, "ja"), ("ja", "en", "en"), ("xx", None, None)]
)
def test_the_language_is_the_chosen_one_or_left_to_the_browser(
    monkeypatch: pytest.MonkeyPatch, variable: str, chosen: str | None, known: str | None
) -> None:
    monkeypatch.setenv(language.VARIABLE, variable)
    monkeypatch.setattr(language, "_chosen", chosen)
    assert given(document.document())["language"] == known


def test_one_file_has_everything_and_runs_nothing_else(bundle: Path) -> None:
    html = static.page({"notification:a.b": {"kind": "notification", "description": HOSTILE}})
    assert given(html)["items"]["notification:a.b"]["description"] == HOSTILE
    assert "/page/" not in html
    (policy,) = re.findall(r'Content-Security-Policy" content="(.*?)"', html)
    assert "unsafe" not in policy
    script, styles = re.findall(r"<script>(.*?)</script>", html), re.findall(r"<style>(.*?)</style>", html)
    assert script == [r"const a = '<\/script>\x3c!--<script>';"]
    for text in (*script, *styles):
        assert f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}" in policy


def test_a_page_is_bundled_when_all_of_it_is_there(bundle: Path) -> None:
    assert document.bundled()
    (bundle / "app.css").unlink()
    assert not document.bundled()
