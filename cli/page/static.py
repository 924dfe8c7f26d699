"""The page as a single file that needs no server and no network."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final

from cli.page import document

_STYLES: Final = '<link rel="stylesheet" href="/page/app.css">'
_SCRIPT: Final = '<script src="/page/app.js" defer></script>'
_END: Final = "</body>"
# Only the script and the styles in the file itself are allowed, whatever a message contains.
_POLICY: Final = (
    "default-src 'none'; script-src '{script}'; style-src '{styles}'; img-src data:; "
    "base-uri 'none'; form-action 'none'"
)


def page(items: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the HTML of a page that shows these items and no others."""
    styles = _bundled("app.css").replace("</style", r"<\/style")
    script = _bundled("app.js").replace("</script", r"<\/script").replace("<!--", r"\x3c!--")
    policy = _POLICY.format(script=_hash(script), styles=_hash(styles))
    head = f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n    <style>{styles}</style>'
    html = document.document(items=items).replace(_SCRIPT, "", 1).replace(_STYLES, head, 1)
    before, end, after = html.rpartition(_END)
    return f"{before}<script>{script}</script>\n  {end}{after}"


def _bundled(name: str) -> str:
    return (document.BUNDLE / name).read_text("utf-8")


def _hash(text: str) -> str:
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"
