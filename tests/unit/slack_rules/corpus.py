"""Messages that Slack accepts or refuses, according to docs.slack.dev/reference/block-kit (October 2026).

Each block is here in its smallest form and with every key, and each rule is broken once.
"""

from __future__ import annotations

from typing import Any, Final

Block = dict[str, Any]
URL: Final = "https://example.org/a.png"


def plain(text: str = "Go", **more: Any) -> Block:
    return {"type": "plain_text", "text": text, **more}


def mrkdwn(text: str = "*Go*", **more: Any) -> Block:
    return {"type": "mrkdwn", "text": text, "verbatim": True, **more}


def image(**more: Any) -> Block:
    return {"type": "image", "image_url": URL, "alt_text": "a lamp", **more}


def button(**more: Any) -> Block:
    return {"type": "button", "text": plain(), **more}


def option(text: Block | None = None, value: str = "red", **more: Any) -> Block:
    return {"text": text or plain(), "value": value, **more}


def section(accessory: Block | None = None, **more: Any) -> Block:
    return {"type": "section", "text": mrkdwn(), **({"accessory": accessory} if accessory else {}), **more}


def actions(*elements: Block, **more: Any) -> Block:
    return {"type": "actions", "elements": list(elements), **more}


def ask(element: Block, **more: Any) -> Block:
    return {"type": "input", "label": plain("Why?"), "element": element, **more}


def line(*elements: Block) -> Block:
    return {"type": "rich_text_section", "elements": list(elements)}


def rich_text(*parts: Block, **more: Any) -> Block:
    return {"type": "rich_text", "elements": list(parts or [line(word())]), **more}


def word(text: str = "lamp", **more: Any) -> Block:
    return {"type": "text", "text": text, **more}


def raw(text: str = "lamp") -> Block:
    return {"type": "raw_text", "text": text}


def amount(value: float = 3, **more: Any) -> Block:
    return {"type": "raw_number", "value": value, **more}


def data_table(*rows: list[Block], **more: Any) -> Block:
    body = list(rows or ([raw("Name"), raw("Pieces")], [raw(), amount(3, text="3")]))
    return {"type": "data_table", "caption": "Stock", "rows": body, **more}


def point(label: str = "Mon", value: float = 5) -> Block:
    return {"label": label, "value": value}


def series(name: str = "Orders", *points: Block) -> Block:
    return {"name": name, "data": list(points or [point()])}


def chart(kind: str = "line", *lines: Block, **axis: Any) -> Block:
    axes = {"categories": ["Mon"], **axis}
    inner = {"type": kind, "series": list(lines or [series()]), "axis_config": axes}
    return {"type": "data_visualization", "title": "Orders", "chart": inner}


def pie(*segments: Block, **more: Any) -> Block:
    inner = {"type": "pie", "segments": list(segments or [point("Tea")])}
    return {"type": "data_visualization", "title": "Orders", "chart": inner, **more}


def card(**more: Any) -> Block:
    return {"type": "card", **(more or {"title": mrkdwn("Lamp")})}


def carousel(*cards: Block, **more: Any) -> Block:
    return {"type": "carousel", "elements": list(cards or [card()]), **more}


def container(*children: Block, **more: Any) -> Block:
    return {"type": "container", "title": plain(), "child_blocks": list(children or [{"type": "divider"}]), **more}


def feedback(**more: Any) -> Block:
    good, bad = ({"text": plain(mark), "value": mark} for mark in ("good", "bad"))
    return {"type": "feedback_buttons", "positive_button": good, "negative_button": bad, **more}


def trash(**more: Any) -> Block:
    return {"type": "icon_button", "icon": "trash", "text": plain("Delete"), **more}


def context_actions(*elements: Block, **more: Any) -> Block:
    return {"type": "context_actions", "elements": list(elements or [trash()]), **more}


def task(**more: Any) -> Block:
    return {"type": "task_card", "task_id": "t1", "title": "Count the stock", **more}


def video(**more: Any) -> Block:
    needed = {"video_url": "https://example.org/embed/1", "thumbnail_url": URL, "alt_text": "a lamp", "title": plain()}
    return {"type": "video", **needed, **more}


def confirm(**more: Any) -> Block:
    return {"title": plain("Sure?"), "text": mrkdwn(), "confirm": plain("Yes"), "deny": plain("No"), **more}


