"""Remove from texts what looks like a secret. This is the last defence: no error or log line should contain one."""

from __future__ import annotations

import logging
import re
import traceback
from functools import cache
from typing import Any, Final

_MARK: Final = "[redacted]"
_MAX_DEPTH: Final = 12

# Signs as they stand in plain text, in JSON within JSON (behind 1, 3, 7 or 15 backslashes, or as \u003d), in HTML, and
# percent-encoded once or more often. Repeats that could begin at many places are bounded, so that even a very long text
# takes only a moment.
_QUOTE: Final = r"(?:\\{0,15}[\"']|\\{1,15}u002[27]|%(?:25){0,3}2[27]|&quot;|&apos;|&#(?:34|39|x22|x27);)"
_COLON: Final = r"(?::|\\{1,15}u003a|%(?:25){0,3}3A)"
_EQUALS: Final = r"(?::?=>?+|\\{1,15}u003d|%(?:25){0,3}3D|&#(?:61|x3d);)"
_SLASH: Final = r"(?:\\{0,15}/|%2F)"
_LESS: Final = r"(?:<|\\{1,15}u003c|%(?:25){0,3}3C|&lt;)"
_GREATER: Final = r"(?:>|\\{1,15}u003e|%(?:25){0,3}3E|&gt;)"
_UNREDACTED: Final = r"(?!\[redacted\])"
# A value between quotes, or behind a quote that is never closed.
_QUOTED: Final = (
    rf"[\[(]?[bru]{{0,2}}(?P<quote>{_QUOTE}).{{0,4000}}?(?<!\\)(?<!%5C)(?<!%255C)(?P=quote)"
    r"|[\[(]?[bru]{0,2}\\{0,15}[\"'][^\r\n]{1,4000}"
)
# One word. A sign that separates or closes in a list, a query or JSON belongs to it where the word goes on behind it: a
# password may hold any sign, and what is redacted too much is a smaller loss than what is left of a password. An
# escaped line break ends it before another name.
_PLAIN: Final = r"(?:[^\s\"',;&}\])\\]++|\\(?![nrt][\\\w.-]{0,60}[:=]))+"
_SIGNS: Final = r"(?:[,;&}\])]{1,8}|[\"'](?![:(<>]))"
_WORD: Final = rf"{_SIGNS}?{_PLAIN}(?:{_SIGNS}{_PLAIN})*"
_VALUE: Final = rf"{_UNREDACTED}(?:{_QUOTED}|{_WORD})"
# Where a short name begins: not within a word, but behind an escaped line break or <.
_START: Final = r"(?:(?<![a-z])|(?<=\\[nrt])|(?<=3[ce]))"
# How the names of secrets end: password, AWS_SESSION_TOKEN, x-api-key, clientSecret, SecretString, Set-Cookie; and
# common words, which are names only before a = or in quotes.
_FIELDS: Final = (
    rf"pass(?:word|wd|phrase|code)|(?<=[_-])pass|(?-i:(?<=[a-z])Pass)|{_START}(?:pwd|cookie)|token"
    r"|secret(?:[-_ ]?(?:string|binary))?|(?:api|access|account|secret|private|signing|encryption)[-_ ]?key"
)
# What follows a colon in a sentence, and not in a header: one of these as a whole word. A sign behind it, as in
# `password: in-S3cr3t`, belongs to a value.
PROSE_WORDS: Final = (
    *("a", "an", "the", "it", "its", "is", "no", "not", "every", "see", "you"),
    *("this", "that", "to", "of", "in", "with", "where", "which"),
)
_PROSE: Final = rf"(?!(?:{'|'.join(PROSE_WORDS)})(?:\s|\Z))"
_NAMES: Final = rf"(?:{_FIELDS}|{_START}pass|signature|credential|authorization)"
# name=value, name := value; `name= ` alone ends a sentence, unless what follows looks like a value.
_ASSIGNS: Final = rf"(?:\s{{1,8}}{_EQUALS}\s{{0,8}}|{_EQUALS}(?:\s{{1,8}}(?={_QUOTE}|\S{{0,99}}[0-9]))?)"

