"""Every sentence of the tools is there in every language, with the same values in it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter, Template

import pytest

from cli import language
from cli.compiler import RULES
from handler.adapters.slack.error_table import SLACK_ERRORS, UNKNOWN_SLACK_ERROR
from handler.errors import CODES
from handler.templating import english

ROOT = Path(__file__).resolve().parents[2]
OTHERS = [name for name in language.LANGUAGES if name != language.ENGLISH]
# Letters of the languages that are not written in Latin ones, so that no sentence stays English by accident.
LETTERS = {"ja": re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")}


# What shows its arguments to a person, in the modules that know what is said. Their other words are not for people.
SHOWING = {
    "echo",
    "secho",
    "print",
    "status",
    "step",
    "tell",
    "ClickException",
    "UsageError",
    "BadParameter",
    "DumpError",
}
# English words in a row, which are said; a name, a command and an option are the same in every language.
ENGLISH = re.compile(r"[A-Za-z]{2}[,:;]? [a-z]{2}|[a-z]{3}: ")


def sources() -> Iterator[tuple[Path, ast.Module]]:
    """The modules of the tools and the lab that say something."""
    for path in sorted([*(ROOT / "cli").rglob("*.py"), *(ROOT / "lab").rglob("*.py")]):
        source = path.read_text("utf-8")
        if "from cli.language import" in source:
            yield path, ast.parse(source)


def called(node: ast.AST) -> str:
    """The last name of what a call calls; empty for anything else."""
    return ast.unparse(node.func).rpartition(".")[2] if isinstance(node, ast.Call) else ""


def unsaid(node: ast.AST) -> Iterator[str]:
    """The texts in an expression that do not go through `say`, and are no help of an option."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif called(node) not in {"say", "later", "plural"}:
        yield from (text for child in ast.iter_child_nodes(node) for text in unsaid(child))


def sentences() -> Iterator[tuple[str, str]]:
    """The English sentences of the code, each with its place."""
    for path, tree in sources():
        for node in ast.walk(tree):
            match node:
                case ast.Call(func=ast.Name(id="say" | "later"), args=[ast.Constant(value=str(text)), *_]):
                    yield text, f"{path.relative_to(ROOT)}:{node.lineno}"
                case ast.Call(
                    func=ast.Name(id="plural"), args=[ast.Constant(value=str(one)), ast.Constant(value=str(many)), *_]
                ):
                    yield one, f"{path.relative_to(ROOT)}:{node.lineno}"
                    yield many, f"{path.relative_to(ROOT)}:{node.lineno}"


def of_the_page() -> Iterator[tuple[str, str]]:
    """The sentences of what runs in the browser, which are texts in double quotes, without an escape in them."""
    text = r'"([^"\\]+)"'
    for path in sorted((ROOT / "cli/page/src").glob("*.js*")):
        for call in re.finditer(rf"\b(?:say|later)\(\s*{text}|\bplural\(\s*{text},\s*{text}", path.read_text("utf-8")):
            yield from ((sentence, str(path.relative_to(ROOT))) for sentence in call.groups() if sentence)


def of_tables() -> Iterator[tuple[str, str]]:
    """The sentences of the function's tables, which the tools show."""
    for code, (_, meaning, remedy) in CODES.items():
        yield meaning, code
        yield remedy, code
    for kind, words in english.KINDS.items():
        yield from ((text, kind) for text in words if text)
    of_all = (english.CLOSE, english.KNOWN, english.NONE, english.CONJUNCTION, english.COMPUTED)
    yield from ((text, "handler/templating/english.py") for text in (*english.TYPES.values(), *of_all))
    for code, rule in RULES.items():
        yield rule.meaning, code
        yield rule.remedy, code
    for word, error in [*SLACK_ERRORS.items(), ("unknown", UNKNOWN_SLACK_ERROR)]:
        yield error.remedy, word


def names(sentence: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(sentence) if name}


