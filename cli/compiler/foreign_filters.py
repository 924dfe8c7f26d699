"""Filters of Jinja, Django, Liquid, Twig and others that templates do not have: what does the same here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from jinja2 import nodes
from jinja2.visitor import NodeTransformer

from cli.language import later, say

# By the filter here: what it is called elsewhere, in small letters.
_SAME: Final = {
    "trim": "strip lstrip rstrip trim_left trim_right triml trimr ltrim rtrim squish",
    "upper": "touppercase uppercase ucase upcase",
    "lower": "tolowercase lowercase lcase downcase",
    "title": "capitalize capfirst titleize titlecase initcap ucwords ucfirst",
    "length": "len count size",
    "truncate": "substring substr left shorten ellipsis abbreviate truncatechars",
    "money": "currency money_with_currency format_currency number_to_currency",
    "number": "format_number number_format floatformat intcomma commas to_fixed tofixed number_with_delimiter",
    "datetime": "datetimeformat format_datetime",
    "date": "dateformat format_date date_format strftime isoformat to_char",
    "ago": "timesince timeago naturaltime time_ago_in_words from_now fromnow relative age",
    "weekday": "dayname day_name day_of_week",
    "plural": "pluralize",
    "default": "d ifnull ifempty coalesce nvl default_if_none presence or",
    "join": "concat",
    "link": "url urlize link_to",
    "first": "head",
    "mention_person": "mention_user user",
}
_MEANT: Final = {word: name for name, words in _SAME.items() for word in words.split()}
# What does it without a filter.
_ADVICE: Final = (
    (
        "escape e h safe striptags strip_html force_escape forceescape sanitize raw autoescape",
        later("leave it out: every value is escaped already"),
    ),
    (
        "urlencode url_encode iriencode encodeuri encodeuricomponent",
        later("leave it out: a value in a link is encoded already"),
    ),
    (
        "nl2br newline_to_br linebreaks linebreaksbr",
        later("leave it out: line breaks are shown, or removed where a value is one line"),
    ),
    ("string str tostring to_s list tolist to_a", later("leave it out: every value can be shown and compared")),
    (
        "plus add minus subtract times multiply divided_by divide modulo mod sum_with",
        later("compute with signs: order.total * 2 + 1"),
    ),
    (
        "floor ceil int toint integer float tofloat to_i to_f",
        later("round with the filter round, or compute it in the SQL"),
    ),
    ("percent percentage", later("compute it, and write the sign behind: {{ (part / total * 100) | round }} %")),
    (
        "replace remove cut split regex_replace re_replace gsub slice reverse slugify camelize zfill pad lpad rpad",
        later("change the text in the SQL, with functions such as REPLACE, SUBSTRING and LPAD"),
    ),
    (
        "center ljust rjust indent wordwrap",
        later("Slack does not align text: show columns with a `table` block or with `fields`"),
    ),
    ("append prepend", later("join texts with ~: order.name ~ ' x'")),
    (
        "startswith endswith contains includes match matches test",
        later("write 'x' in order.name, or compare in the SQL"),
    ),
    (
        "json tojson to_json json_encode dump var_dump pprint inspect attr xmlattr items keys values dictsort",
        later("show one value by its name: order.number"),
    ),
    ("yesno ternary iif", later("choose with if: {{ 'yes' if order.paid else 'no' }}")),
    (
        "timezone localtime in_time_zone tz astimezone utc",
        later("set `time_zone` in the template or in the stage: the filters date, time and datetime follow it"),
    ),
    (
        "year month day hour minute timestamp as_timestamp to_timestamp unix add_days date_add date_sub add_hours",
        later("compute it in the SQL, with functions such as YEAR and DATE_ADD"),
    ),
    (
        "sum max min avg sort sort_by unique uniq groupby group_by select selectattr reject rejectattr where filter",
        later("do it in the SQL, with SUM, ORDER BY, DISTINCT, GROUP BY and WHERE"),
    ),
    ("map pluck", later("show one column of each row with join: rows | join(', ', 'sku')")),
    ("take limit top nth index", later("take elements by their places: rows[:3], rows[0]")),
    ("each", later("write {% for row in rows %}...{% endfor %}")),
    ("translate t trans gettext", later("show words for a code with the filter label, and list them in _labels.yaml")),
    ("format printf sprintf", later("format a number with number or money, a time with date, time or datetime")),
    ("humanize", later("show a time with the filter ago, a number with number")),
    ("usd eur gbp jpy dollars euro yen", later("show it with its currency: {{ order.total | money('USD') }}")),
    ("bold italic strong em", later("write the signs around it: *{{ order.number }}*")),
)
_SENTENCES: Final = {word: sentence for words, sentence in _ADVICE for word in words.split()}

_PRINTING: Final = frozenset({"format", "printf", "sprintf"})
# Filters and methods that are given a format.
FORMATTING: Final = _PRINTING | {*_SAME["date"].split(), *_SAME["datetime"].split()}
_TIMES: Final = frozenset({"date", "time", "datetime"})
_STYLES: Final = frozenset({"short", "medium", "long", "iso"})
_ISO: Final = re.compile(r"%Y-%m-%d|%F|Y-m-d|[yY]{4}-MM-[dD]{2}|isoformat")
_PRINTF: Final = re.compile(
    r"%[-+ #]*\d*(?:\.(?P<digits>\d+))?[sdifg]|\{(?:\d*)(?::[,]?(?:\.(?P<places>\d+))?[sdf]?)?\}"
)
# What stands for a part of a date, and of a time of day: of strftime, else of PHP, Java and moment.js.
_DATE_PART: Final = re.compile(r"%[-_]?[aAbBcCDeFGhjmuUVwWxyY]")
_TIME_PART: Final = re.compile(r"%[-_]?[HIMSlkpPRTXcrf]")
_WORD_DATE: Final = re.compile(r"[yY]{2,4}|M{2,4}|D{1,4}|d{2,4}|\b[YyFMmjnDl]\b")
_WORD_TIME: Final = re.compile(r"[Hh]{1,2}[:.]m{2}|\b[HGgh][:.]i\b")


def meant(name: str) -> str:
    """Return the filter here that does what the filter `name` does elsewhere; empty if there is none."""
    return _MEANT.get(name.lower(), "")


def advice(name: str) -> str:
    """Return what does what the filter `name` does elsewhere; empty if that is unknown."""
    sentence = _SENTENCES.get(name.lower())
    return say(sentence) if sentence else ""


def is_time_without_style(node: nodes.Filter) -> bool:
    """Whether a filter of times is given what is none of its styles."""
    return node.name in _TIMES and any(getattr(one, "value", "") not in _STYLES for one in node.args)


class Formats(NodeTransformer):
    """Writes the filter that is meant by a format, such as `time` for `strftime('%H:%M')`, without the format."""

    def visit_Mod(self, node: nodes.Mod) -> nodes.Node:  # noqa: D102, N802 - Jinja finds it by this name
        self.generic_visit(node)
        match node:
            case nodes.Mod(left=nodes.Const(value=str(form)), right=nodes.Tuple(items=values)):
                return _printed(form, values) or node
            case nodes.Mod(left=nodes.Const(value=str(form)), right=nodes.Expr() as value):
                return _printed(form, [value]) or node
        return node

    def visit_Filter(self, node: nodes.Filter) -> nodes.Node:  # noqa: D102, N802 - as above
        self.generic_visit(node)
        match node:
            case nodes.Filter(node=nodes.Const(value=str(form)), args=[_, *_]) if node.name in FORMATTING:
                return _printed(form, node.args) or node
            case nodes.Filter(args=[nodes.Const(value=str(form))]) if node.name in FORMATTING | _TIMES:
                return _formatted(node, form)
            case nodes.Filter(name="isoformat", node=nodes.Expr() as value):
                return nodes.Filter(value, "datetime", [nodes.Const("iso")], [], None, None)
        return node


def _formatted(node: nodes.Filter, form: str) -> nodes.Node:
    if number := re.fullmatch(r"[$€£¥]?(?:%,?\.?(?P<a>\d+)f|[#,0]*0(?:\.(?P<b>0+))?)", form):
        decimals = int(number["a"] or 0) or len(number["b"] or "")
        return nodes.Filter(node.node, "number", [nodes.Const(decimals)], [], None, None)
    name = _of_time(form) or ("date" if node.name not in _PRINTING and "%d" in form else "")
    if not name:
        return node
    style = [nodes.Const("iso")] if _ISO.match(form) and name != "time" else []
    return nodes.Filter(node.node, name, style, [], None, None)


def _of_time(form: str) -> str:
    """The filter for the format of a time; empty where it is none."""
    has_date = _DATE_PART.search(form) or ("%" not in form and _WORD_DATE.search(form))
    has_time = _TIME_PART.search(form) or ("%" not in form and _WORD_TIME.search(form))
    return "datetime" if has_date and has_time else "date" if has_date else "time" if has_time else ""


def _printed(form: str, values: list[nodes.Expr]) -> nodes.Node | None:
    """`'No. ' ~ id` for `'No. %d' | format(id)`; None where a value is missing, or a format has no filter here."""
    if len(values) == 1 and (name := _of_time(form)):
        return nodes.Filter(values[0], name, [], [], None, None)
    if len([*_PRINTF.finditer(form)]) != len(values) or re.search(r"%0\d", form):
        return None
    pieces = [*_pieces(form, values)]
    return pieces[0] if len(pieces) == 1 else nodes.Concat(pieces)


def _pieces(form: str, values: list[nodes.Expr]) -> Iterator[nodes.Expr]:
    at = 0
    for found, value in zip(_PRINTF.finditer(form), values, strict=True):
        if found.start() > at:
            yield nodes.Const(form[at : found.start()])
        digits = found["digits"] or found["places"]
        yield nodes.Filter(value, "number", [nodes.Const(int(digits))], [], None, None) if digits else value
        at = found.end()
    if form[at:]:
        yield nodes.Const(form[at:])
