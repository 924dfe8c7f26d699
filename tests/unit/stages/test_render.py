"""Structure comes from the template; values fill its strings and nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handler.errors import TemplateError
from handler.model import Leaf
from handler.stages.render import Content, is_wanted, render
from handler.templating import Templates
from tests.kit import expression, mrkdwn, notification

SECTION = {"type": "section", "text": {"type": "mrkdwn", "text": mrkdwn("*{{ x }}*"), "verbatim": True}}


def rendered(x: object, *blocks: Any, footers: tuple[str, ...] = ()) -> Content:
    return render(notification("Hello {{ id }}\n", blocks=blocks), {"x": x, "id": 7}, Templates(), footers)


def test_leaves_are_filled_and_the_rest_is_left_alone() -> None:
    content = rendered("Zoë <VIP>", SECTION, {"type": "divider"})
    assert content.text == "Hello 7"
    assert content.blocks == [
        {"type": "section", "text": {"type": "mrkdwn", "text": "*Zoë &lt;VIP&gt;*", "verbatim": True}},
        {"type": "divider"},
    ]


def test_blocks_and_elements_that_say_nothing_are_left_out() -> None:
    empty = {"type": "mrkdwn", "text": Leaf("mrkdwn", "{{ x }}", "f"), "verbatim": True}
    full = {"type": "mrkdwn", "text": "here"}
    content = rendered(
        None,
        {"type": "section", "text": empty},
        {"type": "context", "elements": [empty, full]},
        {"type": "context", "elements": [empty]},
        {"type": "section", "text": full, "fields": [empty]},
        {"type": "section", "fields": [empty, full], "text": empty},
    )
    assert content.blocks == [
        {"type": "context", "elements": [full]},
        {"type": "section", "text": full},
        {"type": "section", "fields": [full]},
    ]


@pytest.mark.parametrize("text", ["{{ x }}", "  {{ x }} \n", "{% if x %}something{% endif %}"])
def test_a_text_that_says_nothing_is_an_error(text: str) -> None:
    with pytest.raises(TemplateError, match="MESSAGE_EMPTY: order.created.yaml:5"):
        render(notification(text), {"x": None}, Templates())


def test_notes_are_escaped_and_stand_in_text_and_blocks() -> None:
    content = rendered(1, SECTION, footers=("Could not be read: <customer>",))
    assert content.text == "Hello 7\n_Could not be read: &lt;customer&gt;_"
    assert content.blocks[-1]["elements"][0]["text"] == "_Could not be read: &lt;customer&gt;_"
    assert rendered(1, footers=("note",)).blocks == []


@pytest.mark.parametrize(
    ("source", "text"), [("> {{ x }}", "[a]\n> 1"), ("{{ x | quote }}", "[a]\n> 1"), ("{{ x }}", "[a] 1")]
)
def test_a_prefix_leaves_a_quote_at_the_beginning_of_its_line(source: str, text: str) -> None:
    assert render(notification(source), {"x": 1}, Templates(), prefix="[a]").text == text


def test_a_prefix_stands_before_text_and_blocks() -> None:
    content = render(notification("Hello", blocks=[SECTION]), {"x": 1}, Templates(), prefix="[staging]")
    assert content.text == "[staging] Hello"
    assert content.blocks[0]["elements"][0]["text"] == "[staging]"
    assert content.blocks[1]["type"] == "section"


def test_when_decides_whether_to_speak() -> None:
    assert is_wanted(notification(), {}, Templates())
    assert is_wanted(notification(when=expression("x > 1")), {"x": 2}, Templates())
    assert not is_wanted(notification(when=expression("x > 1")), {"x": 1}, Templates())


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(alphabet="<>&{}%\"'\\\n`*_~!@#:|a山😀\u202e", max_size=40),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)


@given(VALUES)
def test_no_value_changes_the_structure_of_a_message(value: object) -> None:
    block = {
        "type": "section",
        "text": {"type": "mrkdwn", "text": mrkdwn("[{{ x }}]"), "verbatim": True},
        "fields": [{"type": "plain_text", "text": Leaf("plain", "[{{ x }}]", "f")}],
    }
    try:
        content = rendered(value, block)
    except TemplateError as error:
        assert isinstance(value, list | dict), error
        return
    (found,) = content.blocks
    assert found["text"].keys() == {"type", "text", "verbatim"}
    assert found["text"]["text"][0] + found["text"]["text"][-1] == "[]"
    assert not set("<>") & set(found["text"]["text"])
    assert found["fields"][0].keys() == {"type", "text"}
