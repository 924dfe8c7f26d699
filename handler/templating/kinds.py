"""Every kind of mistake in a template. Each kind has one error code.

A kind never changes its meaning. Its message is in the table of each language (handler/templating/messages.py). This
module is imported with the first error, not at start.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, get_args

# An expression that cannot be read; an id's pattern that cannot be read.
Syntax = Literal[
    "bare_expression", "expression_incomplete", "expression_missing", "unexpected", "expected", "unclosed",
    "block_unclosed", "comment_unclosed", "raw_unclosed", "name_missing", "tag_missing", "tag_unknown",
    "tag_unexpected", "target_invalid", "tests_chained", "arguments_unreadable", "character_invalid",
    "argument_repeated", "unreadable",
    "pattern_unreadable", "pattern_unreadable_at",
]  # fmt: skip
# What templates, or patterns of ids, may not use.
Forbidden = Literal[
    "arguments_unpacked", "loops_too_deep", "filter_unknown", "test_unknown", "number_infinite", "self_used",
    "dict_literal", "call", "set_statement", "statement", "percent_on_text", "unsafe",
    "pattern_looks_ahead", "pattern_forbids", "pattern_matches_nothing", "pattern_refers", "pattern_depends",
    "pattern_atomic", "pattern_possessive", "pattern_part",
]  # fmt: skip
Limit = Literal[
    "nested_too_deep", "too_many_parts", "number_too_large", "result_too_long", "too_many_digits", "text_too_long",
    "too_many_trimmed", "too_many_elements", "decimals_invalid", "repeat_too_long", "too_much_text", "list_too_long",
    "recursion", "memory", "time_over", "pattern_too_long", "pattern_too_large", "pattern_too_deep",
]  # fmt: skip
Undefined = Literal[
    "name_unknown", "key_absent", "data_absent", "element_absent", "part_absent", "labels_unknown", "list_empty",
    "else_missing", "previous_absent", "next_absent", "undefined",
]  # fmt: skip
Failed = Literal[
    "not_showable", "no_time_of_day", "no_date", "not_a_time", "size_invalid", "mask_unknown", "style_unknown",
    "not_a_list", "neither_list_nor_text", "not_a_currency", "not_finite", "not_a_number", "argument_unknown",
    "argument_unwanted", "too_many_arguments", "argument_twice", "argument_missing", "argument_not_plain",
    "operands", "operand", "not_comparable", "date_and_time", "not_a_container", "not_in_text", "not_unpackable",
    "range_invalid", "slice_invalid", "call_invalid", "division_by_zero", "failed",
]  # fmt: skip
Url = Literal["address_too_long", "markup_in_address", "address_part_empty"]
Markup = Literal["expression_in_markup", "quote_not_first", "quote_in_plain"]
Bind = Literal["not_bindable"]
Unusable = Literal["value_unusable"]
Empty = Literal["message_empty"]
# Parts of a message that are larger than Slack allows, or empty where Slack requires a text.
Blocks = Literal[
    "too_many_blocks", "too_many_tables", "too_many_charts", "too_many_block_elements", "too_many_characters",
    "too_many_characters_in_all", "part_empty",
]  # fmt: skip
# An error that another part of the program has described: it has its own text and code.
Described = Literal["described"]

Kind = Syntax | Forbidden | Limit | Undefined | Failed | Url | Markup | Bind | Unusable | Empty | Blocks | Described

_BY_CODE: Final = {
    "TEMPLATE_SYNTAX": Syntax,
    "TEMPLATE_FORBIDDEN": Forbidden,
    "TEMPLATE_LIMIT": Limit,
    "TEMPLATE_UNDEFINED": Undefined,
    "TEMPLATE_FAILED": Failed,
    "TEMPLATE_URL": Url,
    "TEMPLATE_MARKUP": Markup,
    "TEMPLATE_BIND": Bind,
    "VALUE_UNUSABLE": Unusable,
    "MESSAGE_EMPTY": Empty,
    "BLOCK_LIMIT": Blocks,
}
# The code of each kind; `described` has none of its own.
CODE: Final[Mapping[Kind, str]] = {kind: code for code, kinds in _BY_CODE.items() for kind in get_args(kinds)}
KINDS: Final[tuple[Kind, ...]] = (*CODE, *get_args(Described))
