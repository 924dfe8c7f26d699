"""The function's limits and the rules of lint and of the stand-in are two descriptions. Both are held to a third.

The numbers are typed from docs.slack.dev/reference/block-kit: the pages of blocks, elements and composition objects, as
they stood in October 2026.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any, Final

import pytest

from cli.slack_rules import block_problems
from handler.block_kit import limits
from handler.errors import TemplateError
from tests.unit.slack_rules import corpus
from tests.unit.slack_rules.corpus import Block, actions, ask, button, mrkdwn, option, plain, raw, section

CONFIRM: Final = {
    "confirm.title.text": 100,
    "confirm.text.text": 300,
    "confirm.confirm.text": 30,
    "confirm.deny.text": 30,
}
OPTIONS: Final = {"options[].text.text": 75, "options[].value": 150, "options[].description.text": 75}
MENU: Final = {**CONFIRM, "placeholder.text": 150}
STATIC_MENU: Final = {
    **MENU,
    **OPTIONS,
    "option_groups[].label.text": 75,
    "option_groups[].options[].text.text": 75,
    "option_groups[].options[].value": 150,
    "option_groups[].options[].description.text": 75,
}
BUTTON: Final = {**CONFIRM, "text.text": 75, "accessibility_label": 75}
CHARACTERS: Final[dict[str, dict[str, int]]] = {
    "actions": {},
    "card": {"title.text": 150, "subtitle.text": 150, "body.text": 200, "subtext.text": 200},
    "carousel": {},
    "container": {"title.text": 150, "subtitle.text": 150},
    "context": {"elements[].text": 3000},
    "context_actions": {},
    "data_table": {},
    "data_visualization": {
        "title": 50,
        "chart.segments[].label": 20,
        "chart.series[].name": 20,
        "chart.series[].data[].label": 20,
        "chart.axis_config.categories[]": 20,
        "chart.axis_config.x_label": 50,
        "chart.axis_config.y_label": 50,
    },
    "header": {"text.text": 150},
    "image": {"image_url": 3000, "alt_text": 2000, "title.text": 2000},
    "input": {"label.text": 2000, "hint.text": 2000},
    "markdown": {"text": 12_000},
    "section": {"text.text": 3000, "fields[].text": 2000},
    "table": {},
    "video": {"title.text": 199, "description.text": 199, "author_name": 49},  # less than 200, less than 50
    "button": {**BUTTON, "value": 2000, "url": 3000},
    "workflow_button": BUTTON,
    "icon_button": {**BUTTON, "value": 2000, "text.text": 3000},
    "feedback_buttons": {
        "positive_button.text.text": 75,
        "positive_button.value": 2000,
        "positive_button.accessibility_label": 75,
        "negative_button.text.text": 75,
        "negative_button.value": 2000,
        "negative_button.accessibility_label": 75,
    },
    "overflow": {**CONFIRM, **OPTIONS, "options[].url": 3000},
    "checkboxes": {**CONFIRM, **OPTIONS},
    "radio_buttons": {**CONFIRM, **OPTIONS},
    "static_select": STATIC_MENU,
    "multi_static_select": STATIC_MENU,
    "external_select": MENU,
    "multi_external_select": MENU,
    "users_select": MENU,
    "multi_users_select": MENU,
    "conversations_select": MENU,
    "multi_conversations_select": MENU,
    "channels_select": MENU,
    "multi_channels_select": MENU,
    "datepicker": MENU,
    "timepicker": MENU,
    "datetimepicker": CONFIRM,
    "plain_text_input": {"placeholder.text": 150},
}
# The function cuts the text of a cell; Slack documents what all cells hold together.
UNDOCUMENTED: Final = {("table", "rows[][].text"), ("data_table", "rows[][].text")}

SURE: Final = corpus.confirm()
ASKED: Final = {"confirm": SURE, "placeholder": plain()}
CHOICES: Final = [option(description=plain())]
GROUPS: Final = [{"label": plain(), "options": CHOICES}]
ANSWER: Final = {"text": plain(), "value": "v", "accessibility_label": "a"}
LABELLED: Final = {**ANSWER, "confirm": SURE}


def menus(kind: str) -> list[Block]:
    """A section with the options of a menu, and one with its groups."""
    both = ({"options": CHOICES}, {"option_groups": GROUPS})
    return [section({"type": kind, **one, **ASKED}) for one in both]


# Messages with every string that has a limit, by the type of block or element.
SAMPLES: Final[dict[str, list[Block]]] = {
    "card": [corpus.FULL_CARD],
    "container": [corpus.container(subtitle=mrkdwn())],
    "context": [{"type": "context", "elements": [mrkdwn()]}],
    "data_visualization": [corpus.pie(), corpus.chart(x_label="Day", y_label="Orders")],
    "header": [{"type": "header", "text": plain()}],
    "image": [corpus.image(title=plain())],
    "input": [ask({"type": "plain_text_input"}, hint=plain())],
    "markdown": [{"type": "markdown", "text": "a"}],
    "section": [section(fields=[plain()])],
    "video": [corpus.video(description=plain(), author_name="Ada")],
    "button": [actions(button(url=corpus.URL, **LABELLED))],
    "workflow_button": [section({**corpus.WORKFLOW, "confirm": SURE})],
    "icon_button": [corpus.context_actions(corpus.trash(**LABELLED))],
    "feedback_buttons": [corpus.context_actions(corpus.feedback(positive_button=ANSWER, negative_button=ANSWER))],
    "overflow": [
        section({"type": "overflow", "options": [option(description=plain(), url=corpus.URL)], "confirm": SURE})
    ],
    "checkboxes": [section({"type": "checkboxes", "options": CHOICES, "confirm": SURE})],
    "radio_buttons": [section({"type": "radio_buttons", "options": CHOICES, "confirm": SURE})],
    "static_select": menus("static_select"),
    "multi_static_select": menus("multi_static_select"),
    "datetimepicker": [actions({**corpus.MOMENT, "confirm": SURE})],
    "plain_text_input": [ask({"type": "plain_text_input", "placeholder": plain()})],
    **{kind: [section({"type": kind, **ASKED})] for kind, known in CHARACTERS.items() if known == MENU},
}


def objects(tree: Any, kind: str) -> list[Block]:
    inner = tree if isinstance(tree, list) else list(tree.values()) if isinstance(tree, dict) else []
    found = [one for each in inner for one in objects(each, kind)]
    return [tree, *found] if isinstance(tree, dict) and tree.get("type") == kind else found


def put(tree: Any, path: str, size: int) -> int:
    """Make the strings at a path so long, and return how many there are."""
    head, _, rest = path.partition(".")
    key, lists = head.removesuffix("[]"), head.endswith("[]")
    if not isinstance(tree, dict) or key not in tree:
        return 0
    if lists and not rest:
        tree[key] = [_text(one, size) for one in tree[key]]
        return len(tree[key])
    if lists:
        return sum(put(one, rest, size) for one in tree[key])
    if rest:
        return put(tree[key], rest, size)
    tree[key] = _text(tree[key], size)
    return 1


def _text(before: str, size: int) -> str:
    return corpus.URL.ljust(size, "x") if before.startswith("https:") else "x" * size


def grown(kind: str, path: str, size: int) -> list[Block]:
    """The sample of a type, with the strings at a path so long."""
    blocks = copy.deepcopy(SAMPLES[kind])
    paths = [path]
    if path in {"chart.series[].data[].label", "chart.axis_config.categories[]"}:  # these must be the same
        paths = ["chart.series[].data[].label", "chart.axis_config.categories[]"]
    assert sum(put(one, each, size) for each in paths for one in objects(blocks, kind)), "the sample lacks it"
    return blocks


def accepted_by_both(blocks: list[Block]) -> None:
    assert block_problems(blocks) == []
    limits.check("text", blocks)


def refused_by_both(blocks: list[Block]) -> None:
    assert block_problems(blocks) != []
    with pytest.raises(TemplateError):
        limits.check("text", blocks)


STRINGS: Final = [(kind, path, most) for kind, paths in CHARACTERS.items() for path, most in paths.items()]


@pytest.mark.parametrize(("kind", "path", "most"), STRINGS)
def test_a_string_has_the_documented_limit_in_both(kind: str, path: str, most: int) -> None:
    assert limits.max_characters(kind, path) == most
    accepted_by_both(grown(kind, path, most))
    refused_by_both(grown(kind, path, most + 1))


def test_every_limit_of_the_function_is_here() -> None:
    known = {(kind, path) for kind, paths in limits._CHARACTERS.items() for path in paths} - UNDOCUMENTED
    assert known == {(kind, path) for kind, paths in CHARACTERS.items() for path in paths}
    assert limits._CHARACTERS.keys() == CHARACTERS.keys()
    counted = {(kind, path) for kind, paths in limits._ELEMENTS.items() for path in paths}
    assert counted == {row[:2] for row in ELEMENTS}


def named(count: int, *points: Block) -> list[Block]:
    return [corpus.series(f"S{number}", *points) for number in range(count)]


def chart_of(count: int) -> Block:
    days = [f"D{number}" for number in range(count)]
    return corpus.chart("bar", corpus.series("A", *map(corpus.point, days)), categories=days)


def cells(characters: int) -> list[list[Block]]:
    """Rows of one cell, of at most 2,000 characters, which together have so many."""
    full, rest = divmod(characters, 2000)
    return [[raw("x" * 2000)]] * full + ([[raw("x" * rest)]] if rest else [])


def choices(kind: str, count: int) -> list[Block]:
    return [section({"type": kind, "options": [option()] * count})]


def groups(kind: str, count: int, size: int = 1) -> list[Block]:
    return [section({"type": kind, "option_groups": [{"label": plain(), "options": [option()] * size}] * count})]


def table(rows: int, cells: int = 1, **more: Any) -> list[Block]:
    return [{"type": "table", "rows": [[raw("x")] * cells] * rows, **more}]


# the type, its list, its most items, and a message with so many
ELEMENTS: Final[list[tuple[str, str, int, Callable[[int], list[Block]]]]] = [
    ("actions", "elements", 25, lambda n: [actions(*[button()] * n)]),
    ("card", "actions", 3, lambda n: [corpus.card(actions=[button()] * n)]),
    ("carousel", "elements", 10, lambda n: [corpus.carousel(*[corpus.card()] * n)]),
    ("container", "child_blocks", 10, lambda n: [corpus.container(*[section()] * n)]),
    ("context", "elements", 10, lambda n: [{"type": "context", "elements": [mrkdwn()] * n}]),
    ("context_actions", "elements", 5, lambda n: [corpus.context_actions(*[corpus.trash()] * n)]),
    ("data_table", "rows", 201, lambda n: [corpus.data_table(*[[raw("x")]] * n)]),
    ("data_table", "rows[]", 20, lambda n: [corpus.data_table(*[[raw("x")] * n] * 2)]),
    ("data_visualization", "chart.segments", 12, lambda n: [corpus.pie(*[corpus.point()] * n)]),
    ("data_visualization", "chart.series", 12, lambda n: [corpus.chart("bar", *named(n))]),
    ("data_visualization", "chart.series[].data", 20, lambda n: [chart_of(n)]),
    ("data_visualization", "chart.axis_config.categories", 20, lambda n: [chart_of(n)]),
    ("section", "fields", 10, lambda n: [section(fields=[mrkdwn()] * n)]),
    ("table", "rows", 100, table),
    ("table", "rows[]", 20, lambda n: table(1, n)),
    ("table", "column_settings", 20, lambda n: table(1, column_settings=[{"align": "right"}] * n)),
    ("overflow", "options", 5, lambda n: choices("overflow", n)),
    ("checkboxes", "options", 10, lambda n: choices("checkboxes", n)),
    ("radio_buttons", "options", 10, lambda n: choices("radio_buttons", n)),
    ("static_select", "options", 100, lambda n: choices("static_select", n)),
    ("static_select", "option_groups", 100, lambda n: groups("static_select", n)),
    ("static_select", "option_groups[].options", 100, lambda n: groups("static_select", 1, n)),
    ("multi_static_select", "options", 100, lambda n: choices("multi_static_select", n)),
    ("multi_static_select", "option_groups", 100, lambda n: groups("multi_static_select", n)),
    ("multi_static_select", "option_groups[].options", 100, lambda n: groups("multi_static_select", 1, n)),
]
# The same for what no list of a block or an element is.
OTHERS: Final[list[tuple[str, int, Callable[[int], list[Block]]]]] = [
    ("blocks of a message", 50, lambda n: [{"type": "divider"}] * n),
    ("charts of a message", 2, lambda n: [corpus.pie()] * n),
    ("characters of a block_id", 255, lambda n: [section(block_id="x" * n)]),
    ("characters of a block_id of a divider", 255, lambda n: [{"type": "divider", "block_id": "x" * n}]),
    ("characters of a block_id inside", 255, lambda n: [corpus.container(section(block_id="x" * n))]),
    ("characters of an action_id", 255, lambda n: [actions(button(action_id="x" * n))]),
    ("characters of a table", 10_000, lambda n: [{"type": "table", "rows": cells(n)}]),
    ("characters of a data table", 20_000, lambda n: [corpus.data_table(*cells(n))]),
    ("a text inside a container", 3000, lambda n: [corpus.container(section(text=mrkdwn("x" * n)))]),
    ("a title inside a carousel", 150, lambda n: [corpus.carousel(corpus.card(title=plain("x" * n)))]),
    ("a button inside a card", 75, lambda n: [corpus.card(actions=[button(text=plain("x" * n))])]),
    ("a button inside a cell", 75, lambda n: [
        corpus.data_table([raw("a")], [{"type": "action_cell", "element": button(text=plain("x" * n))}])
    ]),
]  # fmt: skip
SIZES: Final = [
    *(pytest.param(most, blocks, id=f"{kind} {path}") for kind, path, most, blocks in ELEMENTS),
    *(pytest.param(most, blocks, id=name) for name, most, blocks in OTHERS),
]


@pytest.mark.parametrize(("most", "blocks"), SIZES)
def test_a_size_has_the_documented_limit_in_both(most: int, blocks: Callable[[int], list[Block]]) -> None:
    accepted_by_both(blocks(most))
    refused_by_both(blocks(most + 1))
