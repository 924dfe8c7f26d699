"""What the compiler reports: a finding has a position, a stable code, and a fix."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple

from cli.language import say
from handler.errors import CODES

Severity = Literal["error", "warning"]


class Rule(NamedTuple):
    """What a code means, and what its reader should do. A warning does not stop a build."""

    meaning: str
    remedy: str
    severity: Severity = "error"


# Codes that only the compiler uses. Those that the function uses too are in handler/errors.py.
RULES: Final[dict[str, Rule]] = {
    "FILE_NAME": Rule("a file's name is not that of a template or a stage", "name it <event type>.yaml"),
    "FILE_MISSING": Rule("the folder has no template, or no stage", "see docs/templates.md for the smallest folder"),
    "FILE_UNREADABLE": Rule(
        "a file is too large, not UTF-8 text, or not an ordinary file of the folder", "save it as UTF-8, below 64 KiB"
    ),
    "YAML_SYNTAX": Rule("the file cannot be read as YAML", "correct the line; quotes around the value often help"),
    "YAML_FORBIDDEN": Rule(
        "the file uses a part of YAML with surprises: anchors, tags, merge keys, several documents",
        "write the value out where it is needed",
    ),
    "KEY_UNKNOWN": Rule("a key that the format does not have", "correct its spelling, or remove it"),
    "KEY_MISSING": Rule("a key that is required is not there", "add it"),
    "KEY_DUPLICATE": Rule("a key stands twice, or two files have a `poll` for one event type", "remove one of the two"),
    "VALUE_INVALID": Rule("a value has the wrong form", "see docs/templates.md"),
    "NAME_RESERVED": Rule("a name that expressions already use for something else", "choose another name"),
    "CHANNEL_UNKNOWN": Rule("a stage does not say which channel an alias is", "add it to the stage's `channels`"),
    "THREAD_WEBHOOK": Rule(
        "a template has a `thread`, and a stage posts it by a webhook, which can neither reply nor edit",
        "write the channel's id in the stage, or add `threads: ignore` to it, to post there without threads",
    ),
    "STAGE_INCOMPLETE": Rule(
        "a template uses a variable, a mention or labels that a stage does not have",
        "add it to the stage's `vars` or `mentions`, or to _labels.yaml",
    ),
    "EVENT_TYPE_SIMILAR": Rule(
        "`event:` is one letter away from another file's type, or from the name of its own file",
        "correct it, unless the application publishes it so",
        "warning",
    ),
    "QUERY_STAR": Rule(
        "`SELECT *` reads columns that nobody asked for, and changes with the table",
        "name the columns",
        "warning",
    ),
    "QUERY_SERVER": Rule(
        "the SQL uses what only one of MySQL and MariaDB has",
        "leave it if your server has it; else write what both have",
        "warning",
    ),
    "QUERY_JOIN": Rule(
        "the SELECT of a poll joins tables, and may therefore return an id more than once",
        "leave it if the join finds one row for each id; else write WHERE EXISTS (SELECT ...)",
        "warning",
    ),
    "QUERY_CHANGE_HIDDEN": Rule(
        "the SELECT of a poll has a condition on the column that it watches, and so does not see all changes",
        "put the condition into `when`",
        "warning",
    ),
    "POLL_UNSEEN": Rule(
        "the poll does not see what the event or its SELECT is about: a change, a deleted row, or a row that gets into "
        "a state later",
        "select a column `watched`, or publish events",
        "warning",
    ),
    "LOOKUP_UNGUARDED": Rule(
        "the message needs a value that may be missing: an `optional` lookup, or one with `on_failure: without` or "
        "`missing: render`",
        "guard it: {{ x.name if x else '-' }}",
    ),
    "MARKUP_MARKDOWN": Rule(
        "Slack shows the characters of Markdown or HTML, which its mrkdwn does not have",
        "write *bold*, ~struck~, <https://example.org|a link>",
        "warning",
    ),
    "MARKUP_BRACKETS": Rule(
        "between < and > stands neither a link nor a mention of Slack's",
        "write <https://example.org|a link>, <!here>, or {{ 'alias' | mention }}",
    ),
    "MARKUP_MENTION": Rule(
        "a person, a group or a channel is named in plain letters, which notifies nobody and links nowhere",
        "write {{ 'alias' | mention }}, <!here>, or <#C0123456789>",
        "warning",
    ),
    "MARKUP_BRACES": Rule(
        "a placeholder of another template language is posted as plain text",
        "write {{ order.number }}",
    ),
    "MARKUP_PLAIN": Rule(
        "Slack shows the characters of the markup, because the place is plain text",
        "leave the signs out, or write the text in a `section`",
        "warning",
    ),
    "MARKUP_BOUNDARY": Rule(
        "Slack shows the signs of bold, italic or struck text or of code literally, because they touch letters, have "
        "blanks inside, or do not end",
        "write a blank before and after: the *X* of",
        "warning",
    ),
    "CURRENCY_UNKNOWN": Rule("ISO 4217 has no currency with this code", "write a code such as EUR or JPY", "warning"),
    "ACTION_UNANSWERED": Rule(
        "a button or a menu asks the app for an answer, and the notifier gives none",
        "add a `url` to the button, or leave it out",
        "warning",
    ),
    "SAMPLE_INVALID": Rule("a sample does not fit the template", "give it an `id`, and one value for each lookup"),
    "SAMPLE_PERSONAL": Rule(
        "a value in a sample looks personal by the rules of _privacy.yaml (only with `notifier lint --pii`)",
        "write a value that is nobody's, or name it under `keep` or `invented` in _privacy.yaml",
        "warning",
    ),
    "SLACK_REFUSES": Rule(
        "Slack would refuse the message that a sample renders, and the function would post its text alone",
        "write it as https://docs.slack.dev/reference/block-kit/blocks says",
    ),
    "VALUE_EMPTY": Rule(
        "an empty value (None) is shown as nothing",
        "say what to show instead: {{ x.name if x.name else '-' }}, or {{ x.name | default('-') }}",
        "warning",
    ),
    "SCHEMA_UNKNOWN": Rule("the database has no such table or column", "correct the name, or ask the developers"),
    "QUERY_SCAN": Rule(
        "the database reads a whole table, or far more rows than it returns",
        "ask the developers for an index on the columns that are compared",
        "warning",
    ),
    "QUERY_TYPE": Rule(
        "a value is compared with a column of another type, or a poll reads ids of a type that cannot be counted up",
        "compare a column of the value's type",
        "warning",
    ),
    "COLUMN_UNGUARDED": Rule(
        "a column may be NULL in the database, and the message cannot be made without it",
        "guard it: {{ x.name if x.name else '-' }}",
    ),
    "COLUMN_EMPTY": Rule(
        "a column may be NULL in the database, and is shown as nothing then",
        "say what to show instead: {{ x.name | default('-') }}",
        "warning",
    ),
    "COLUMN_CUT": Rule(
        "a column can hold a longer value than is shown in its place",
        "show it in a `section` too if its end matters",
        "warning",
    ),
}

# Codes that need a database: `notifier lint --db`.
OF_DATABASE: Final = frozenset(
    {"SCHEMA_UNKNOWN", "QUERY_SCAN", "QUERY_TYPE", "COLUMN_UNGUARDED", "COLUMN_EMPTY", "COLUMN_CUT"}
)
# Codes about how Slack treats a message. The function can still render it.
OF_SLACK: Final = frozenset(code for code in RULES if code.startswith(("MARKUP_", "SLACK_")))


@dataclass(frozen=True, slots=True)
class Place:
    """A position in a file. Lines and columns start at 1. `path`, such as `blocks[0].text`, is empty for the file."""

    file: str
    line: int = 1
    column: int = 1
    path: str = ""

    def __str__(self) -> str:
        return f"{self.file}:{self.line} {self.path}".rstrip()


@dataclass(frozen=True, slots=True)
class Edit:
    """A fix that can be applied automatically: replace `old`, which is at the finding's position, with `new`."""

    old: str
    new: str


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One mistake. `code` is in RULES or handler.errors.CODES; `fix` says what to write.

    `edit` is the fix as data, if one exact replacement is enough.
    """

    file: str
    line: int
    column: int
    code: str
    message: str
    fix: str
    edit: Edit | None = field(default=None, compare=False)

    @property
    def severity(self) -> Severity:
        """Return whether the finding stops a build ("error") or not ("warning")."""
        return RULES[self.code].severity if self.code in RULES else "error"

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.code} {self.message}"


class Report:
    """Collects findings, so that one run shows all mistakes of all files. Duplicates are dropped."""

    def __init__(self) -> None:
        self._findings: dict[Finding, None] = {}
        self.errors = 0  # counts findings that stop a build, so that a step can tell whether it added one

    def add(self, place: Place, code: str, message: str, fix: str = "", edit: Edit | None = None) -> None:
        """Add a finding. Without a `fix`, it gets the remedy of its code."""
        remedy = RULES[code].remedy if code in RULES else CODES[code].remedy
        self.take((Finding(place.file, place.line, place.column, code, message, fix or say(remedy), edit),))

    def take(self, findings: Iterable[Finding]) -> None:
        """Add findings that another Report has collected."""
        for finding in findings:
            self._findings.setdefault(finding)
            self.errors += finding.severity == "error"

    def findings(self) -> tuple[Finding, ...]:
        """Return all findings, sorted by file and line."""
        return tuple(sorted(self._findings))