# Lower-case words, one of which must occur before the pattern is tried; the pattern; and the replacement.
_NAME_WORDS: Final = ("pass", "pwd", "secret", "token", "cookie", "key", "signature", "credential", "authorization")
_SECRETS: Final[tuple[tuple[tuple[str, ...], str, str], ...]] = (
    (
        ("-----begin ",),
        r"-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----(?:.{0,20000}?-----END [A-Z ]{0,20}PRIVATE KEY-----|.{0,20000})",
        _MARK,
    ),
    # Slack: tokens (https://docs.slack.dev/authentication/tokens), and webhooks, whose address is the secret.
    (("xox", "xapp-", "xwfp-"), r"(?:(?:xoxe\.)?xox[a-z]|xapp|xwfp)-[a-z0-9_-]{6,}", _MARK),
    (
        ("hooks.slack",),
        rf"https?{_COLON}{_SLASH}{{2}}hooks\.slack[^\s/\"'<>\\%]{{0,60}}{_SLASH}[^\s\"'<>]+",
        _MARK,
    ),
    (
        ("services", "workflows", "triggers"),
        (
            rf"({_SLASH}(?:services|workflows|triggers){_SLASH}[TE][A-Z0-9]{{1,20}}{_SLASH}[a-z0-9]{{1,30}}{_SLASH})"
            rf"(?:[a-z0-9]|{_SLASH})+"
        ),
        rf"\1{_MARK}",
    ),
    # HTTP: what stands in an Authorization header, and JSON web tokens.
    (
        ("authorization",),
        (
            rf"(authorization\s{{0,8}}(?:{_COLON}|{_EQUALS})\s{{0,8}}){_UNREDACTED}"
            rf"(?:{_QUOTED}|{_WORD}(?:\s{{1,8}}{_WORD})?)"
        ),
        rf"\1{_MARK}",
    ),
    (("bearer",), r"\b(bearer\s{1,8})(?=\S{0,999}[0-9])[a-z0-9._~+/=-]{6,}", rf"\1{_MARK}"),
    (("basic",), r"\b(basic\s{1,8})(?=[a-z+/]{0,999}[0-9=])[a-z0-9+/]{6,}={0,2}", rf"\1{_MARK}"),
    (("eyj",), r"(?-i:(?<![\w-])eyJ)[a-z0-9_-]{1,2000}\.[a-z0-9_-]+(?:\.[a-z0-9_-]*)*", _MARK),
    # AWS: access key ids, long-lived and temporary; session tokens; and a parameter as SSM answers it.
    (("akia", "asia"), r"(?-i:\b(?:AKIA|ASIA)[A-Z0-9]{16}\b)", _MARK),
    (("iqoj", "fwog", "fqog"), r"(?-i:\b(?:IQoJ|FwoG|FQoG)[A-Za-z0-9+/=%]{40,})", _MARK),
    (
        ("securestring",),
        rf"(SecureString{_QUOTE}\s{{0,8}},\s{{0,8}}{_QUOTE}Value{_QUOTE}\s{{0,8}}{_COLON}\s{{0,8}}){_VALUE}",
        rf"\1{_MARK}",
    ),
    # user:password@host in an address; digits and a slash behind the colon are a port.
    (
        ("@", "%40"),
        (
            rf"\b([a-z][a-z0-9+.-]{{1,20}}{_COLON}{_SLASH}{{2}}[^\s/:@\"'<>\\%]{{0,99}}{_COLON})(?![0-9]{{1,5}}{_SLASH})"
            rf"{_UNREDACTED}[^\s\"'<>]{{1,999}}(@|%40)"
        ),
        rf"\1{_MARK}\2",
    ),
    # A header with cookies: all of them.
    (
        ("cookie",),
        rf"({_START}cookie\s{{0,8}}:(?!=)\s{{0,8}}){_PROSE}{_UNREDACTED}(?!{_QUOTE}){_WORD}(?:;\s{{1,8}}{_WORD})*",
        rf"\1{_MARK}",
    ),
    # By name: password=x, "password": "x", ("password", "x"), <Password>x</Password>, --password x, and as a header or
    # in YAML. A path in prose, such as "secret notifier/slack-token: AccessDenied", is no name.
    (_NAME_WORDS, rf"({_NAMES}{_QUOTE}?{_ASSIGNS}){_VALUE}", rf"\1{_MARK}"),
    (_NAME_WORDS, rf"({_NAMES}{_QUOTE}\s{{0,8}}{_COLON}\s{{0,8}}){_VALUE}", rf"\1{_MARK}"),
    (
        _NAME_WORDS,
        (
            rf"((?:[(\[][bru]{{0,2}}{_QUOTE}[\w.-]{{0,40}}|{_QUOTE}--[\w.-]{{0,40}})"
            rf"{_NAMES}{_QUOTE}\s{{0,8}},\s{{0,8}}){_VALUE}"
        ),
        rf"\1{_MARK}",
    ),
    (
        _NAME_WORDS,
        (
            rf"((?P<less>{_LESS})[\w.:-]{{0,40}}{_NAMES}(?:\s[^<>]{{0,200}}?)?{_GREATER}\s{{0,80}}(?:<!\[CDATA\[)?){_UNREDACTED}"
            rf"(?:(?!(?P=less))\S)(?:(?!(?P=less)).){{0,4000}}"
        ),
        rf"\1{_MARK}",
    ),
    (_NAME_WORDS, rf"((?<![\w-])--?[\w.-]{{0,40}}{_NAMES}\s{{1,8}}){_PROSE}{_VALUE}", rf"\1{_MARK}"),
    (
        _NAME_WORDS,
        (
            rf"((?:^|[^\w/.-])[\w.-]{{0,40}}(?:{_FIELDS}|(?<=-)(?:signature|credential))\s{{0,8}}:(?!=)\s{{0,8}})"
            rf"{_PROSE}{_VALUE}"
        ),
        rf"\1{_MARK}",
    ),
)
_SECRET_NAME: Final = rf"{_NAMES}\Z"
_WORDS: Final = tuple({word for words, *_ in _SECRETS for word in words})

