"""Check the settings, the compiled templates, and the secrets."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from functools import partial

from handler import catalog
from handler.adapters.database.session import Login
from handler.adapters.http.api import HEADER_VALUE
from handler.adapters.slack import senders
from handler.adapters.state.secret_store import SecretStore
from handler.catalog import Catalog
from handler.discovery.paths import PATHS
from handler.errors import CODES, ConfigError, NotifierError
from handler.health.model import Check, Subject, attempt, failed
from handler.model import Poll
from handler.polling import cron
from handler.settings import Settings

_VARIABLE = re.compile(r"NOTIFIER_[A-Z_]+")


def read(environment: Mapping[str, str], egress: str) -> tuple[Subject | None, list[Check]]:
    """Return the deployment to check, and the findings about its settings and its templates.

    A wrong setting is replaced by its default, so that the rest can be checked. If the settings are still invalid, the
    deployment is None.
    """
    settings, checks = _settings(environment)
    if settings is None:
        return None, checks
    compiled, check = _catalog(settings)
    checks.append(check)
    if compiled:
        checks.append(_polls(settings, compiled.polls))
    return Subject(settings, SecretStore(settings.secrets), compiled, egress), checks


def checks(subject: Subject) -> Iterator[Check]:
    """Check that each secret exists and has its form. No secret is shown."""
    settings = subject.settings
    if settings.slack.mode == "bot":
        yield _secret(subject, senders.BOT_SECRET, *senders.BOT_TOKEN)
    else:
        for name in sorted({*subject.destinations.values()} - {""}):
            yield _secret(subject, f"webhooks/{name}", *senders.webhook_form(settings.slack.api_url))
    for database in settings.databases.values():
        if not database.iam_user:
            name = database.login_secret
            yield attempt(f"secret {name.lstrip('/')}", partial(_login, subject, name))
    for api in settings.apis.values():
        if api.header:
            yield _secret(subject, f"apis/{api.name}", *HEADER_VALUE)


def _settings(environment: Mapping[str, str]) -> tuple[Settings | None, list[Check]]:
    try:
        settings = Settings.from_environment(environment, PATHS)
    except ConfigError as error:
        wrong = set(_VARIABLE.findall(error.detail))
        rest = {name: value for name, value in environment.items() if name not in wrong}
        found = [failed("settings", error)]
        try:
            return Settings.from_environment(rest, PATHS), found
        except ConfigError:
            return None, found
    seen = f"stage {settings.stage}, {len(settings.databases)} databases, {len(settings.apis)} APIs"
    return settings, [Check("settings", "ok", f"{seen}, Slack by {settings.slack.mode}")]


def _catalog(settings: Settings) -> tuple[Catalog | None, Check]:
    try:
        compiled = catalog.load(settings.catalog, settings.stage)
    except NotifierError as error:
        return None, failed("templates", error)
    number = sum(map(len, compiled.notifications.values()))
    return compiled, Check("templates", "ok", f"{number} notifications, stage {compiled.stage.name}")


def _polls(settings: Settings, polls: Mapping[str, Poll]) -> Check:
    """Check that polls are run, and that each cron expression has a next time. Without a queue nothing runs them."""
    number = len(polls)
    if not polls:
        return Check("polls", "ok", "none, though Polls=on" if settings.polls else "none")
    missing = [*([] if settings.queue_url else ["Intake=queue"]), *([] if settings.polls else ["Polls=on"])]
    if missing:
        cause = "nothing runs them" if settings.queue_url else "there is no queue for what they find"
        return Check("polls", "failed", str(number), cause, f"deploy with {' and '.join(missing)}")
    try:
        for poll in polls.values():
            if poll.cron:
                cron.following(poll.cron, poll.time_zone, time.time())
    except NotifierError as error:
        return failed("polls", error)
    return Check("polls", "ok", str(number))


def _secret(subject: Subject, name: str, pattern: re.Pattern[str], form: str) -> Check:
    def look() -> Check | str:
        if pattern.fullmatch(subject.secrets.get(name)):
            return "readable, and of its form"
        cause = f"CONFIG_SECRET_FORMAT: it is not {form}"
        return Check(f"secret {name}", "failed", cause=cause, remedy=CODES["CONFIG_SECRET_FORMAT"].remedy)

    return attempt(f"secret {name}", look)


def _login(subject: Subject, name: str) -> str:
    Login.parse(name, subject.secrets.get(name))
    return "readable, and of its form"
