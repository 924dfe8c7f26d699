"""The guides to templates say what is true: each example compiles, each key, filter and code is there."""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection, Mapping
from pathlib import Path

import pytest

from cli.compiler import (
    RULES,
    compile_templates,
    durations,
    lateness,
    locales,
    lookups,
    personal,
    polls,
    privacy,
    stages,
    tables,
    template,
)
from cli.compiler.files import LABELS, MAX_BYTES, PRIVACY
from cli.compiler.loops import GROUPING
from cli.compiler.short_forms import SHORT_FORMS
from cli.compiler.sql import read_by_hand
from cli.compiler.sql.tree import MAX_OFFSET
from cli.main import main
from cli.previous_versions import MAX_VERSIONS
from handler.block_kit import limits
from handler.delivery.threads import KEPT_SECONDS
from handler.errors import CODES
from handler.model import WAIT_SECONDS
from handler.polling.id_scan import RETAIN_SECONDS
from handler.stages.compose import MAX_THREAD_KEY
from handler.stages.enrich import MAX_ROWS
from handler.templating import FILTERS, arithmetic, budget, language
from handler.templating.filters import MAX_ELEMENTS, TESTS
from handler.time_limit import PREVIOUS_SECONDS, SECONDS
from lab.shop import generate

from .conftest import STAGE, Compile

# The pages of the guide. The table of codes is the end of the last one.
GUIDE = ("templates.md", "recipes.md", "markup.md", "findings.md")


def guide(folder: str) -> str:
    """Return the pages of the guide in one language, one after the other."""
    return "\n".join(Path(folder, page).read_text("utf-8") for page in GUIDE)


DOCS = guide("docs")
JAPANESE = guide("docs/ja")
PAGES = pytest.mark.parametrize("page", [DOCS, JAPANESE], ids=["en", "ja"])

# What an example that shows a part of a template leaves out.
REST = {
    "id": "id: integer\n",
    "channel": "channel: orders\n",
    "lookups": 'lookups: {order: {sql: "SELECT number, total FROM orders WHERE id = :id"}}\n',
    "text": "text: Order {{ id }}\n",
    "samples": "samples: {one: {id: 42, lookups: {order: {number: A-17, total: 5200}}}}\n",
}
# What a template is to blame for when an event fails.
BLAMED = (
    "EVENT_TYPE_UNKNOWN", "EVENT_ID_INVALID", "EVENT_VERSION", "TOO_MANY_ROWS", "ROWS_TOO_LARGE", "DB_DENIED",
    "DB_UNKNOWN", "API_NOT_FOUND", "API_BAD_ANSWER", "API_UNKNOWN",
)  # fmt: skip
BLAMED_KINDS = ("TEMPLATE_", "MESSAGE_", "BLOCK_", "QUERY_", "ROW_")
BLAMELESS = "ROW_STUB"  # a message that waits to be edited


# A line of a folder: a file, and where it matters the encoding in which it was saved.
FILE = re.compile(r"templates/(.+?)(?: \((.+)\))?")


def examples(page: str) -> list[tuple[str, str]]:
    """Each example's words after ```, and its text."""
    return re.findall(r"^```(\w.*)\n((?:.*\n)*?)```$", page, re.MULTILINE)


def completed(example: str, rest: Mapping[str, str] = REST) -> str:
    there = re.findall(r"^(\w+):", example, re.MULTILINE)
    there += ["channel"] if "route" in there else []
    return "".join(part for key, part in rest.items() if key not in there) + example


def save(folder: Path, example: str) -> None:
    """Make the files of an example that lists them, each of them a template or a stage without a mistake."""
    for line in example.splitlines():
        listed = FILE.fullmatch(line)
        assert listed, line
        path = folder / listed[1]
        path.parent.mkdir(exist_ok=True)
        content = STAGE if path.parent.name == "_stages" else completed("text: 1 × {{ order.number }}\n")
        path.write_text(content, listed[2] or "utf-8")