def has_values(sentence: str) -> bool:
    """Whether `say` gets values with it: else braces stand for themselves, and are often those of a template."""
    try:
        return all(name.isidentifier() for name in names(sentence)) and bool(names(sentence))
    except ValueError:
        return False


def test_what_is_shown_is_said() -> None:
    shown = [
        f"{path.relative_to(ROOT)}:{node.lineno}: {text!r}"
        for path, tree in sources()
        for node in ast.walk(tree)
        if called(node) in SHOWING
        for child in ast.iter_child_nodes(node)
        for text in unsaid(child)
        if ENGLISH.search(text)
    ]
    assert not shown, "\n".join(["wrap in say():", *shown])


@pytest.mark.parametrize("name", OTHERS)
def test_no_sentence_is_missing_and_none_is_left_over(name: str) -> None:
    known, places = language.translations(name), dict([*sentences(), *of_the_page(), *of_tables()])
    missing = [f"{places[one]}: {one}" for one in places if one not in known]
    assert not missing, "\n".join([f"add to cli/language/{name}.toml:", *missing])
    assert [*known.keys() - places.keys()] == [], "no code says these any more"


@pytest.mark.parametrize("name", OTHERS)
def test_a_translation_has_the_same_values_and_the_same_code(name: str) -> None:
    for sentence, other in language.translations(name).items():
        if has_values(sentence):
            assert names(other) == names(sentence), sentence
        assert {*Template(other).get_identifiers()} == {*Template(sentence).get_identifiers()}, sentence
        assert LETTERS[name].search(other) or not re.search(r"[a-z]{3} [a-z]{2}", sentence), sentence
        assert sorted(re.findall(r"`[^`]+`", other)) == sorted(re.findall(r"`[^`]+`", sentence)), sentence


@pytest.mark.parametrize("name", OTHERS)
def test_a_translation_names_the_page_in_its_language(name: str) -> None:
    theirs = {page.name for page in (ROOT / "docs" / name).glob("*.md")}
    for sentence in language.translations(name).values():
        named = re.findall(r"docs/([a-z-]+\.md)", sentence)
        assert not theirs & {*named}, sentence


def test_a_sentence_is_said_in_the_chosen_language(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(language, "translations", lambda name: {"no {a}": "{a} なし"} if name == "ja" else {})
    monkeypatch.delenv(language.VARIABLE, raising=False)
    assert language.say("no {a}", a="b") == "no b"
    with language.speaking("ja"):
        assert language.say("no {a}", a="b") == "b なし"
        assert language.say("{{ id }}") == "{{ id }}"
    monkeypatch.setenv(language.VARIABLE, "ja")
    assert language.plural("no {a}", "no {a}", 2, a="c") == "c なし"
    monkeypatch.setenv(language.VARIABLE, "xx")
    assert language.language() == "en"


@pytest.mark.parametrize(
    ("line", "spoken"),
    [
        ("language: ja", "ja"),
        ('language: "ja"   # 日本語', "ja"),
        ("language: en", "en"),
        ("language: fr", "en"),
        ("# language: ja", "en"),
        ("vars:\n  language: ja", "en"),
    ],
)
def test_it_is_that_of_the_stage_production_where_nobody_named_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, line: str, spoken: str
) -> None:
    stage = tmp_path / "_stages/production.yaml"
    stage.parent.mkdir()
    stage.write_text(f"channels: {{}}\n{line}\n", "utf-8")
    monkeypatch.setenv("NOTIFIER_TEMPLATES", str(tmp_path))
    monkeypatch.delenv(language.VARIABLE, raising=False)
    assert language.language() == spoken
    monkeypatch.setenv(language.VARIABLE, "en")
    assert language.language() == "en"
    with language.speaking("ja"):
        assert language.language() == "ja"


def test_without_a_folder_of_templates_it_is_english(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv(language.VARIABLE, raising=False)
    monkeypatch.setenv("NOTIFIER_TEMPLATES", str(tmp_path / "none"))
    assert language.language() == "en"