# What every record has; the rest is what a caller gave as `extra`.
STANDARD: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def redact(text: str) -> str:
    """Return the text with everything that has the form of a secret replaced by `[redacted]`."""
    small = text.lower()
    found = {word for word in _WORDS if word in small}
    for words, pattern, replacement in _SECRETS if found else ():
        if not found.isdisjoint(words):
            text = _compiled(pattern).sub(replacement, text)
    return text


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """Compiled on first use: most environments never need it, and none should spend its cold start on it."""
    return re.compile(pattern, re.IGNORECASE | re.DOTALL)


class RedactingFilter(logging.Filter):
    """Pass every record, but without secrets in its message, its arguments, its `extra` and its exception."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Redact the secrets in a record. A record without secrets is not changed."""
        _redact_message(record)
        _redact_exception(record)
        for key in vars(record).keys() - STANDARD:
            setattr(record, key, _redacted(getattr(record, key), key))
        return True


_FILTER: Final = RedactingFilter()


def install(*loggers: logging.Logger) -> None:
    """Filter what these loggers write: at their handlers, because a logger's own filter misses its children's records.

    Call it after the loggers have their handlers. A second call changes nothing.
    """
    for logger in loggers:
        for handler in logger.handlers:
            handler.addFilter(_FILTER)


def _redact_message(record: logging.LogRecord) -> None:
    if isinstance(record.msg, dict | list):
        record.msg = _redacted(record.msg)
        return
    try:
        shown = record.getMessage()
    except Exception as error:  # noqa: BLE001 - logging would print the arguments to say that they do not fit
        record.msg, record.args = f"{type(error).__name__}: a line with arguments that do not fit", None
        shown = record.msg
    clean = redact(shown)
    if clean != shown or not isinstance(record.msg, str):
        record.msg, record.args = clean, None


def _redact_exception(record: logging.LogRecord) -> None:
    """Replace the exception by its redacted text, which formatters read at `exc_text`, Powertools' at `exception`."""
    if not record.exc_info or not record.exc_info[0]:
        return
    shown = "".join(traceback.format_exception(*record.exc_info))
    clean = redact(shown)
    if clean == shown:
        return
    extra: dict[str, Any] = {"exception": clean, "exception_name": record.exc_info[0].__name__}
    record.exc_info, record.exc_text = None, clean
    vars(record).update(extra)


def _redacted(value: Any, name: object = "", depth: int = 0) -> Any:
    """Return the value without secrets, as it may be logged under this name. Formatters use `str` for other types."""
    match value:
        case None | bool() | int() | float():
            return value
        case _ if _is_secret(name):
            return _MARK
        case str():
            return redact(value)
        case dict() if depth < _MAX_DEPTH:
            return {_key(key): _redacted(one, key, depth + 1) for key, one in value.items()}
        case [str() | bytes() as key, one]:  # a header as a pair
            return [_redacted(key), _redacted(one, key, depth + 1)]
        case list() | tuple() if depth < _MAX_DEPTH:
            return [_redacted(one, "", depth + 1) for one in value]
    try:
        shown = str(value)
    except Exception as error:  # noqa: BLE001 - logging must not fail the code that logs
        return f"a {type(value).__name__} that cannot be written ({type(error).__name__})"
    clean = redact(shown)
    return value if clean == shown else clean


def _is_secret(name: object) -> bool:
    text = name.decode(errors="replace") if isinstance(name, bytes) else str(name)
    small = text.lower()
    return any(word in small for word in _NAME_WORDS) and bool(_compiled(_SECRET_NAME).search(text))


def _key(key: Any) -> Any:
    return key if key is None or isinstance(key, bool | int | float) else redact(str(key))
