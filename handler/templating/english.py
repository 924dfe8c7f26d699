"""The English messages: for each kind of mistake, what is wrong and what to write instead.

`MessageTable` in handler/templating/messages.py explains the placeholders.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from handler.templating.kinds import Kind

CLOSE: Final = "nearest: $names"
KNOWN: Final = "known: $names"
NONE: Final = "none"
CONJUNCTION: Final = " and "
COMPUTED: Final = "[a computed name]"

# What an author calls the values of each Python type.
TYPES: Final[Mapping[str, str]] = {
    "NoneType": "an empty value",
    "str": "a text",
    "Mrkdwn": "a text",
    "Quote": "a text",
    "bool": "true or false",
    "int": "a number",
    "float": "a number",
    "Decimal": "a number",
    "date": "a date",
    "datetime": "a time",
    "list": "a list",
    "tuple": "a list",
    "range": "a list",
    "dict": "an object",
    "EventData": "an object",
    "Row": "a row",
    "LoopContext": "`loop`",
}

_SMALLER: Final = "compute it in the SQL, or split the text into several blocks"
_IN_SQL: Final = "compute it in the SQL, or write the expression where it is used"
_PATTERN: Final = "write what the id consists of from its start to its end, such as [A-Z]{2}-[0-9]+"
_ACCEPTED: Final = "it takes $accepted"

# By kind: the message, and the fix. The fix is empty where the remedy of the error code is enough.
KINDS: Final[Mapping[Kind, tuple[str, str]]] = {
    # TEMPLATE_SYNTAX
    "bare_expression": (
        "one bare expression goes here, without {{ }}",
        "write the expression alone: order.total > 100",
    ),
    "expression_incomplete": ("the expression is not complete", "complete it, or remove the operator at its end"),
    "expression_missing": (
        "an expression is missing before `$name`",
        "write an expression there, as in {% if order.total > 100 %}",
    ),
    "unexpected": ("`$name` is unexpected here", "remove `$name`, or put it in quotes if it is part of a text"),
    "expected": ("`$owner` is expected here, not `$name`", "join values with ~, and write | before a filter"),
    "unclosed": ("`$name` is missing at the end", "write `$name` where the expression ends"),
    "block_unclosed": ("{% $owner %} is not closed", "write {% end$owner %} where it ends"),
    "comment_unclosed": ("a comment is not closed", "write #} where it ends"),
    "raw_unclosed": ("{% raw %} is not closed", "write {% endraw %} where it ends"),
    "name_missing": ("a name or a number is missing after the dot", "write a column after the dot, as in order.number"),
    "tag_missing": ("the name of a tag is missing after {%", "write {% if ... %} or {% for ... in ... %}"),
    "tag_unknown": ("there is no tag {% $name %} here", "the tags are if, elif, else, endif, for and endfor"),
    "tag_unexpected": ("{% $name %} cannot stand within {% $owner %}", "close it with {% end$owner %}"),
    "target_invalid": ("this is not a name that can be set", "write a plain name, as in {% for item in items %}"),
    "tests_chained": ("one `is` cannot follow another", "write `and` between the tests"),
    "arguments_unreadable": (
        "the arguments in the brackets cannot be read",
        "write named arguments last, as in number(2, grouping=false)",
    ),
    "character_invalid": ("a name has a character that names cannot have", "use letters, digits and _ in a name"),
    "argument_repeated": ("`$owner` is given $name twice", "write it once"),
    "unreadable": ("the expression cannot be read", "look at its quotes, brackets and backslashes"),
    "pattern_unreadable": ("the pattern cannot be read", "correct it"),
    "pattern_unreadable_at": ("the pattern cannot be read from its character $size on", "correct it"),
    # TEMPLATE_FORBIDDEN
    "arguments_unpacked": ("templates cannot use * and ** before an argument", "write each argument"),
    "loops_too_deep": (
        "loops can be nested $limit deep, and cannot be recursive",
        "join the tables in the SQL, and loop once",
    ),
    "filter_unknown": ("there is no filter $name", ""),
    "test_unknown": ("there is no test $name", ""),
    "number_infinite": ("a number is too large", "write a smaller number"),
    "self_used": ("templates cannot use self", "name a lookup, as in {{ order.number }}"),
    "dict_literal": ("templates cannot use { } literals", "write each value as an expression of its own"),
    "call": ("templates cannot call a function or a method", "use a filter: {{ name | upper }}"),
    "set_statement": ("templates cannot use {% set %}", _IN_SQL),
    "statement": (
        "templates cannot use {% $name %}",
        "write what it stands for where it is used; the tags are if and for",
    ),
    "percent_on_text": ("`%` works with numbers only", "join texts with ~"),
    "unsafe": (
        "the expression uses something that templates may not use",
        "write it with the filters of docs/templates.md",
    ),
    "pattern_looks_ahead": ("the pattern has a look-around `(?=...)`", _PATTERN),
    "pattern_forbids": ("the pattern has a negative look-around `(?!...)`", _PATTERN),
    "pattern_matches_nothing": ("the pattern matches nothing `(?!)`", _PATTERN),
    "pattern_refers": (
        r"the pattern refers to a group `\1`",
        r"repeat the group's pattern instead of \1",
    ),
    "pattern_depends": ("the pattern depends on a group `(?(1)...)`", "write both forms, with | between them"),
    "pattern_atomic": ("the pattern has an atomic group `(?>...)`", "write (?:...)"),
    "pattern_possessive": ("the pattern has a possessive repeat `*+`, `++` or `?+`", "write *, + or ?"),
    "pattern_part": ("the pattern has a part that cannot be used here", _PATTERN),
    # TEMPLATE_LIMIT
    "nested_too_deep": ("parts of an expression are nested more than $limit deep", _SMALLER),
    "too_many_parts": ("a text has more than $Limit parts of expressions", _SMALLER),
    "number_too_large": ("a number is too large", "write a smaller number"),
    "result_too_long": ("$name may make numbers of at most $limit digits", "compute with smaller numbers"),
    "too_many_digits": ("a number has more than $limit digits", "compute with smaller numbers"),
    "text_too_long": (
        "the text has more than $limit characters",
        "split the text into several blocks, or show less of each value",
    ),
    "too_many_trimmed": ("trim removes at most $limit different characters", "name fewer characters"),
    "too_many_elements": ("more than $limit elements", "take the first: rows[:$limit]"),
    "decimals_invalid": ("a number can be rounded to 0 to $limit decimals", "write a whole number from 0 to $limit"),
    "repeat_too_long": ("* may make at most $limit characters", "repeat it less often"),
    "too_much_text": (
        "this template makes more than $Limit bytes of text",
        "loop over fewer elements, or make shorter texts",
    ),
    "list_too_long": ("a list may have at most $limit elements", "take the first: rows[:$limit]"),
    "recursion": ("parts are nested too deep", "use fewer brackets, or compute it in the SQL"),
    "memory": ("it takes more memory than there is", "write it shorter, or compute it in the SQL"),
    "time_over": ("still computing after $limit s", "loop over fewer elements, or compute it in the SQL"),
    "pattern_too_long": ("the pattern is longer than $limit characters", "shorten it"),
    "pattern_too_large": ("the pattern is too large", "repeat less: [0-9]+, not [0-9]{900}"),
    "pattern_too_deep": ("the groups are more than $limit deep", "write fewer"),
    # TEMPLATE_UNDEFINED
    "name_unknown": ("$name is not known", ""),
    "key_absent": ("there is no $name", ""),
    "data_absent": (
        "the event's `data` has no $name",
        "publish the event with it, or say what to show without it: {{ data.coupon | default('-') }}",
    ),
    "element_absent": (
        "there is no element $name",
        "check before whether it is there: {{ rows[2].name if rows | length > 2 else '-' }}",
    ),
    "part_absent": ("$Owner has no $name", ""),
    "labels_unknown": ("there are no labels $name", ""),
    "list_empty": ("the list is empty", "say what to show then: {{ (rows | first).name if rows else '-' }}"),
    "else_missing": ("an `if` without an `else` gives no value here", "write the other value: a if b else '-'"),
    "previous_absent": ("there is no previous element", "check `if not loop.first` before"),
    "next_absent": ("there is no next element", "check `if not loop.last` before"),
    "undefined": ("a value that is used here is missing", ""),
    # TEMPLATE_FAILED
    "not_showable": ("$Owner cannot be shown", "name one of its values, or use join"),
    "no_time_of_day": ("a date has no time of day", "show it with date"),
    "no_date": ("a time of day alone has no date", "show it with time"),
    "not_a_time": (
        "a date or a time is needed here: a column, a text such as 2026-01-05T10:00:00Z, or seconds since 1970",
        "name a column that holds a date or a time",
    ),
    "size_invalid": ("the length is a whole number, 1 or more", "write a number in the brackets, as in truncate(80)"),
    "mask_unknown": ("mask does not know $name", ""),
    "style_unknown": ("there is no style $name", ""),
    "not_a_list": ("$Owner is not a list", "name a lookup with `expect: many`, or a list in an API's answer"),
    "neither_list_nor_text": ("$Owner is neither a list nor a text", "name a lookup with `expect: many`, or a text"),
    "not_a_currency": (
        "a currency is a code of three letters, such as EUR",
        "write money('EUR'), or name a column that holds such a code",
    ),
    "not_finite": ("a number is needed here, and this one is not finite", "name a column that holds a number"),
    "not_a_number": (
        "a number is needed here, such as 1234.5",
        "name a column that holds a number; CAST(... AS DECIMAL) in the SQL makes a text one",
    ),
    "argument_unknown": ("`$owner` has no argument $name", _ACCEPTED),
    "argument_unwanted": ("`$owner` is given 1 argument", _ACCEPTED),
    "too_many_arguments": ("`$owner` is given $size arguments", _ACCEPTED),
    "argument_twice": ("`$owner` is given $name twice", _ACCEPTED),
    "argument_missing": ("`$owner` is given no `$name`", "write it in the brackets after `$owner`"),
    "argument_not_plain": (
        "an argument of `$owner` cannot be a list or a row",
        "write a number, a text in quotes, or a column",
    ),
    "operands": ("$name does not work with $Owner and $Other", "compute with numbers, and join texts with ~"),
    "operand": ("$name does not work with $Owner", "write it before a number"),
    "not_comparable": (
        "$name cannot compare $Owner with $Other",
        "compare a number with a number, and a text with a text in quotes",
    ),
    "date_and_time": (
        "a date cannot be compared with a time",
        "compare two dates or two times; DATE(...) in the SQL makes a time a date",
    ),
    "not_a_container": ("`in` cannot search $Owner", "write a list or a text after `in`"),
    "not_in_text": ("`in` cannot look for $Owner in a text", "write a text before `in`"),
    "not_unpackable": ("$Owner cannot be split into the names of the loop", "write one name: {% for item in items %}"),
    "range_invalid": (
        "range takes one to three whole numbers, and a step other than 0",
        "write range(5), range(1, 6) or range(0, 10, 2)",
    ),
    "slice_invalid": (
        "a slice [from:to:step] takes whole numbers, and a step other than 0",
        "write rows[:5] or rows[2:5]",
    ),
    "call_invalid": ("a filter or a test has the wrong arguments", "write it as docs/templates.md shows"),
    "division_by_zero": ("a number is divided by 0", "say what to show then: {{ a / b if b else '-' }}"),
    "failed": ("it cannot be computed with these values", "compute it in the SQL, or in smaller steps"),
    # TEMPLATE_URL
    "address_too_long": ("the address is longer than $Limit characters", ""),
    "markup_in_address": ("link, mention and code are for texts, not for an address", ""),
    "address_part_empty": ("a value in an address is empty, or is `.` or `..`", ""),
    # TEMPLATE_MARKUP
    "expression_in_markup": (
        "an expression stands after a `<`, where Slack reads a link or a mention: use `link` or `mention`",
        "",
    ),
    "quote_not_first": ("`quote` must begin a line", "put nothing before it on that line"),
    "quote_in_plain": ("`quote` works in mrkdwn only, and this is plain text", "leave it out"),
    # The others
    "not_bindable": ("$Owner cannot be bound", ""),
    "value_unusable": ("$name", ""),
    "message_empty": ("the rendered text is empty", ""),
    "too_many_blocks": ("$path has $size of at most $limit blocks", ""),
    "too_many_tables": ("$path has $size of at most $limit tables", ""),
    "too_many_charts": ("$path has $size of at most $limit charts", ""),
    "too_many_block_elements": ("$path has $size of at most $limit elements", ""),
    "too_many_characters": ("$path has $size of at most $limit characters", ""),
    "too_many_characters_in_all": ("$path has $size of at most $limit characters in all", ""),
    "part_empty": ("$path is empty", ""),
    "described": ("$name", ""),
}
