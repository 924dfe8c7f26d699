"""A client of the control API, for tests and the demo."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, cast

import urllib3

from lab.slack.control import PREFIX

# The lists of a long run are large.
TIMEOUT_SECONDS: Final = 30.0


class Control:
    """Controls a running stand-in, and reads what it received. `url` is its base URL, `ca` the PEM file to trust."""

    def __init__(self, url: str, ca: Path | None = None) -> None:
        self.url = url
        self._base = f"{url}{PREFIX}"
        self._http = urllib3.PoolManager(ca_certs=str(ca) if ca else None, timeout=TIMEOUT_SECONDS, retries=False)

    def healthy(self) -> bool:
        """Return whether it responds."""
        try:
            return bool(self._call("GET", "health")["ok"])
        except urllib3.exceptions.HTTPError:
            return False

    def close(self) -> None:
        """Close the connections."""
        self._http.clear()

    def messages(self, channel: str = "") -> list[dict[str, Any]]:
        """Return the accepted messages, oldest first; of one channel by its id or name, or of all."""
        return cast("list[dict[str, Any]]", self._call("GET", f"messages?channel={channel.removeprefix('#')}"))

    def channels(self) -> list[dict[str, str]]:
        """Return the channels and the direct messages with people: their `id`, `name` and `rule`."""
        return cast("list[dict[str, str]]", self._call("GET", "channels"))

    def requests(self) -> list[dict[str, Any]]:
        """Return the received requests, oldest first."""
        return cast("list[dict[str, Any]]", self._call("GET", "requests"))

    def order(
        self, kind: str, *, method: str = "", channel: str = "", text: str = "", times: int = 1, **options: Any
    ) -> None:
        """Order a fault (see faults) for the next `times` requests with this method, channel and text (empty: any)."""
        match = {name: value for name, value in (("method", method), ("channel", channel), ("text", text)) if value}
        self._call("POST", "faults", [{"match": match, "times": times, "fault": {"kind": kind, **options}}])

    def due(self) -> list[dict[str, Any]]:
        """Return the pending orders, each with its fault, method, channel, text and remaining times."""
        return cast("list[dict[str, Any]]", self._call("GET", "faults"))

    def forget(self) -> None:
        """Remove all orders."""
        self._call("DELETE", "faults")

    def delete(self, channel: str, ts: str) -> None:
        """Delete a message, as its author could."""
        self._call("DELETE", f"messages/{channel}/{ts}")

    def lock(self, channel: str, ts: str) -> None:
        """Lock the thread of a message, as an administrator could."""
        self._call("POST", f"messages/{channel}/{ts}/lock")

    def advance(self, seconds: float) -> None:
        """Advance its clock."""
        self._call("POST", "advance", {"seconds": seconds})

    def configure(self, **parts: Any) -> None:
        """Replace parts of the configuration, as JSON: `rate={"per_second": 0}`."""
        self._call("PATCH", "config", parts)

    def tell(self, *facts: dict[str, Any]) -> None:
        """Send facts to the page: deliveries, parked events, findings (see lab.page.facts)."""
        self._call("POST", "facts", list(facts))

    def replace(self, kind: str, facts: list[dict[str, Any]]) -> None:
        """Replace all facts of this kind on the page."""
        self._call("PUT", f"facts/{kind}", facts)

    def exhibit(self, items: Mapping[str, Any]) -> None:
        """Replace the notifications on the page (see cli.preview.gallery)."""
        self._call("PUT", "gallery", items)

    def questions(self) -> list[dict[str, Any]]:
        """Return the page's unanswered questions, as {"number", "question"}."""
        return cast("list[dict[str, Any]]", self._call("GET", "questions"))

    def answer(self, number: int, answer: Mapping[str, Any]) -> None:
        """Answer a question of the page: {"answer": ...}, or {"error": reason}."""
        self._call("PUT", f"answers/{number}", answer)

    def reset(self) -> None:
        """Restore its state at the start."""
        self._call("POST", "reset")

    def _call(self, method: str, path: str, document: Any = None) -> Any:
        response = self._http.request(method, f"{self._base}/{path}", json=document)
        answer = response.json()
        if response.status >= 400:
            raise ValueError(f"the Slack stand-in refused {method} {path}: {answer['error']}")
        return answer