def refused(page: str) -> list[str]:
    """Return what a guide says that Jinja has and templates do not."""
    table = re.split(r"\n\| (?:not here|使えない書き方) \| .*\n", page)[1].partition("\n\n")[0]
    cells = [re.split(r"(?<!\\)\|", line)[1] for line in table.splitlines()]
    return [text.replace(r"\|", "|") for cell in cells for text in re.findall(r"`(\{[^`]*\})`", cell)]


def test_there_are_examples() -> None:
    assert len(examples(DOCS)) > 12


def test_the_japanese_guide_has_the_same_sections_and_examples() -> None:
    levels, japanese = (re.findall(r"^(#+) ", page, re.MULTILINE) for page in (DOCS, JAPANESE))
    assert japanese == levels
    assert [words for words, _ in examples(JAPANESE)] == [words for words, _ in examples(DOCS)]


@pytest.mark.parametrize("folder", ["docs", "docs/ja"])
def test_every_place_in_a_guide_that_is_linked_is_there(folder: str) -> None:
    pages = {page: Path(folder, page).read_text("utf-8") for page in GUIDE}
    anchors = {
        (page, re.sub(r"[^\w-]", "", heading.lower().replace(" ", "-")))
        for page, text in pages.items()
        for heading in re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    }
    for page, text in pages.items():
        linked = {(to or page, anchor) for to, anchor in re.findall(r"\]\(([\w.-]*)#([^)]*)\)", text)}
        assert {one for one in linked if one[0] in GUIDE} <= anchors


@pytest.mark.parametrize(
    ("words", "example"),
    [
        one
        for page in (DOCS, JAPANESE)
        for one in examples(page)
        if " raises=" not in one[0] and one[0] not in ("sh", "sql")
    ],
)
def test_each_example_compiles_or_has_the_finding_that_it_shows(
    compiled: Compile, tmp_path: Path, words: str, example: str
) -> None:
    files = {"_stages/test.yaml": STAGE + "vars: {admin_url: https://x}\nmentions: {oncall: U01234567}\n"}
    match words.split():
        case ["text", _]:
            save(tmp_path, example)
            compilation = compile_templates(tmp_path)
        case ["yaml", "stage"]:
            compilation = compiled(completed(""), {**files, "_stages/example.yaml": example})
        case ["yaml", "labels"]:
            compilation = compiled(completed(""), {**files, LABELS: example})
        case ["yaml", "privacy"]:
            compilation = compiled(completed(""), {**files, PRIVACY: example})
        case [_, "finding=SAMPLE_PERSONAL"]:
            compilation = personal.with_findings(compiled(completed(example), files), tmp_path)
        case _:
            compilation = compiled(completed(example), files)
    shown = re.fullmatch(r"\w+ finding=([A-Z_]+)", words)
    found = {finding.code for finding in compilation.findings}
    # The sample that completes an example has nothing for a lookup whose name is refused.
    assert found - ({"SAMPLE_INVALID"} if shown and shown[1] == "NAME_RESERVED" else set()) == (
        {shown[1]} if shown else set()
    )


@PAGES
def test_the_commands_are_those_of_the_program(page: str) -> None:
    lines = [line for words, example in examples(page) if words == "sh" for line in example.splitlines()]
    assert len(lines) > 1
    for line in lines:
        program, verb, *arguments = shlex.split(line)
        assert program == ".venv/bin/notifier"
        given = main.commands[verb].make_context(verb, arguments).params
        if given.get("select"):
            query = read_by_hand(given["select"], dict(value.split("=") for value in given["values"]), 100)
            assert query.problems == ()


def test_the_records_of_the_sample_shop_are_those_of_the_lab() -> None:
    shop = generate()
    many = (
        (shop.orders, "orders", "注文が"),
        (shop.customers, "customers", "顧客が"),
        (shop.refunds, "refunds", "返金が"),
        (shop.support_tickets, "support tickets", "問い合わせが"),
        (shop.stock_levels, "stock levels", "在庫が"),
    )
    for rows, words, japanese in many:
        assert [row.id for row in rows] == list(range(1, len(rows) + 1))
        assert f"{words} 1 to {len(rows)}" in DOCS.replace("\n", " ")
        assert f"{japanese} 1 から {len(rows)}" in JAPANESE


