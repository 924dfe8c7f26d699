"""The page's files, as a server or a file hands them out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from cli import language
from cli.language import later

HERE: Final = Path(__file__).parent
BUNDLE: Final = HERE / "dist"
ASSETS: Final = {"app.js": "text/javascript; charset=utf-8", "app.css": "text/css; charset=utf-8"}
MISSING: Final = later("The page is not bundled yet. Run: make page")
UNANSWERED: Final = later("No answer. Does `notifier demo` still run?")
# Nothing from elsewhere is loaded, and no text of a message can run: scripts come from this origin's files alone.
HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}
_GAP: Final = '<script type="application/json" id="given">{}</script>'


def bundled() -> bool:
    """Whether `make page` was run, or the page came with the package."""
    return all((BUNDLE / name).exists() for name in ASSETS)


def document(**given: Any) -> str:
    """Return the page's HTML with what its script is given beside its words.

    `stream` is the address of the items, or `items` has them; `ask` is the address that answers for a real row.
    """
    words = {name: dict(language.translations(name)) for name in language.LANGUAGES}
    known = {"language": language.given(), "words": words, **given}
    return (HERE / "index.html").read_text("utf-8").replace(_GAP, _GAP.replace("{}", in_script(known)))


def in_script(known: Mapping[str, Any]) -> str:
    """Return JSON that a script element can hold: no text in it ends the element, or begins a comment."""
    text = json.dumps(known, ensure_ascii=False, separators=(",", ":"))
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text
