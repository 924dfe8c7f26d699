"""A secret that is refused: replaced, held back, looked for again."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from handler.adapters.credential import HOLD_REFUSAL_SECONDS, RECHECK_SECONDS, Credential
from handler.errors import ConfigError, SlackError

from .canary import CANARY, safe

OLD, NEW = f"old-{CANARY}", f"new-{CANARY}"


class Store:
    """A secret store whose cache is older than what it holds, and a server that takes one secret."""

    def __init__(self, held: str = OLD, valid: str = NEW) -> None:
        self.cached, self.held, self.valid = OLD, held, valid
        self.now = 1_770_000_000.0
        self.fresh_reads = 0
        self.used: list[str] = []
        self.error: Exception | None = None

    def get(self, name: str, *, fresh: bool = False) -> str:
        if fresh:
            self.fresh_reads += 1
            if self.error:
                raise self.error
            self.cached = self.held
        return self.cached

    def call(self, secret: str) -> str:
        self.used.append(secret)
        if secret != self.valid:
            raise SlackError("SLACK_CREDENTIAL", "token_revoked")
        return "done"

    def credential(self, hold: float = HOLD_REFUSAL_SECONDS) -> Credential:
        return Credential(self, "slack-token", re.compile(".+"), "a token", hold=hold, clock=lambda: self.now)


def use(credential: Credential, call: Callable[[str], str]) -> str:
    return credential.use(call, "SLACK_CREDENTIAL")


def refused(credential: Credential, store: Store) -> SlackError:
    with pytest.raises(SlackError, match="SLACK_CREDENTIAL: token_revoked") as raised:
        use(credential, store.call)
    safe(raised.value)
    return raised.value


def test_a_replaced_secret_is_used_at_once() -> None:
    store = Store(held=NEW)
    credential = store.credential()
    assert [use(credential, store.call) for _ in range(2)] == ["done"] * 2
    assert store.used == [OLD, NEW, NEW]


@pytest.mark.parametrize("held", [OLD, f"other-{CANARY}"])
def test_a_refused_secret_is_left_alone_for_half_a_minute(held: str) -> None:
    store = Store(held)
    credential = store.credential()
    first = refused(credential, store)
    sent = len(store.used)
    for _ in range(29):
        store.now += 1
        again = refused(credential, store)
        assert (again is first, again.reason, len(store.used)) == (False, "token_revoked", sent)
    assert store.fresh_reads == 1 + int(29 // RECHECK_SECONDS)
    store.now += 1
    refused(credential, store)
    assert store.used[sent:] == [held]


def test_a_secret_that_was_replaced_meanwhile_is_found_within_seconds() -> None:
    store = Store()
    credential = store.credential()
    refused(credential, store)
    store.held = NEW
    store.now += RECHECK_SECONDS - 1
    refused(credential, store)
    store.now += 1
    assert use(credential, store.call) == "done"
    assert store.used == [OLD, NEW]


def test_a_secret_that_is_mended_on_the_other_side_is_tried_again() -> None:
    store = Store()
    credential = store.credential()
    refused(credential, store)
    store.valid = OLD
    store.now += HOLD_REFUSAL_SECONDS
    assert [use(credential, store.call) for _ in range(2)] == ["done"] * 2


def test_one_of_many_tries_it_again_while_the_others_wait() -> None:
    store = Store()
    credential = store.credential()
    refused(credential, store)
    store.now += HOLD_REFUSAL_SECONDS
    trying, others = threading.Event(), threading.Event()

    def slow(secret: str) -> str:
        trying.set()
        assert others.wait(10)
        return "done"

    with ThreadPoolExecutor(1) as pool:
        probe = pool.submit(use, credential, slow)
        assert trying.wait(10)
        refused(credential, store)
        others.set()
        assert probe.result() == "done"
    assert store.used == [OLD]
    store.valid = OLD
    assert use(credential, store.call) == "done"


def test_another_failure_says_that_the_secret_is_not_refused_any_more() -> None:
    store = Store()
    credential = store.credential()
    refused(credential, store)
    store.now += HOLD_REFUSAL_SECONDS

    def archived(secret: str) -> str:
        raise SlackError("SLACK_CONFIG", "is_archived")

    store.valid = OLD
    with pytest.raises(SlackError, match="is_archived"):
        use(credential, archived)
    assert use(credential, store.call) == "done"


def test_a_refusal_that_need_not_be_about_the_secret_holds_nothing_back() -> None:
    store = Store()
    credential = store.credential(hold=0.0)
    for _ in range(3):
        refused(credential, store)
    assert store.used == [OLD] * 3


def test_a_store_that_is_down_is_not_taken_for_a_refusal() -> None:
    """Then it is unknown whether the secret was replaced, so events wait instead of being parked."""
    store = Store()
    credential = store.credential()
    refused(credential, store)
    store.error = ConfigError("CONFIG_UNAVAILABLE", "secret slack-token: EndpointConnectionError")
    store.now += RECHECK_SECONDS
    with pytest.raises(ConfigError) as raised:
        use(credential, store.call)
    assert raised.value.retry


@pytest.mark.parametrize("clock", [-3600.0, 3600.0])
def test_a_clock_that_is_set_holds_nothing_for_longer(clock: float) -> None:
    store = Store()
    credential = store.credential()
    refused(credential, store)
    store.now += clock
    store.valid = OLD
    assert use(credential, store.call) == "done"
