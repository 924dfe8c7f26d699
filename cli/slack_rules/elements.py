"""Interactive elements: buttons, menus, pickers, inputs.

From docs.slack.dev/reference/block-kit/block-elements. Each page names the surfaces of its element and the blocks that
accept it; MODAL_ONLY has those that no message can have.
"""

from __future__ import annotations

from itertools import chain
from typing import Any, Final

from cli.slack_rules.composition import (
    ADDRESS,
    CONFIRM,
    DISPATCH,
    FILTER,
    ID,
    OPTION_GROUPS,
    OPTIONS,
    WORKFLOW,
    option,
    plain,
    prose,
)
from cli.slack_rules.schema import (
    Problem,
    Problems,
    Spec,
    also,
    array,
    boolean,
    choice,
    integer,
    pattern,
    record,
    string,
)

# According to Slack's pages, only for modals; rich_text_input also for home tabs.
MODAL_ONLY: Final = frozenset({"email_text_input", "file_input", "number_input", "url_text_input", "rich_text_input"})

_ACTION: Final = {"action_id": ID}
_INTERACTION: Final = {**_ACTION, "confirm": CONFIRM}
_CHOICE: Final = {**_INTERACTION, "focus_on_load": boolean}
_PICKER: Final = {**_CHOICE, "placeholder": plain(150)}
_MANY: Final[dict[str, Spec]] = {"max_selected_items": integer(1)}
_IDS: Final = array(string())
_LABEL: Final = {"accessibility_label": string(75)}
_STYLE: Final = {"style": choice("primary", "danger")}

BUTTON: Final = record(
    {"text": plain(75)},
    {
        **_INTERACTION,
        **_LABEL,
        **_STYLE,
        "url": ADDRESS,
        "value": string(2000, least=0),
        # For apps that are agents. The page of the button does not mention these.
        "agent_prompt": string(4000),
        "agent_prompt_display": string(),
        "visible_to_user_ids": _IDS,
    },
)
# The page requires an action_id, but Slack's own types do not.
WORKFLOW_BUTTON: Final = record({"text": plain(75), "workflow": WORKFLOW}, {**_INTERACTION, **_LABEL, **_STYLE})
FEEDBACK_BUTTON: Final = record({"text": plain(75), "value": string(2000)}, _LABEL)
FEEDBACK_BUTTONS: Final = record({"positive_button": FEEDBACK_BUTTON, "negative_button": FEEDBACK_BUTTON}, _ACTION)
ICON_BUTTON: Final = record(
    {"icon": choice("trash"), "text": plain(3000)},
    {**_INTERACTION, **_LABEL, "value": string(2000, least=0), "visible_to_user_ids": _IDS},
)


def _initial(value: dict[str, Any], at: str) -> Problems:
    """Check that the initial choice is one of the options, with the same text."""
    groups = value.get("option_groups", [])
    offered = value.get("options") or list(chain.from_iterable(each["options"] for each in groups))
    chosen = [value["initial_option"]] if "initial_option" in value else value.get("initial_options", [])
    if any(each not in offered for each in chosen):
        key = "initial_option" if "initial_option" in value else "initial_options"
        yield Problem("must be one of the options", f"{at}/{key}")


def _group(most: int, initial: str) -> Spec:
    """Return the specification of checkboxes or radio buttons; `initial` is the key of the initial choice."""
    one = option(prose(75))
    chosen = {"initial_option": one, "initial_options": array(one)}[initial]
    return also(record({"options": array(one, most)}, {**_CHOICE, initial: chosen}), _initial)


def _select(initial: dict[str, Spec], more: dict[str, Spec] | None = None) -> Spec:
    return record({}, {**_PICKER, **initial, **(more or {})})


_OPTION: Final = option(plain(75))
_OPTIONS: Final = array(_OPTION, OPTIONS)
_MENU: Final = {
    "options": _OPTIONS,
    "option_groups": array(record({"label": plain(75), "options": _OPTIONS}), OPTION_GROUPS),
}


def _menu(keys: dict[str, Spec]) -> Spec:
    """Return the specification of a menu whose options are in the message."""
    known = {**_PICKER, **_MENU, **keys}
    return also(record({}, known, either=(*_MENU,), exclusive=(*_MENU,)), _initial)


_QUERY: Final[dict[str, Spec]] = {"min_query_length": integer(0)}
_CONVERSATIONS: Final = {"default_to_current_conversation": boolean, "filter": FILTER}
_RESPONSE: Final[dict[str, Spec]] = {"response_url_enabled": boolean}

SELECTS: Final[dict[str, Spec]] = {
    "static_select": _menu({"initial_option": _OPTION}),
    "external_select": _select({"initial_option": _OPTION}, _QUERY),
    "users_select": _select({"initial_user": string()}),
    "conversations_select": _select({"initial_conversation": string()}, {**_CONVERSATIONS, **_RESPONSE}),
    "channels_select": _select({"initial_channel": string()}, _RESPONSE),
    "multi_static_select": _menu({"initial_options": array(_OPTION), **_MANY}),
    "multi_external_select": _select({"initial_options": array(_OPTION)}, {**_QUERY, **_MANY}),
    "multi_users_select": _select({"initial_users": _IDS}, _MANY),
    "multi_conversations_select": _select({"initial_conversations": _IDS}, {**_CONVERSATIONS, **_MANY}),
    "multi_channels_select": _select({"initial_channels": _IDS}, _MANY),
}
PICKERS: Final[dict[str, Spec]] = {
    "checkboxes": _group(10, "initial_options"),
    "radio_buttons": _group(10, "initial_option"),
    "datepicker": record({}, {**_PICKER, "initial_date": pattern(r"\d{4}-\d{2}-\d{2}", "2026-04-28")}),
    "timepicker": record(
        {}, {**_PICKER, "initial_time": pattern(r"([01]\d|2[0-3]):[0-5]\d", "22:25"), "timezone": string()}
    ),
}
# Only in `actions` and `input`.
DATETIMEPICKER: Final = record({}, {**_CHOICE, "initial_date_time": integer(10**9, 10**10 - 1)})
BUTTONS: Final[dict[str, Spec]] = {
    "button": BUTTON,
    "workflow_button": WORKFLOW_BUTTON,
    "overflow": record({"options": array(option(plain(75), url=ADDRESS), 5)}, _INTERACTION),
}
PLAIN_TEXT_INPUT: Final = record(
    {},
    {
        **_ACTION,
        "initial_value": string(least=0),
        "multiline": boolean,
        "min_length": integer(0, 3000),
        "max_length": integer(1, 3000),
        "dispatch_action_config": DISPATCH,
        "focus_on_load": boolean,
        "placeholder": plain(150),
    },
)

IN_SECTION: Final = {**BUTTONS, **SELECTS, **PICKERS}
IN_ACTIONS: Final = {**IN_SECTION, "datetimepicker": DATETIMEPICKER}
IN_INPUT: Final = {
    **SELECTS,
    **PICKERS,
    "datetimepicker": DATETIMEPICKER,
    "plain_text_input": PLAIN_TEXT_INPUT,
}
