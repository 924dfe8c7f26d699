"""The docs say what the program says: made pages are current, every code is known, every link leads somewhere."""

from __future__ import annotations

import re
from collections import Counter
from functools import partial
from pathlib import Path
from urllib.parse import unquote

import pytest

from cli import reference
from handler.errors import CODES

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    path for path in ROOT.glob("**/*.md") if not any(part.startswith(".") for part in path.parts[len(ROOT.parts) :])
)
CODE_PATH = re.compile(r"(?<![\w./-])(?:handler|cli|lab|bench|tests)/[\w/]+\.(?:py|yaml)\b")
COMMENTED = [
    *(ROOT / name for name in ("template.yaml", "template-image.yaml", "pyproject.toml", "Makefile")),
    *(path for folder in ("handler", "cli", "lab", "bench") for path in sorted((ROOT / folder).rglob("*.py"))),
]
LINK = re.compile(r"\[[^\]]*\]\((?!https?://|#)([^)#]+)")
CODE = re.compile(r'Error\(\s*"([A-Z_]+)"')


@pytest.mark.parametrize(
    ("page", "made"),
    [("cli.md", reference.commands), ("codes.md", reference.codes), ("ja/codes.md", partial(reference.codes, "ja"))],
)
def test_a_made_page_is_current(page: str, made) -> None:
    assert (ROOT / "docs" / page).read_text("utf-8") == made(), "run `make docs`"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_to_a_file(page: Path) -> None:
    for target in LINK.findall(page.read_text("utf-8")):
        assert (page.parent / target).exists(), target


@pytest.mark.parametrize("text", [*PAGES, *COMMENTED], ids=lambda text: str(text.relative_to(ROOT)))
def test_every_file_of_the_code_that_is_named_exists(text: Path) -> None:
    missing = {path for path in CODE_PATH.findall(text.read_text("utf-8")) if not (ROOT / path).exists()}
    assert not missing


def test_the_examples_of_the_japanese_readme_are_those_of_the_english_one() -> None:
    fenced = re.compile(r"^ *```.*?^ *```$", re.MULTILINE | re.DOTALL)
    examples, japanese = (fenced.findall((ROOT / page).read_text("utf-8")) for page in ("README.md", "README.ja.md"))
    assert len(examples) > 5
    assert japanese == examples


def test_every_code_that_is_raised_is_in_the_table_and_every_code_in_the_table_is_used() -> None:
    sources = [path.read_text("utf-8") for path in (ROOT / "handler").rglob("*.py") if path.name != "errors.py"]
    raised = {code for source in sources for code in CODE.findall(source)}
    assert raised <= CODES.keys()
    unused = {code for code in CODES if not any(re.search(rf"\b{code}\b", source) for source in sources)}
    assert unused == {"INTERNAL"}  # named() makes it of whatever has no name


def test_every_code_says_what_to_do() -> None:
    for code, (_, meaning, remedy) in CODES.items():
        assert meaning, code
        assert remedy, code
        assert not meaning.endswith("."), code


_JAPANESE = "[\u3000-\u30ff\u3400-\u9fff\uff01-\uffef]"
BROKEN = re.compile(rf".{{0,20}}{_JAPANESE}\n *{_JAPANESE}.{{0,20}}")
TRANSLATED = [path.name for path in sorted((ROOT / "docs/ja").glob("*.md"))]
# Those that are translated sentence by sentence; the guide to templates has examples of its own.
WHOLE = {"codes.md", "deploy.md", "runbook.md"}
ANY_FENCED = re.compile(r"^ *```.*?^ *```$", re.MULTILINE | re.DOTALL)
FENCED = re.compile(r"^ *```(?:sh|json|sql)$.*?^ *```$", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^(#+) (.*)$", re.MULTILINE)


def anchors(text: str) -> set[str]:
    """The anchors of a page, as GitHub makes them of its headings."""
    prose = ANY_FENCED.sub("", text)
    made = (re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for _, heading in HEADING.findall(prose))
    return {*made, *re.findall(r'id="([\w-]+)"', text)}


def commands(text: str) -> list[str]:
    """What there is to copy of a page, without the comments in it."""
    return [re.sub(r"(?:^|\s+)#.*", "", block) for block in FENCED.findall(text)]


@pytest.mark.parametrize("name", TRANSLATED)
def test_a_translation_has_the_same_parts_and_the_same_commands(name: str) -> None:
    english, japanese = ((ROOT / "docs" / path).read_text("utf-8") for path in (name, f"ja/{name}"))
    assert [level for level, _ in HEADING.findall(japanese)] == [level for level, _ in HEADING.findall(english)]
    assert commands(japanese) == commands(english)
    if name in WHOLE:
        prose = [" ".join(ANY_FENCED.sub("", text).split()) for text in (english, japanese)]
        words = [Counter(re.findall("`([^`]+)`", text)) for text in prose]
        assert [word for word in words[0] - words[1] if "<" not in word] == []


@pytest.mark.parametrize("name", TRANSLATED)
def test_no_line_ends_within_a_japanese_paragraph(name: str) -> None:
    """Browsers show the end of a line as a blank, which Japanese does not have between words."""
    prose = ANY_FENCED.sub("", (ROOT / "docs/ja" / name).read_text("utf-8"))
    assert not [f"join these lines: …{broken}" for broken in BROKEN.findall(prose)]


@pytest.mark.parametrize("name", TRANSLATED)
def test_a_japanese_page_leads_to_japanese_ones(name: str) -> None:
    links = re.findall(r"\[([^\]]*)\]\(\.\./([\w-]+\.md)", (ROOT / "docs/ja" / name).read_text("utf-8"))
    assert not [page for words, page in links if page in TRANSLATED and words != "English"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_to_a_heading_leads_to_one(page: Path) -> None:
    text = page.read_text("utf-8")
    for target, anchor in re.findall(r"\[[^\]]*\]\((?!https?://)([^)#]*)#([^)]+)\)", text):
        other = (page.parent / target).read_text("utf-8") if target else text
        assert unquote(anchor) in anchors(other), f"{target}#{anchor}"