def test_the_codes_are_those_of_the_program() -> None:
    rows = [row(code, rule.meaning, rule.remedy, rule.severity == "warning") for code, rule in RULES.items()]
    blamed = [code for code in CODES if code in BLAMED or (code.startswith(BLAMED_KINDS) and code != BLAMELESS)]
    rows += [row(code, CODES[code].meaning, CODES[code].remedy) for code in blamed]
    table = DOCS.partition("| code | meaning | what to do |\n| --- | --- | --- |\n")[2]
    assert table.splitlines() == rows


def test_the_codes_of_the_japanese_guide_are_those_of_the_english_one() -> None:
    codes, japanese = (re.findall(r"^\| `([A-Z_]+)`(.*?) \|", page, re.MULTILINE) for page in (DOCS, JAPANESE))
    assert japanese == [(code, warning.replace(" (warning)", "（警告）")) for code, warning in codes]


@PAGES
def test_every_code_has_an_example(page: str) -> None:
    """Those that only an event can meet are run by tests/integration/test_guide_examples.py.

    Those that a database tells are run by tests/integration/test_schema_check.py.
    """
    shown = [
        match[1]
        for words, _ in examples(page)
        if (match := re.fullmatch(r"\w+ (?:finding|raises|database)=(.+)", words))
    ]
    assert set(shown) == set(re.findall(r"^\| `([A-Z_]+)`", page, re.MULTILINE))


def row(code: str, meaning: str, remedy: str, warning: bool = False) -> str:
    name = f"`{code}` (warning)" if warning else f"`{code}`"
    return f"| {name} | {cell(meaning)} | {cell(remedy)} |"


def cell(text: str) -> str:
    return re.sub(r"([|<])", r"\\\1", text)


@PAGES
@pytest.mark.parametrize(
    "name",
    [
        *template.REQUIRED,
        *template.OPTIONAL,
        *("sql", "bind", "db", "get", "on_failure", "expect"),
        *lookups.EXPECT,
        *lookups.ON_FAILURE,
        *lateness.KEYS,
        *lateness.MISSING,
        *polls.REQUIRED,
        *polls.OPTIONAL,
        *polls.CATCH_UP,
        polls.NEVER,
        *SHORT_FORMS,
        *GROUPING,
        *tables.KEYS,
        *stages.REQUIRED,
        *stages.OPTIONAL,
        *locales.LANGUAGES,
        *privacy.KEYS,
        *stages.THREADS,
        *FILTERS,
    ],
)
def test_every_word_of_the_format_is_explained(page: str, name: str) -> None:
    assert re.search(rf"`[^`\n]*\b{name}\b[^`\n]*`", page) or f"{name}:" in page


@pytest.mark.parametrize(
    ("page", "title", "names"),
    [
        (DOCS, "Filters", FILTERS),
        (DOCS, "Tests", TESTS),
        (JAPANESE, "フィルター", FILTERS),
        (JAPANESE, "テスト", TESTS),
    ],
    ids=["filters", "tests", "filters in Japanese", "tests in Japanese"],
)
def test_the_filters_and_tests_are_all_that_there_are(page: str, title: str, names: Collection[str]) -> None:
    listed = re.search(rf"\*\*{title}\*\*: (.*?)(\.\n|。)", page, re.DOTALL)
    assert listed
    assert set(re.findall(r"`(?:is )?(\w+)`", listed[1])) == set(names)


def test_the_words_that_names_cannot_be_are_those_of_the_program(compiled: Compile) -> None:
    for word in ("id", "type", "data", "event", "now", "vars", "loop", *FILTERS, "not", "range"):
        text = completed(f'lookups: {{{word}: {{sql: "SELECT a FROM t WHERE id = :id"}}}}\n')
        assert "NAME_RESERVED" in {finding.code for finding in compiled(text).findings}, word