STYLE: Final = {
    "bold": True, "italic": True, "strike": True, "code": True, "underline": False, "highlight": True, "unlink": True,
}  # fmt: skip
RED: Final = option(plain("Red"), "red", description=plain("as a rose"))
BLUE: Final = option(plain("Blue"), "blue")
DOTS: Final = {"placeholder": plain("Choose"), "action_id": "a1", "confirm": confirm(style="danger")}
FOCUS: Final = {"focus_on_load": True}
MENUS: Final[list[Block]] = [
    {"type": "static_select", "options": [RED, BLUE], "initial_option": BLUE, **DOTS, **FOCUS},
    {"type": "static_select", "option_groups": [{"label": plain("All"), "options": [RED]}], "initial_option": RED},
    {"type": "external_select", "min_query_length": 0, "initial_option": RED, **DOTS},
    {"type": "users_select", "initial_user": "U1", **DOTS},
    {"type": "conversations_select", "default_to_current_conversation": True, "response_url_enabled": True, **DOTS},
    {"type": "conversations_select", "filter": {"include": ["im", "public"], "exclude_bot_users": True}},
    {"type": "channels_select", "initial_channel": "C1", "response_url_enabled": True, **DOTS},
    {"type": "multi_static_select", "options": [RED, BLUE], "initial_options": [RED, BLUE], "max_selected_items": 2},
    {"type": "multi_external_select", "min_query_length": 3, "max_selected_items": 1, **DOTS},
    {"type": "multi_users_select", "initial_users": ["U1", "U2"], "max_selected_items": 2, **DOTS},
    {"type": "multi_conversations_select", "initial_conversations": ["C1"], "filter": {"exclude_bot_users": False}},
    {"type": "multi_channels_select", "initial_channels": ["C1"], **DOTS},
]
GROUPS: Final[list[Block]] = [
    {"type": "checkboxes", "options": [RED, BLUE], "initial_options": [BLUE], **FOCUS, "confirm": confirm()},
    {"type": "radio_buttons", "options": [option(mrkdwn(), "x", description=mrkdwn("or _not_"))], "action_id": "a2"},
    {"type": "datepicker", "initial_date": "2026-04-28", **DOTS},
    {"type": "timepicker", "initial_time": "22:25", "timezone": "Asia/Tokyo", **DOTS},
]
MOMENT: Final = {"type": "datetimepicker", "initial_date_time": 1628633820, "action_id": "a3", **FOCUS}
WORKFLOW: Final = {
    "type": "workflow_button",
    "text": plain("Run"),
    "workflow": {
        "trigger": {"url": "https://slack.com/shortcuts/Ft1/x", "customizable_input_parameters": [
            {"name": "order", "value": "A-17"},
        ]},
    },
    "action_id": "run",
    "style": "primary",
    "accessibility_label": "Run the workflow",
}  # fmt: skip
INLINE: Final[list[Block]] = [
    word("lamp ", style=STYLE),
    word(" "),
    word("first line\n"),
    {"type": "link", "url": "https://example.org", "text": "shop", "unsafe": False, "style": {"bold": True}},
    {"type": "link", "url": "mailto:ops@example.org"},
    {"type": "link", "url": "slack://channel?team=T1&id=C1"},
    {"type": "emoji", "name": "wave", "unicode": "1f44b", "skin_tone": 2},
    {"type": "user", "user_id": "U1", "style": {"italic": True}},
    {"type": "usergroup", "usergroup_id": "S1"},
    {"type": "team", "team_id": "T1"},
    {"type": "channel", "channel_id": "C1"},
    {"type": "broadcast", "range": "here"},
    {"type": "color", "value": "#F405B3"},
    {"type": "date", "timestamp": 1720710212, "format": "{date_num} at {time}", "fallback": "then", "url": URL},
    {"type": "date", "timestamp": "1720710212", "format": "{ago}"},
    {"type": "tag", "text": "Paid", "color": "green"},
    {"type": "attachment_mention", "url": URL, "full_size_preview_enabled": True},
    {"type": "canvas", "file_id": "F1", "hide_title": True},
    {"type": "canvas_message_unfurl", "root_message_ts": "1783613573", "root_message_channel": "C1"},
    {"type": "canvas_user_mention", "user_id": "U1"},
    {"type": "citation", "url": URL, "text": "a page", "index": 1, "details": {"citation_type": "web", "title": "A"}},
    {"type": "file", "file_id": "F1"},
    {"type": "list_record", "file_id": "F1", "record_id": "R1"},
    {"type": "message_mention", "channel_id": "C1", "message_ts": "1720710212.123456"},
    {"type": "salesforce_data_field", "salesforce_record_id": "001ABC"},
    {"type": "work_object_mention", "entity_id": "E1", "app_id": "A1", "text": "Order", "url": URL},
    {"type": "workflow_mention", "workflow_id": "Wf1", "function_trigger_id": "Ft1", "text": "Run"},
]
FULL_CARD: Final = card(
    hero_image=image(),
    icon=image(),
    title=mrkdwn("Lamp"),
    subtitle=plain("brass"),
    body=mrkdwn("gives _light_"),
    subtext=plain("while stocks last"),
    actions=[button(action_id="buy"), button(action_id="see", url=URL), button(style="danger", value="no")],
    block_id="card-1",
)
FULL_TASK: Final = task(
    status="in_progress",
    details=rich_text(block_id="same"),
    output=rich_text(block_id="same"),
    sources=[{"type": "url", "url": URL, "text": "a source"}],
    block_id="task-1",
)

