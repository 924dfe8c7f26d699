"""A typical mistake in each shipped template, at each place: lint finds it where it is, and names its cure."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from cli.compiler import Finding, compile_templates

TEMPLATES = Path(__file__).parents[3] / "templates"
NAMES = sorted(path.name for path in TEMPLATES.glob("*.yaml") if not path.name.startswith("_"))
# Of each mistake, about so many places are tried, spread over all files.
PLACES = 6


class Mistake(NamedTuple):
    """A pattern of what is right, what is written instead, and what a fix or a message has to name.

    `cure` gets the match. `near` is how many lines away a finding may be: YAML often sees a slip one line later.
    """

    pattern: str
    wrong: str | Callable[[re.Match[str]], str]
    cure: Callable[[re.Match[str]], str]
    near: int = 1


def whole(match: re.Match[str]) -> str:
    return match[0]


def first(match: re.Match[str]) -> str:
    return match[1]


def said(words: str) -> Callable[[re.Match[str]], str]:
    return lambda _: words


def swapped(word: str) -> str:
    """The word with two letters in its middle exchanged: a slip of the fingers."""
    middle = len(word) // 2
    return word[: middle - 1] + word[middle] + word[middle - 1] + word[middle + 1 :]


EXPRESSION = r"\{\{ ([\w.]+) \}\}"
FILTERED = r"\{\{ [\w.]+ \| (\w+)"
MISTAKES = {
    "a filter is misspelt": Mistake(
        r"(?<=\| )(upper|money|datetime|title|truncate|label|mention|plural|default)\b", lambda m: swapped(m[0]), whole
    ),
    "a filter is called as a function": Mistake(r"\{\{ ([\w.]+) \| (\w+) \}\}", r"{{ \2(\1) }}", whole),
    "a column is misspelt": Mistake(
        r"\{\{ (order|refund|ticket|stock|customer)\.(\w{5,}) ",
        lambda m: f"{{{{ {m[1]}.{swapped(m[2])} ",
        lambda m: f"{m[1]}.{m[2]}",
    ),
    "a column has the wrong case": Mistake(
        r"\{\{ (order|refund|ticket|stock)\.(\w{4,}) ",
        lambda m: f"{{{{ {m[1]}.{m[2].title()} ",
        lambda m: f"{m[1]}.{m[2]}",
    ),
    "a column stands without its lookup": Mistake(r"\{\{ (refund|ticket|stock)\.(\w{4,}) \}\}", r"{{ \2 }}", whole),
    "a lookup is misspelt": Mistake(r"\{\{ (order|refund|ticket|stock)\.", lambda m: f"{{{{ {swapped(m[1])}.", first),
    "a brace is missing": Mistake(EXPRESSION, r"{{ \1 }", whole),
    "both braces are missing": Mistake(r"\{\{ ([\w.]+) \}\}(?=[\"*]?$)", r"{{ \1", lambda m: f"{{{{ {m[1]} }}}}"),
    "a quote is missing": Mistake(r"(\w+)\('(\w+)'\) \}\}", r"\1('\2) }}", lambda m: f"{m[1]}('{m[2]}')"),
    "a text has no quotes": Mistake(r"\((')(?!none)(\w+)'\) \}\}", r"(\2) }}", lambda m: f"('{m[2]}')"),
    "a bracket is missing": Mistake(r"(\w+\([\w.']+)\) \}\}", r"\1 }}", lambda m: f"{m[1]})"),
    "a filter has no arguments": Mistake(r"(money)\([\w.]+\) \}\}", r"\1 }}", said("money('EUR')")),
    "a number stands in quotes": Mistake(r"truncate\((\d+)\)", r"truncate('\1')", whole),
    "an argument has another name": Mistake(
        r"truncate\((\d+)\)", r"truncate(length=\1)", lambda m: f"truncate(size={m[1]})"
    ),
    "curly quotes": Mistake(r"'(\w+)' \| (mention|label)", r"“\1” | \2", lambda m: f"'{m[1]}'"),
    "a full-width bar": Mistake(r"\{\{ ([\w.]+) \| (\w+)", r"{{ \1 ｜ \2", whole),
    "full-width braces": Mistake(EXPRESSION, r"｛｛ \1 ｝｝", whole),
    "{{#if}}": Mistake(r"\{% if ([^%]+?) (-?)%\}", r"{{#if \1 \2}}", lambda m: f"{{% if {m[1]} "),
    "{{ if }}": Mistake(r"\{% if ([^%]+?) (-?)%\}", r"{{ if \1 \2}}", lambda m: f"{{% if {m[1]} "),
    "{% end %}": Mistake(r"\{%(-?) endif %\}", r"{%\1 end %}", said("endif %}")),
    "{% endif %} is missing": Mistake(r"\{%(-?) endif %\}", "", said("{% endif %}"), near=5),
    "{% endfor %} is missing": Mistake(r"\{% endfor %\}", "", said("{% endfor %}"), near=5),
    "{% elseif %}": Mistake(r"\{%- else -%\}", "{%- elseif id -%}", said("{%- elif id -%}")),
    "AND": Mistake(r"((?:when|if)[: ].*?\w) and (?=\w)", r"\1 AND ", said("and")),
    "&&": Mistake(r"((?:when|if)[: ].*?\w) and (?=\w)", r"\1 && ", said("and")),
    "=": Mistake(r" == ", " = ", said("==")),
    "<>": Mistake(r" != ", " <> ", said("!=")),
    "? :": Mistake(r"\{\{ ('[^']*'|[\w.]+) if ([\w.]+) else ('[^']*'|[\w.]+) \}\}", r"{{ \2 ? \1 : \3 }}", whole),
    "??": Mistake(r"\{\{ ([\w.]+) \| default\(('[^']*')\) \}\}", r"{{ \1 ?? \2 }}", whole),
    "Liquid's colon": Mistake(r"\| (default|truncate|label)\(('[^']*'|\d+)\)", r"| \1: \2", whole),
    "a text is added with +": Mistake(
        r"\{\{ (order|ticket|refund)\.(number|customer) \}\}",
        r"{{ 'No. ' + 5 + \1.\2 }}",
        lambda m: f"'No. ' ~ 5 ~ {m[1]}.{m[2]}",
    ),
    "a filter binds before *": Mistake(
        r"\{\{ ([\w.]+) \| money\(", r"{{ \1 * 100 | money(", lambda m: f"({m[1]} * 100) | money("
    ),
    "an if has no else": Mistake(
        r"\{\{ ([\w.]+|'[^']*') if (customer|payment|order) else '[^']+' \}\}",
        r"{{ \1 if \2 }}",
        lambda m: f"{m[1]} if {m[2]} else '-'",
    ),
    "a value is not guarded": Mistake(
        r"\{\{ (customer|payment)\.(\w+) if \w+ else '[^']+' \}\}",
        r"{{ \1.\2 }}",
        lambda m: f"{m[1]}.{m[2]} if {m[1]} else '-'",
    ),
    "a key is misspelt": Mistake(
        r"(?m)^( *(?:- )?)(channel|lookups|blocks|samples|section|fields|header|context|buttons)(?=:)",
        lambda m: m[1] + swapped(m[2]),
        lambda m: f"`{m[2]}`",
    ),
    "a word of a key is misspelt": Mistake(
        r"expect: (many|optional)", lambda m: f"expect: {swapped(m[1])}", lambda m: f"`{m[1]}`"
    ),
    "a colon has no blank after it": Mistake(r"(?m)^(channel|id|update): (\w+)$", r"\1:\2", whole, near=2),
    "a tab": Mistake(r"(?m)^  (text|order|section):", "\t\\1:", said("tab")),
    "a level too many": Mistake(r"(?m)^(channel|text|when):", r"  \1:", said("indent"), near=2),
    "a value has a colon": Mistake(
        r"(?m)^description: ([^\"'\n]+)$", r"description: Note: \1", said('description: "Note: '), near=2
    ),
    "a quote of YAML is missing": Mistake(r"(?m): \"(\{\{ [^\"\n:]+? \}\})\"$", r": \1", lambda m: f'"{m[1]}"', near=2),
    "curly quotes of YAML": Mistake(r"(?m): \"([^\"\n:]+? \}\})\"$", r": “\1”", lambda m: f'"{m[1]}"'),
    "a channel is unknown": Mistake(
        r"(?m)^channel: (\w+)", lambda m: f"channel: {swapped(m[1])}", lambda m: swapped(m[1])
    ),
    "a column is not in the sample": Mistake(
        r"(?m)^ {8}(amount|status|currency|customer|subject|reason): .*\n", "", first, near=9
    ),
    "a sample's column is misspelt": Mistake(
        r"(?m)^( {8})(number|amount|customer|subject|reason)(?=: )",
        lambda m: m[1] + swapped(m[2]),
        lambda m: m[2],
        near=9,
    ),
    "a sample has no id": Mistake(r"(?m)^    id: .*\n", "", said("id"), near=3),
    "a sample's id has the wrong type": Mistake(r"(?m)^    id: \d+$", "    id: soon", said("integer")),
    ":id is misspelt": Mistake(r"= :id\b", "= :idd", said("id")),
    ":id is pasted": Mistake(r"= :id\b", "= {{ id }}", said(":name")),
    "a comma is missing in the SQL": Mistake(
        r"SELECT (\w+), (\w+), (\w+)\b", r"SELECT \1, \2 \3", lambda m: f"{m[2]}, {m[3]}", near=99
    ),
    "two statements": Mistake(r"= :id$", "= :id; DELETE FROM orders", said("statement")),
    "a word of the SQL is misspelt": Mistake(r"\bFROM (?=\w)", "FORM ", said("write FROM"), near=2),
}
# What lint does not find, or does not find a cure for: the mistake, the file, and why that is accepted.
MISSES = {
    (
        "a column is not in the sample",
        "order.cancelled.yaml",
    ): "no expression uses the column, so that nothing can fail",
}


class Mutant(NamedTuple):
    """A template with a mistake in a line, and the words with which a finding names the cure."""

    file: str
    source: str
    line: int
    cure: str


@cache
def sources() -> dict[str, str]:
    return {name: (TEMPLATES / name).read_text("utf-8") for name in NAMES}


def mutants(mistake: str) -> list[Mutant]:
    """The mistake at every place of every file, or at so many of them that the test stays fast."""
    found = [one for name, source in sources().items() for one in mutants_of(mistake, name, source)]
    return found[:: max(1, len(found) // PLACES)]


def mutants_of(mistake: str, name: str, source: str) -> Iterator[Mutant]:
    pattern, wrong, cure, _ = MISTAKES[mistake]
    for match in re.finditer(pattern, source, re.MULTILINE):
        right = match.expand(wrong) if isinstance(wrong, str) else wrong(match)
        mutant = source[: match.start()] + right + source[match.end() :]
        if mutant != source:
            yield Mutant(name, mutant, source.count("\n", 0, match.start()) + 1, cure(match))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped stages and labels, without the templates."""
    found = tmp_path_factory.mktemp("templates")
    (found / "_stages").mkdir()
    shutil.copy(TEMPLATES / "_stages" / "demo.yaml", found / "_stages")
    for path in TEMPLATES.glob("_*.yaml"):
        shutil.copy(path, found)
    return found