def test_the_limits_are_those_of_the_program() -> None:
    assert f"at most {limits.MAX_BLOCKS} blocks and about {limits.MAX_TOTAL:,} characters" in DOCS
    assert f"at most {MAX_BYTES // 1024} KiB" in DOCS
    assert f"at most {MAX_ROWS} rows" in DOCS
    assert f"`LIMIT` above {MAX_ROWS}, `OFFSET` above {MAX_OFFSET}" in DOCS
    assert f"list of at most {MAX_ELEMENTS} elements" in DOCS
    assert f"has\nat most {MAX_THREAD_KEY} characters" in DOCS
    assert f"for {KEPT_SECONDS // 86_400} days begins anew" in DOCS
    assert f"from {lateness.WAIT.least:.0f}s to {lateness.WAIT.most / 3600:.0f}h; {WAIT_SECONDS / 60:.0f}m if" in DOCS
    assert MAX_VERSIONS == 5, "the newest of the last five versions"
    assert f"{limits.MAX_BLOCKS} ブロック、合計およそ {limits.MAX_TOTAL:,} 文字まで" in JAPANESE
    assert f"{MAX_BYTES // 1024} KiB まで" in JAPANESE
    assert f"最大 {MAX_ROWS} 行" in JAPANESE
    assert f"{MAX_ROWS} を超える `LIMIT`、{MAX_OFFSET} を超える `OFFSET`" in JAPANESE
    assert f"リストは {MAX_ELEMENTS} 要素まで" in JAPANESE
    assert f"キーは {MAX_THREAD_KEY} 文字まで" in JAPANESE
    assert f"{KEPT_SECONDS // 86_400} 日間投稿のなかったスレッド" in JAPANESE
    assert f"{lateness.WAIT.least:.0f}s から {lateness.WAIT.most / 3600:.0f}h までで" in JAPANESE
    assert f"省略すると {WAIT_SECONDS / 60:.0f}m です" in JAPANESE
    assert f"直近 {MAX_VERSIONS} つの版" in JAPANESE


@PAGES
def test_the_limits_of_polls_are_those_of_the_code(page: str) -> None:
    rows = {cells[1].strip(" `"): cells[3] for line in page.splitlines() if len(cells := line.split("|")) > 4}
    allowed = {"every": (polls.EVERY,), "longest_transaction": (polls.LONGEST,), "catch_up": (polls.AGE,)}
    for key, ranges in allowed.items():
        shown = set(re.findall(r"\b[0-9]+[smhd]\b", rows[key].replace("から", " ").replace("まで", " ")))
        for one in ranges:
            assert {durations.written(one.least), durations.written(one.most)} <= shown, key
    assert "24h" in rows["longest_transaction"]
    assert polls.LONGEST.usual == 24 * durations.HOUR
    assert {"1", str(polls.MAX_ROWS), str(polls.ROWS)} <= set(re.findall("[0-9]+", rows["catch_up"]))
    assert f"{RETAIN_SECONDS / durations.DAY:.0f} " in page


@PAGES
def test_the_limits_of_templates_are_those_of_the_code(page: str) -> None:
    limits_of_templates = re.split(r"\n### (?:Limits|上限)\n", page)[1].partition("\n### ")[0]
    numbers = {int(found.replace(",", "")) for found in re.findall(r"\d[\d,]*", limits_of_templates)}
    known = {budget.MAX_TEXT, budget.MAX_SEQUENCE, budget.MAX_WORK, MAX_ELEMENTS, arithmetic.MAX_DIGITS}
    assert numbers >= known | {language.MAX_DEPTH, language.MAX_NODES, limits.MAX_UNDOCUMENTED}
    assert {str(SECONDS), str(PREVIOUS_SECONDS)} <= set(re.findall(r"\d\.\d", limits_of_templates))


@PAGES
def test_what_jinja_has_and_templates_do_not_is_refused(compiled: Compile, page: str) -> None:
    assert len(refused(page)) > 8
    for source in refused(page):
        found = {finding.code for finding in compiled(completed(f'text: "{source}"\n')).findings}
        assert found & {"TEMPLATE_FORBIDDEN", "TEMPLATE_SYNTAX"}, source