ACCEPTED: Final[dict[str, list[Block]]] = {
    "no blocks": [],
    "50 dividers": [{"type": "divider"}] * 50,
    "divider": [{"type": "divider", "block_id": "rule"}],
    "header": [{"type": "header", "text": plain()}],
    "header in full": [{"type": "header", "text": plain(":tada: Go", emoji=True), "level": 4, "block_id": "top"}],
    "section": [section()],
    "section of fields": [{"type": "section", "fields": [plain(), mrkdwn()]}],
    "section in full": [section(button(), fields=[mrkdwn()] * 10, expand=True, block_id="b")],
    "section without verbatim": [section(text={"type": "mrkdwn", "text": "a", "verbatim": False})],
    "section with blanks alone": [section(text=mrkdwn(" "))],
    "section with an image": [section(image())],
    "section with a Slack file": [
        section({"type": "image", "alt_text": "a", "slack_file": {"url": "https://files.slack.com/a.png"}})
    ],
    **{f"section with {each['type']} {n}": [section(each)] for n, each in enumerate([*MENUS, *GROUPS])},
    "section with overflow": [
        section({"type": "overflow", "options": [RED, option(value="b", url="mailto:ops@example.org")]})
    ],
    "section with a workflow": [section(WORKFLOW)],
    "context": [{"type": "context", "elements": [mrkdwn()]}],
    "context in full": [{"type": "context", "elements": [mrkdwn(), plain(emoji=False), image()], "block_id": "c"}],
    "actions": [actions(button())],
    "actions with all elements": [
        actions(
            *({**each, "action_id": f"e{number}"} for number, each in enumerate([*MENUS, *GROUPS, MOMENT, WORKFLOW]))
        )
    ],
    "button in full": [
        actions(
            button(
                action_id="a",
                url="slack://open",
                value="1",
                style="primary",
                confirm=confirm(),
                accessibility_label="b",
            )
        )
    ],
    "buttons without ids": [actions(*[button()] * 25)],
    "the same action in two blocks": [actions(button(action_id="a")), actions(button(action_id="a"))],
    "image": [image()],
    "image in full": [image(title=plain("A lamp"), block_id="i")],
    "image of Slack": [{"type": "image", "alt_text": "a", "slack_file": {"id": "F1"}, "title": plain()}],
    "markdown": [{"type": "markdown", "text": "**bold**\n\n| a | b |\n|---|---|\n| 1 | 2 |"}],
    "markdown ignores its id": [{"type": "markdown", "text": "a", "block_id": "m"}] * 2,
    "table": [{"type": "table", "rows": [[raw()]]}],
    "table in full": [
        {
            "type": "table",
            "rows": [[raw(), raw("b")], [rich_text(), amount(-15, text="-15")], [amount(4), raw("c")]],
            "column_settings": [{"is_wrapped": True}, {"align": "right"}],
            "block_id": "t",
        }
    ],
    "table with a blank cell": [{"type": "table", "rows": [[raw(" ")]]}],
    "table with a fraction": [{"type": "table", "rows": [[amount(1.5, text="1.5")]]}],
    "table that skips a column": [{"type": "table", "rows": [[raw()]], "column_settings": [None, {"align": "left"}]}],
    "data table": [data_table()],
    "data table in full": [
        data_table(
            [raw("Name"), raw("Badge"), raw("Do")],
            [raw("a"), rich_text(), {"type": "action_cell", "element": button(action_id="x"), "fallback": raw("none")}],
            [amount(1), rich_text(), {"type": "action_cell", "element": button(action_id="y")}],
            page_size=100,
            row_header_column_index=2,
            block_id="d",
        )
    ],
    "rich text": [rich_text()],
    "rich text with an empty line": [rich_text(line())],
    **{f"rich text with {each['type']} {number}": [rich_text(line(each))] for number, each in enumerate(INLINE)},
    "rich text in full": [
        rich_text(
            line(*INLINE),
            {"type": "rich_text_quote", "elements": INLINE, "border": 1},
            {"type": "rich_text_preformatted", "elements": INLINE[:5], "border": 0, "language": "json"},
            {"type": "rich_text_list", "style": "bullet", "elements": [line(word()), line()], "indent": 8},
            {"type": "rich_text_list", "style": "ordered", "elements": [line(word())], "offset": 4, "border": 1},
            block_id="r",
        )
    ],
    "video": [video()],
    "video in full": [
        video(
            title_url="https://example.org/1",
            description=plain("how it shines"),
            author_name="Ada",
            provider_name="Films",
            provider_icon_url="http://example.org/i.png",
            block_id="v",
        )
    ],
    "video without what may be null": [video(title_url=None, description=None, author_name=None)],
    "file": [{"type": "file", "external_id": "ABCD1", "source": "remote"}],
    "call": [{"type": "call", "call_id": "R123"}],
    "feedback": [context_actions(feedback())],
    "context actions in full": [
        context_actions(
            feedback(action_id="f"),
            trash(action_id="t", value="1", confirm=confirm(), accessibility_label="b", visible_to_user_ids=["U1"]),
            trash(),
            block_id="x",
        )
    ],
    "card": [card()],
    "card of buttons": [card(actions=[button()])],
    "card of an image": [card(hero_image=image())],
    "card in full": [FULL_CARD],
    "card with an icon of Slack": [card(title=plain(), slack_icon={"type": "icon", "name": "sparkle"})],
    "carousel": [carousel()],
    "carousel in full": [carousel(FULL_CARD, *[card()] * 9, block_id="all")],
    "container": [container()],
    "container in full": [
        container(
            section(block_id="s"),
            {"type": "divider"},
            {"type": "header", "text": plain()},
            {"type": "context", "elements": [mrkdwn()]},
            actions(button(action_id="yes"), button(action_id="no")),
            image(),
            rich_text(),
            {"type": "table", "rows": [[raw()]]},
            video(),
            ask({"type": "plain_text_input"}),
            rich_text_title=rich_text(),
            subtitle=mrkdwn("two records"),
            icon=image(),
            width="full",
            is_collapsible=True,
            default_collapsed=True,
            has_header_divider=False,
            block_id="box",
        )
    ],
    "container with a rich title": [
        {"type": "container", "rich_text_title": rich_text(), "child_blocks": [{"type": "divider"}]}
    ],
    "pie": [pie()],
    "pie in full": [pie(*(point(f"Tea {n}", n) for n in range(1, 13)), block_id="p")],
    "pie with a fraction": [pie(point("Tea", 0.5))],
    **{f"{kind} chart": [chart(kind)] for kind in ("bar", "area", "line")},
    "chart in full": [
        chart(
            "area",
            series("Shop", point("Mon", 0), point("Tue", -3)),
            series("Web", point("Tue", 12_000), point("Mon", 2)),
            categories=["Mon", "Tue"],
            x_label="Day",
            y_label="Orders",
        ),
        pie(),
    ],
    "task card": [task()],
    "task card in full": [FULL_TASK],
    "task card in the form of its page": [task(status="pending")],
    "plan": [{"type": "plan", "title": "Close the day"}],
    "plan in full": [
        {
            "type": "plan",
            "title": "Close the day",
            "tasks": [FULL_TASK, {"task_id": "t2", "title": "Rest", "status": "complete"}],
            "block_id": "plan-1",
        }
    ],
    "input": [ask({"type": "plain_text_input"})],
    "input in full": [
        ask(
            {
                "type": "plain_text_input",
                "action_id": "why",
                "initial_value": "",
                "multiline": True,
                "min_length": 0,
                "max_length": 3000,
                "dispatch_action_config": {"trigger_actions_on": ["on_enter_pressed", "on_character_entered"]},
                "focus_on_load": False,
                "placeholder": plain("Because"),
            },
            hint=plain("a word or two"),
            optional=True,
            dispatch_action=True,
            block_id="q",
        )
    ],
    **{f"input of {each['type']} {n}": [ask(each)] for n, each in enumerate([*MENUS, *GROUPS, MOMENT])},
}