def findings(folder: Path, name: str, source: str) -> tuple[Finding, ...]:
    path = folder / name
    path.write_text(source, "utf-8")
    try:
        return compile_templates(folder).findings
    finally:
        path.unlink()


def answer(folder: Path, mistake: str, mutant: Mutant) -> str:
    """What is wrong with what lint says of a mutant; empty if it is right."""
    found = findings(folder, mutant.file, mutant.source)
    near = [one for one in found if abs(one.line - mutant.line) <= MISTAKES[mistake].near]
    if not near:
        return f"{mutant.file}:{mutant.line}: not found there, but {[*map(str, found)]}"
    if not any(mutant.cure in one.fix or mutant.cure in one.message for one in near):
        return f"{mutant.file}:{mutant.line}: no `{mutant.cure}` in {[(one.message, one.fix) for one in near]}"
    return ""


@pytest.mark.parametrize("mistake", MISTAKES)
def test_lint_names_a_typical_mistake_and_its_cure(folder: Path, mistake: str) -> None:
    tried = mutants(mistake)
    assert tried, "no shipped template has a place for it"
    missed = [
        wrong for mutant in tried if (wrong := answer(folder, mistake, mutant)) and (mistake, mutant.file) not in MISSES
    ]
    assert missed == []


def test_each_known_miss_is_one(folder: Path) -> None:
    for mistake, file in MISSES:
        tried = [*mutants_of(mistake, file, sources()[file])]
        assert any(answer(folder, mistake, mutant) for mutant in tried)
