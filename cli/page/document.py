"""The page's files, for a server or a file."""

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
# Nothing is loaded from elsewhere, and no text of a message can run: only this origin's files are scripts.
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
    """Return whether the page was built by `make page`, or came with the package."""
    return all((BUNDLE / name).exists() for name in ASSETS)


def document(**given: Any) -> str:
    """Return the page's HTML. Its script gets the translated texts, and `given`.

    `stream` is the URL of the items, or `items` has them; `ask` is the URL that answers questions about a real row.
    """
    words = {name: dict(language.translations(name)) for name in language.LANGUAGES}
    known = {"language": language.given(), "words": words, **given}
    return (HERE / "index.html").read_text("utf-8").replace(_GAP, _GAP.replace("{}", in_script(known)))


def in_script(known: Mapping[str, Any]) -> str:
    """Return JSON for a script element: no text in it can end the element, or start a comment."""
    text = json.dumps(known, ensure_ascii=False, separators=(",", ":"))
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text
