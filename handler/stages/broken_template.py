"""What the function says of a template that fails with an event. Each text is in one language, that of the template."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final

from handler.errors import CODES, NotifierError
from handler.model import Event, Locale, Notification
from handler.templating import Templates
from handler.templating.diagnosis import DiagnosedError
from handler.templating.filters.times import Times
from handler.templating.text import without_backticks

_ENGLISH: Final = {
    "notice": (
        ":warning: {event}{more} could not be shown: {problem}. {remedy}. The {events} parked. "
        "Correct {file} and deploy it. Then send what is parked again: `{command}`"
    ),
    "alone": "",
    "more": " and {count} more since {since}",
}
_JAPANESE: Final = {
    "notice": (
        ":warning: {event}{more}を表示できません: {problem}。イベントは保留しています。"
        "{file} を直してデプロイした後、次のコマンドで再送してください: `{command}`"
    ),
    "alone": " ",
    "more": "（{since} 以降、ほかに {count} 件）",
}
# What each code means that a template can fail with.
JAPANESE_MEANINGS: Final = {
    "TEMPLATE_SYNTAX": "式の構文が正しくありません",
    "TEMPLATE_FORBIDDEN": "テンプレートで使えないものが式にあります",
    "TEMPLATE_MARKUP": "Slack の書式として読まれる場所に式があります",
    "TEMPLATE_UNDEFINED": "存在しない名前が式にあります",
    "TEMPLATE_FAILED": "この行の値では式を計算できません",
    "TEMPLATE_LIMIT": "式が大きすぎるか、時間がかかりすぎるか、結果が大きすぎます",
    "TEMPLATE_URL": "この値からは正しい URL を作れません",
    "TEMPLATE_BIND": "bind の値が数値、文字列、日時、null のどれでもありません",
    "MESSAGE_EMPTY": "本文が空です",
    "BLOCK_LIMIT": "メッセージの一部が Slack の上限を超えています",
    "QUERY_FORBIDDEN": "SQL が 1 つの単純な SELECT ではありません",
    "QUERY_INVALID": "データベースが SQL を受け付けませんでした",
    "QUERY_LOSSY": "比較や変換で値の一部が失われるため、別の行を読む恐れがあります",
    "QUERY_CUT": "データベースが結果を途中で切りました",
    "QUERY_DUPLICATE_COLUMN": "同じ名前の列が 2 つあります",
    "ROW_VALUE_UNSUPPORTED": "列の値がバイト列です",
    "TOO_MANY_ROWS": "見つかった行が多すぎます",
    "ROWS_TOO_LARGE": "読み取ったデータが大きすぎます",
    "DB_DENIED": "データベースのアカウントに読み取りの権限がありません",
    "DB_UNKNOWN": "テンプレートが指定するデータベースが、デプロイの設定にありません",
    "API_BAD_ANSWER": "API の応答が 256 KiB 以下の JSON ではありません",
    "VALUE_UNUSABLE": "API の応答のうち、読み取れない値を使っています",
    "API_UNKNOWN": "テンプレートが指定する API が、デプロイの設定にありません",
}


def problem_text(problem: NotifierError, notification: str, templates: Templates) -> str:
    """Return what is wrong with a template, and where.

    In Japanese it is the code's meaning, because details are in English. `notifier explain` shows them.
    """
    meaning = JAPANESE_MEANINGS.get(problem.code)
    if templates.locale.language != "ja" or not meaning:
        return str(problem)
    return f"{problem.code}（{meaning}）、{place_of(problem, notification)}"


def problem_digest(problem: NotifierError, notification: Notification, destination: str) -> str:
    """Return what a problem of a template in a channel is known by: another problem has another digest.

    It depends on the template's content, so a notice about the template before a change is not continued. It does not
    depend on the event: no detail is part of it.
    """
    kind = problem.diagnosis.kind if isinstance(problem, DiagnosedError) else ""
    parts = (repr(notification), problem.code, place_of(problem, notification.name), kind, destination)
    return sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def place_of(problem: NotifierError, notification: str) -> str:
    """Return the place in a template where it failed, such as `order.created.yaml:12 text`; at least its file."""
    file = f"{notification}.yaml"
    where = problem.where if isinstance(problem, DiagnosedError) else problem.detail.partition(": ")[0]
    return where if where.startswith(file) else file


def writer(
    event: Event, notification: str, problem: NotifierError, templates: Templates
) -> Callable[[str, int, float], str]:
    """Return a function that writes the notice about a template that failed with an event.

    It takes the id of the event that the notice names, how many more events failed, and since when (a Unix time). It
    may be called in any thread.
    """
    locale = templates.locale
    texts = _JAPANESE if locale.language == "ja" else _ENGLISH

    def write(event_id: str, count: int, since: float) -> str:
        # Without backticks, because an odd one would take its pair from the command.
        return texts["notice"].format(
            event=f"{event.type} {without_backticks(event_id)}",
            more=texts["more"].format(count=count, since=_time(since, locale)) if count > 0 else texts["alone"],
            problem=without_backticks(problem_text(problem, notification, templates)),
            remedy=_sentence(CODES[problem.code].remedy),
            events="events are" if count > 0 else "event is",
            file=f"{notification}.yaml",
            command=replay_command(event.type, problem.code),
        )

    return write


def replay_command(event_type: str, code: str) -> str:
    """Return the command that sends again what was parked with this code. Both are words that a shell takes as is."""
    return f"notifier replay --type {event_type} --code {code} --send"


def _time(at: float, locale: Locale) -> str:
    """Return the time of day. No template is rendered: notices are written in several threads (channels.py)."""
    return Times(locale).time(datetime.fromtimestamp(at, UTC))


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
