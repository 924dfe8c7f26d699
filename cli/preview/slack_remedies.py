"""What to do about a test message that Slack did not take: often not what the function's operators would do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from cli import diagnoses
from cli.language import later, say
from cli.preview.slack import TOKEN
from handler.adapters.slack.error_table import SLACK_ERRORS, UNKNOWN_SLACK_ERROR
from handler.errors import CODES, NotifierError, SlackError

if TYPE_CHECKING:
    from handler.catalog import Stage

NO_CHANNEL: Final = "channel_not_found"
_LATER: Final = later("wait a minute, then send it again")
_LOOK: Final = later("look there before you send it again: Slack may have the message")
_OTHER_CHANNEL: Final = later("name another channel after --to")
_REPORT: Final = later("report it: a test message is never a reply or an edit")
_BAD_TOKEN: Final = later("put a valid bot token (xoxb-...) into {variable}")
# By Slack's word, by the remedy of all words that the function treats alike, or by the code of an error without a word.
_OF_A_TEST: Final = {
    NO_CHANNEL: later("check the id after --to; in a private channel first invite the app"),
    SLACK_ERRORS["is_archived"].remedy: _OTHER_CHANNEL,
    SLACK_ERRORS["invalid_cursor"].remedy: _LATER,
    SLACK_ERRORS["thread_not_found"].remedy: _REPORT,
    "team_not_found": later("write the channel's id, not its name, after --to"),
    "method_not_supported_for_channel_type": later("name a channel or a person after --to, not an app"),
    "messages_tab_disabled": later("turn on the Messages Tab in the app's settings (App Home)"),
    "user_not_found": later("check the person's id: in their profile, Copy member ID"),
    "missing_scope": later("add the scope chat:write to the app (OAuth & Permissions), and install it again"),
    "accesslimited": later("let an administrator of the workspace allow the address of this machine"),
    "SLACK_RATE_LIMITED": _LATER,
    "SLACK_AMBIGUOUS": _LOOK,
    "SLACK_UNAVAILABLE": later("check the network, the proxy and Slack's status page, then send it again"),
    "SLACK_REDIRECT": later("check the proxy: something between here and Slack answers in Slack's place"),
}
# The same where the token is not that of a deployed function.
_BY_HAND: Final = {
    SLACK_ERRORS["invalid_auth"].remedy: _BAD_TOKEN,
    "SLACK_CREDENTIAL": _BAD_TOKEN,
    "CONFIG_SECRET_FORMAT": _BAD_TOKEN,
}


def reason(error: NotifierError) -> str:
    """Return Slack's own word for an error; empty where it has none."""
    return error.reason if isinstance(error, SlackError) else ""


def remedy(error: NotifierError, *, by_hand: bool) -> str:
    """Return what to do next. `by_hand`: the token is that of the environment, not that of a deployed function."""
    word = reason(error)
    usual = UNKNOWN_SLACK_ERROR.remedy if word and error.code == UNKNOWN_SLACK_ERROR.code else CODES[error.code].remedy
    keys = [error.code]
    if entry := SLACK_ERRORS.get(word):
        usual, keys = entry.remedy, [word, entry.remedy]
    known = {**_OF_A_TEST, **(_BY_HAND if by_hand else {})}
    found = next((known[key] for key in keys if key in known), usual)
    return say(found, variable=TOKEN) if found == _BAD_TOKEN else say(found)


def channel(to: str, stage: Stage, known: Mapping[str, str]) -> str:
    """Return what to write instead of a channel that Slack does not have; empty where that is unknown.

    `known` has the names of channels and people by their ids, as far as they are known.
    """
    alias = to.removeprefix("#")
    if meant := stage.channels.get(alias):
        return say(
            "`{alias}` is what the stage {stage} calls {channel}. Slack does not know that name: write --to {channel}",
            alias=alias,
            stage=stage.name,
            channel=meant,
        )
    if not known:
        return ""
    people = [name for identifier, name in known.items() if identifier.startswith("D")]
    channels = {name: identifier for identifier, name in known.items() if name not in people}
    names = [f"#{name}" for name in channels] if to.startswith("#") else [*channels.values(), *people]
    return say(
        "{nearest}. The demo has the channels {channels}, and the people {people}",
        nearest=diagnoses.suggestion(to, names),
        channels=", ".join(f"#{name} ({identifier})" for name, identifier in channels.items()),
        people=", ".join(people),
    )
