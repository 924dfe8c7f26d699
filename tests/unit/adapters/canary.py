"""Recognisable fake secrets: a test fails if one appears where it should not."""

from __future__ import annotations

CANARY = "c4n4ry5ecret"
TOKEN = f"xoxb-1-{CANARY}"


class FakeSecrets:
    """Secrets by name. `later` has the values that a fresh read returns, if they differ."""

    def __init__(self, values: dict[str, str], later: dict[str, str] | None = None) -> None:
        self.values = values
        self.later = later or {}
        self.reads: list[tuple[str, bool]] = []

    def get(self, name: str, *, fresh: bool = False) -> str:
        self.reads.append((name, fresh))
        if fresh and name in self.later:
            self.values[name] = self.later[name]
        return self.values[name]


def safe(error: BaseException) -> str:
    """Return the text of an error and its causes, after checking that it contains no secret."""
    texts = []
    seen: BaseException | None = error
    while seen is not None:
        texts.append(f"{seen} {seen!r}")
        seen = seen.__cause__ or (None if seen.__suppress_context__ else seen.__context__)
    text = "\n".join(texts)
    assert CANARY not in text
    return text