# the broken rule, the blocks, Slack's error message, and its path
REFUSED: Final[list[tuple[str, Any, str, str]]] = [
    ("51 blocks", [{"type": "divider"}] * 51, "no more than 50 items allowed", ""),
    ("an object in place of a list", {"type": "divider"}, "must be an array", ""),
    ("a text in place of a block", ["divider"], "must be an object", "/0"),
    ("a block without a type", [{"text": mrkdwn()}], "missing required field: type", "/0"),
    ("a type that is none", [{"type": "sectoin", "text": mrkdwn()}], "unsupported type: sectoin", "/0/type"),
    ("a type that is a list", [{"type": ["divider"]}], "unsupported type: ['divider']", "/0/type"),
    ("an alert, which modals alone show", [{"type": "alert", "text": mrkdwn()}], "unsupported type: alert", "/0/type"),
    ("a key that is none", [{"type": "divider", "colour": "red"}], "invalid additional property: colour", "/0"),
    ("an id that is a number", [{"type": "divider", "block_id": 5}], "must provide a string", "/0/block_id"),
    ("an empty id", [{"type": "divider", "block_id": ""}], "must be more than 0 characters", "/0/block_id"),
    ("a long id", [section(block_id="b" * 256)], "must be less than 256 characters", "/0/block_id"),
    ("an id twice", [section(block_id="b"), section(block_id="b")], "`block_id` must be unique: b", ""),
    ("an id twice, inside too", [section(block_id="b"), container(section(block_id="b"))], "`block_id` must be", ""),
    ("header of mrkdwn", [{"type": "header", "text": mrkdwn()}], "unsupported type: mrkdwn", "/0/text/type"),
    ("header without text", [{"type": "header"}], "missing required field: text", "/0"),
    ("header of level 5", [{"type": "header", "text": plain(), "level": 5}], "must be from 1 to 4", "/0/level"),
    ("long header", [{"type": "header", "text": plain("x" * 151)}], "must be less than 151", "/0/text/text"),
    ("section without text", [{"type": "section"}], "must define either `text` or `fields`", "/0"),
    ("bare text", [section(text="Go")], "must be an object", "/0/text"),
    ("empty text", [section(text=plain(""))], "must be more than 0 characters", "/0/text/text"),
    ("null", [{**section(), "accessory": None}], "must be an object", "/0/accessory"),
    ("long text", [section(text=plain("x" * 3001))], "must be less than 3001 characters", "/0/text/text"),
    ("emoji of mrkdwn", [section(text=mrkdwn(emoji=True))], "invalid additional property: emoji", "/0/text"),
    ("verbatim of plain text", [section(text=plain(verbatim=True))], "invalid additional property: v", "/0/text"),
    ("verbatim as a word", [section(text=mrkdwn(verbatim="yes"))], "must be a boolean", "/0/text/verbatim"),
    ("11 fields", [section(fields=[mrkdwn()] * 11)], "no more than 10 items allowed", "/0/fields"),
    ("no fields", [section(fields=[])], "must have at least 1 items", "/0/fields"),
    ("a long field", [section(fields=[plain("x" * 2001)])], "must be less than 2001", "/0/fields/0/text"),
    ("expand as a number", [section(expand=1)], "must be a boolean", "/0/expand"),
    ("a moment in a section", [section(MOMENT)], "unsupported type: datetimepicker", "/0/accessory/type"),
    ("an input in a section", [section({"type": "plain_text_input"})], "unsupported type: plain", "/0/accessory/type"),
    ("11 texts in a context", [{"type": "context", "elements": [mrkdwn()] * 11}], "no more than 10", "/0/elements"),
    ("a button in a context", [{"type": "context", "elements": [button()]}], "unsupported", "/0/elements/0/type"),
    ("no elements", [actions()], "must have at least 1 items", "/0/elements"),
    ("26 elements", [actions(*[button()] * 26)], "no more than 25 items allowed", "/0/elements"),
    ("an image among actions", [actions(image())], "unsupported type: image", "/0/elements/0/type"),
    ("an action twice", [actions(*[button(action_id="a")] * 2)], "`action_id` must be unique: a", "/0/elements"),
    (
        "an action twice in a container",
        [container(actions(*[button(action_id="a")] * 2))],
        "`action_id` must be unique: a",
        "/0/child_blocks/0/elements",
    ),
    ("a button of a text", [actions(button(text="Open"))], "must be an object", "/0/elements/0/text"),
    ("a button of mrkdwn", [actions(button(text=mrkdwn()))], "unsupported type", "/0/elements/0/text/type"),
    ("a long button", [actions(button(text=plain("x" * 76)))], "must be less than 76", "/0/elements/0/text/text"),
    ("a long value", [actions(button(value="x" * 2001))], "must be less than 2001", "/0/elements/0/value"),
    ("a long address", [actions(button(url=URL.ljust(3001, "x")))], "must be less than 3001", "/0/elements/0/url"),
    ("an address without a scheme", [actions(button(url="a.org"))], "must be a valid URL", "/0/elements/0/url"),
    ("an address without a host", [actions(button(url="https:///a"))], "must be a valid URL", "/0/elements/0/url"),
    ("an address with a blank", [actions(button(url=f"{URL} x"))], "must be a valid URL", "/0/elements/0/url"),
    ("a loud button", [actions(button(style="loud"))], "must be one of: primary, danger", "/0/elements/0/style"),
    (
        "a long label",
        [actions(button(accessibility_label="x" * 76))],
        "must be less than 76",
        "/0/elements/0/accessibility_label",
    ),
    (
        "half a question",
        [actions(button(confirm={"title": plain()}))],
        "missing required field: text",
        "/0/elements/0/confirm",
    ),
    (
        "a long question",
        [actions(button(confirm=confirm(title=plain("x" * 101))))],
        "must be less than 101",
        "/0/elements/0/confirm/title/text",
    ),
    (
        "a long yes",
        [actions(button(confirm=confirm(confirm=plain("x" * 31))))],
        "must be less than 31",
        "/0/elements/0/confirm/confirm/text",
    ),
    ("a menu without options", [section({"type": "static_select"})], "must define either `options` or", "/0/accessory"),
    (
        "options and groups",
        [section({"type": "static_select", "options": [RED], "option_groups": [{"label": plain(), "options": [RED]}]})],
        "must define only one of `options` or `option_groups`",
        "/0/accessory",
    ),
    (
        "101 options",
        [section({"type": "static_select", "options": [RED] * 101})],
        "no more than 100",
        "/0/accessory/options",
    ),
    (
        "a first choice that is not offered",
        [section({"type": "static_select", "options": [RED], "initial_option": BLUE})],
        "must be one of the options",
        "/0/accessory/initial_option",
    ),
    (
        "first choices that are not offered",
        [section({"type": "checkboxes", "options": [RED], "initial_options": [RED, BLUE]})],
        "must be one of the options",
        "/0/accessory/initial_options",
    ),
    (
        "an option of mrkdwn in a menu",
        [section({"type": "static_select", "options": [option(mrkdwn())]})],
        "unsupported type: mrkdwn",
        "/0/accessory/options/0/text/type",
    ),
    ("11 boxes", [section({"type": "checkboxes", "options": [RED] * 11})], "no more than 10", "/0/accessory/options"),
    (
        "6 in an overflow",
        [section({"type": "overflow", "options": [RED] * 6})],
        "no more than 5",
        "/0/accessory/options",
    ),
    (
        "an address in a menu",
        [section({"type": "static_select", "options": [option(url=URL)]})],
        "invalid additional property: url",
        "/0/accessory/options/0",
    ),
    (
        "a long option",
        [section({"type": "radio_buttons", "options": [option(plain("x" * 76))]})],
        "must be less than 76",
        "/0/accessory/options/0/text/text",
    ),
    (
        "an option without a value",
        [section({"type": "radio_buttons", "options": [{"text": plain()}]})],
        "missing required field: value",
        "/0/accessory/options/0",
    ),
    (
        "a long value of an option",
        [section({"type": "radio_buttons", "options": [option(value="x" * 151)]})],
        "must be less than 151",
        "/0/accessory/options/0/value",
    ),
    (
        "a long hint",
        [section({"type": "users_select", "placeholder": plain("x" * 151)})],
        "must be less than 151",
        "/0/accessory/placeholder/text",
    ),
    (
        "no choice",
        [section({"type": "multi_users_select", "max_selected_items": 0})],
        "must be from 1",
        "/0/accessory/max_selected_items",
    ),
    (
        "an empty filter",
        [section({"type": "conversations_select", "filter": {}})],
        "must define either",
        "/0/accessory/filter",
    ),
    (
        "a filter for what is none",
        [section({"type": "conversations_select", "filter": {"include": ["shared"]}})],
        "must be one of: im, mpim, private, public",
        "/0/accessory/filter/include/0",
    ),
    (
        "a wrong date",
        [section({"type": "datepicker", "initial_date": "28.4.2026"})],
        "must be written as",
        "/0/accessory/initial_date",
    ),
    (
        "a wrong time",
        [section({"type": "timepicker", "initial_time": "24:00"})],
        "must be written as",
        "/0/accessory/initial_time",
    ),
    (
        "a moment in milliseconds",
        [actions({**MOMENT, "initial_date_time": 1628633820000})],
        "must be from",
        "/0/elements/0/initial_date_time",
    ),
    ("image without words", [{"type": "image", "image_url": URL}], "missing required field: alt_text", "/0"),
    ("image without a picture", [{"type": "image", "alt_text": "a"}], "must define either `image_url` or", "/0"),
    ("two pictures", [image(slack_file={"id": "F1"})], "must define only one of `image_url` or `slack_file`", "/0"),
    (
        "a file twice",
        [section({"type": "image", "alt_text": "a", "slack_file": {"id": "F1", "url": URL}})],
        "must",
        "/0/accessory/slack_file",
    ),
    ("a picture by mail", [image(image_url="mailto:a@example.org")], "must be a valid URL", "/0/image_url"),
    ("a long alt text", [image(alt_text="x" * 2001)], "must be less than 2001", "/0/alt_text"),
    ("a title of mrkdwn", [image(title=mrkdwn())], "unsupported type: mrkdwn", "/0/title/type"),
    ("a title on an element", [section(image(title=plain()))], "invalid additional property: title", "/0/accessory"),
    ("long markdown", [{"type": "markdown", "text": "x" * 12_001}], "must be less than 12001", "/0/text"),
    ("much markdown", [{"type": "markdown", "text": "x" * 6001}] * 2, "markdown blocks must have less than 12001", ""),
    ("101 rows", [{"type": "table", "rows": [[raw()]] * 101}], "no more than 100", "/0/rows"),
    ("21 cells", [{"type": "table", "rows": [[raw()] * 21]}], "no more than 20", "/0/rows/0"),
    ("an empty cell", [{"type": "table", "rows": [[raw("")]]}], "must be more than 0", "/0/rows/0/0/text"),
    ("a bare cell", [{"type": "table", "rows": [["lamp"]]}], "must be an object", "/0/rows/0/0"),
    ("a button in a table", [{"type": "table", "rows": [[button()]]}], "unsupported type: button", "/0/rows/0/0/type"),
    ("a number as a text", [{"type": "table", "rows": [[amount("5")]]}], "must be a number", "/0/rows/0/0/value"),  # type: ignore[arg-type]
    ("a full table", [{"type": "table", "rows": [[raw("x" * 2001)] * 5]}], "must be less than 10001", "/0/rows"),
    (
        "21 columns",
        [{"type": "table", "rows": [[raw()]], "column_settings": [{}] * 21}],
        "no more than 20",
        "/0/column_settings",
    ),
    (
        "a column in the middle",
        [{"type": "table", "rows": [[raw()]], "column_settings": [{"align": "middle"}]}],
        "must be one of: left, center, right",
        "/0/column_settings/0/align",
    ),
    ("columns", [{"type": "table", "rows": [[raw()]], "columns": []}], "invalid additional property: columns", "/0"),
    ("a data table of a head alone", [data_table([raw()])], "must have at least 2 items", "/0/rows"),
    ("202 rows of data", [data_table(*[[raw()]] * 202)], "no more than 201", "/0/rows"),
    ("a data table without a caption", [{"type": "data_table", "rows": [[raw()]] * 2}], "missing required", "/0"),
    ("uneven rows", [data_table([raw()], [raw(), raw()])], "must have 1 items, as the first row has", "/0/rows/1"),
    ("a rich head", [data_table([rich_text()], [raw()])], "unsupported type: rich_text", "/0/rows/0/0/type"),
    ("a full data table", [data_table([raw()], [raw("x" * 20_001)])], "must be less than 20001", "/0/rows"),
    ("a page of 101", [data_table(page_size=101)], "must be from 1 to 100", "/0/page_size"),
    (
        "a head that is not there",
        [data_table(row_header_column_index=2)],
        "must be from 0 to 1",
        "/0/row_header_column_index",
    ),
    ("rich text of nothing", [{"type": "rich_text", "elements": []}], "must have at least 1", "/0/elements"),
    ("a paragraph", [rich_text({"type": "paragraph", "elements": []})], "unsupported type: para", "/0/elements/0/type"),
    ("a bold element", [rich_text(line({"type": "bold"}))], "unsupported type: bold", "/0/elements/0/elements/0/type"),
    ("an empty word", [rich_text(line(word("")))], "must be more than 0", "/0/elements/0/elements/0/text"),
    (
        "a style that is none",
        [rich_text(line(word(style={"blink": True})))],
        "invalid additional",
        "/0/elements/0/elements/0/style",
    ),
    ("a style as a word", [rich_text(line(word(style="bold")))], "must be an object", "/0/elements/0/elements/0/style"),
    (
        "a style as a number",
        [rich_text(line(word(style={"bold": 1})))],
        "must be a boolean",
        "/0/elements/0/elements/0/style/bold",
    ),
    (
        "a link without an address",
        [rich_text(line({"type": "link", "text": "a"}))],
        "missing required",
        "/0/elements/0/elements/0",
    ),
    (
        "a shout",
        [rich_text(line({"type": "broadcast", "range": "all"}))],
        "must be one of: here",
        "/0/elements/0/elements/0/range",
    ),
    (
        "a date as a text",
        [rich_text(line({"type": "date", "timestamp": "tomorrow", "format": "{date}"}))],
        "must be a number",
        "/0/elements/0/elements/0/timestamp",
    ),
    (
        "a user in code",
        [rich_text({"type": "rich_text_preformatted", "elements": [{"type": "user", "user_id": "U1"}]})],
        "unsupported type: user",
        "/0/elements/0/elements/0/type",
    ),
    (
        "a word in a list",
        [rich_text({"type": "rich_text_list", "style": "bullet", "elements": [word()]})],
        "unsupported type: text",
        "/0/elements/0/elements/0/type",
    ),
    (
        "a list of stars",
        [rich_text({"type": "rich_text_list", "style": "star", "elements": [line()]})],
        "must be one of: bullet, ordered",
        "/0/elements/0/style",
    ),
    (
        "a deep list",
        [rich_text({"type": "rich_text_list", "style": "bullet", "elements": [line()], "indent": 9})],
        "must be from 0 to 8",
        "/0/elements/0/indent",
    ),
    ("a plain video", [video(video_url="http://example.org/1")], "must be a valid URL", "/0/video_url"),
    ("a video without words", [{**video(), "alt_text": ""}], "must be more than 0", "/0/alt_text"),
    ("a long title of a video", [video(title=plain("x" * 200))], "must be less than 200", "/0/title/text"),
    ("a long name of an author", [video(author_name="x" * 50)], "must be less than 50", "/0/author_name"),
    ("a local file", [{"type": "file", "external_id": "A", "source": "local"}], "must be one of: remote", "/0/source"),
    ("a call without an id", [{"type": "call"}], "missing required field: call_id", "/0"),
    ("6 context actions", [context_actions(*[trash()] * 6)], "no more than 5", "/0/elements"),
    ("a button as a context action", [context_actions(button())], "unsupported type: button", "/0/elements/0/type"),
    ("an icon that is none", [context_actions(trash(icon="star"))], "must be one of: trash", "/0/elements/0/icon"),
    (
        "half a feedback",
        [context_actions({"type": "feedback_buttons"})],
        "missing required field: pos",
        "/0/elements/0",
    ),
    ("an icon button elsewhere", [actions(trash())], "unsupported type: icon_button", "/0/elements/0/type"),
    ("card of a subtitle", [card(subtitle=plain())], "must define either `hero_image` or `title`", "/0"),
    ("card with a bare title", [card(title="Lamp")], "must be an object", "/0/title"),
    ("card with a long title", [card(title=plain("x" * 151))], "must be less than 151", "/0/title/text"),
    (
        "card with a long subtitle",
        [card(title=plain(), subtitle=plain("x" * 151))],
        "must be less than 151",
        "/0/subtitle/text",
    ),
    ("card with a long body", [card(body=plain("x" * 201))], "must be less than 201", "/0/body/text"),
    (
        "card with a long subtext",
        [card(body=plain(), subtext=plain("x" * 201))],
        "must be less than 201",
        "/0/subtext/text",
    ),
    ("card with 4 buttons", [card(actions=[button()] * 4)], "no more than 3", "/0/actions"),
    ("card with a menu", [card(actions=[MENUS[0]])], "unsupported type: static_select", "/0/actions/0/type"),
    (
        "card with two icons",
        [card(title=plain(), icon=image(), slack_icon={"type": "icon", "name": "bug"})],
        "must define only one of `icon` or `slack_icon`",
        "/0",
    ),
    (
        "card with an icon that is none",
        [card(title=plain(), slack_icon={"type": "icon", "name": "sparkles"})],
        "must be one of: archive",
        "/0/slack_icon/name",
    ),
    ("card with an action twice", [card(actions=[button(action_id="a")] * 2)], "`action_id` must be", "/0/actions"),
    ("11 cards", [carousel(*[card()] * 11)], "no more than 10", "/0/elements"),
    ("a carousel of sections", [carousel(section())], "unsupported type: section", "/0/elements/0/type"),
    ("a carousel of nothing", [{"type": "carousel", "elements": []}], "must have at least 1", "/0/elements"),
    ("container without a title", [{"type": "container", "child_blocks": [section()]}], "must define either", "/0"),
    ("container of 11", [container(*[section()] * 11)], "no more than 10", "/0/child_blocks"),
    ("a container in a container", [container(container())], "unsupported type: container", "/0/child_blocks/0/type"),
    ("a card in a container", [container(card())], "unsupported type: card", "/0/child_blocks/0/type"),
    ("a slip in a container", [container({"type": "section"})], "must define either", "/0/child_blocks/0"),
    ("container with a long title", [container(title=plain("x" * 151))], "must be less than 151", "/0/title/text"),
    ("container of mrkdwn", [container(title=mrkdwn())], "unsupported type: mrkdwn", "/0/title/type"),
    ("a huge container", [container(width="huge")], "must be one of: narrow, standard, wide, full", "/0/width"),
    ("three charts", [pie()] * 3, "no more than 2 data_visualization blocks allowed", ""),
    ("a long title of a chart", [{**pie(), "title": "x" * 51}], "must be less than 51", "/0/title"),
    ("a title that is an object", [{**pie(), "title": plain()}], "must provide a string", "/0/title"),
    ("13 segments", [pie(*[point()] * 13)], "no more than 12", "/0/chart/segments"),
    ("a segment of nothing", [pie(point("Tea", 0))], "must be more than 0", "/0/chart/segments/0/value"),
    ("a long label of a segment", [pie(point("x" * 21))], "must be less than 21", "/0/chart/segments/0/label"),
    ("a value as a text", [pie(point("Tea", "5"))], "must be a number", "/0/chart/segments/0/value"),  # type: ignore[arg-type]
    ("a donut", [chart("donut")], "unsupported type: donut", "/0/chart/type"),
    ("13 series", [chart("bar", *(series(f"S{n}") for n in range(13)))], "no more than 12", "/0/chart/series"),
    ("a series twice", [chart("bar", series(), series())], "`name` must be unique: Orders", "/0/chart/series"),
    ("21 points", [chart("bar", series("A", *[point()] * 21))], "no more than 20", "/0/chart/series/0/data"),
    (
        "a point that is missing",
        [chart(categories=["Mon", "Tue"])],
        "must have exactly one item for each label of `axis_config.categories`",
        "/0/chart/series/0/data",
    ),
    ("a point too many", [chart("bar", series("A", point("Tue")))], "must have exactly one", "/0/chart/series/0/data"),
    ("a long category", [chart(categories=["x" * 21])], "must be less than 21", "/0/chart/axis_config/categories/0"),
    ("a long axis", [chart(x_label="x" * 51)], "must be less than 51", "/0/chart/axis_config/x_label"),
    ("a task without an id", [{"type": "task_card", "title": "a"}], "missing required field: task_id", "/0"),
    ("a task that is done", [task(status="done")], "must be one of: pending, in_progress", "/0/status"),
    ("a title of a task that is an object", [task(title=plain())], "must provide a string", "/0/title"),
    ("details in words", [task(details="counted")], "must be an object", "/0/details"),
    (
        "a source that is a link",
        [task(sources=[{"type": "link", "url": URL}])],
        "unsupported type: link",
        "/0/sources/0/type",
    ),
    ("a plan of sections", [{"type": "plan", "title": "a", "tasks": [section()]}], "missing required", "/0/tasks/0"),
    ("a title of a plan that is an object", [{"type": "plan", "title": plain()}], "must provide a string", "/0/title"),
    ("an input without a label", [{"type": "input", "element": MOMENT}], "missing required field: label", "/0"),
    ("an input of mrkdwn", [ask(MOMENT, label=mrkdwn())], "unsupported type: mrkdwn", "/0/label/type"),
    ("a button in an input", [ask(button())], "unsupported type: button", "/0/element/type"),
    (
        "a long answer",
        [ask({"type": "plain_text_input", "max_length": 3001})],
        "must be from 1 to 3000",
        "/0/element/max_length",
    ),
    *(
        (f"{kind}, which modals alone take", [ask({"type": kind})], f"unsupported type: {kind}", "/0/element/type")
        for kind in ("email_text_input", "file_input", "number_input", "url_text_input", "rich_text_input")
    ),
]
