"""Every example of the guides that is right is posted: lint passes it, and the function's own pipeline runs it."""

from __future__ import annotations

import pytest

from cli.compiler import Compilation
from cli.compiler.files import LABELS
from cli.slack_rules import block_problems
from handler.outcome import State
from tests.sample_run import run

from .conftest import STAGE, Compile
from .test_docs import DOCS, JAPANESE, REST, completed, examples
from .test_documented import OF_A_STAGE, SHORT

FILES = {"_stages/test.yaml": f"{STAGE}vars: {{admin_url: https://x}}\nmentions: {{oncall: U01234567}}\n"}
# An order for which each `when` and `if` of the examples holds.
LARGE = {**REST, "samples": REST["samples"].replace("5200", "120000")}
RIGHT = [
    (words, example)
    for page in (DOCS, JAPANESE)
    for words, example in examples(page)
    if words in ("yaml", "yaml stage", "yaml labels")
]


def is_posted(compilation: Compilation) -> None:
    """Each sample is one message per channel, whole, without a warning, in every stage."""
    assert compilation.findings == ()
    runs = list(run(compilation))
    assert len(runs) == len(compilation.samples) * len(compilation.stages) > 0
    for one in runs:
        assert {outcome.state for outcome in one.outcomes} == {State.DELIVERED}, one.outcomes
        assert len(one.messages) == len(one.outcomes)
        for message in one.messages:
            assert message.text.strip()
            assert block_problems([*message.blocks]) == []
            assert all(warning.startswith("Meant for ") for warning in message.warnings)  # by a stage's `redirect`


def test_there_are_examples_of_each_kind() -> None:
    assert {words for words, _ in RIGHT} == {"yaml", "yaml stage", "yaml labels"}
    assert len(RIGHT) > 40


@pytest.mark.parametrize(("words", "example"), RIGHT)
def test_an_example_of_the_guides_is_posted(compiled: Compile, words: str, example: str) -> None:
    match words:
        case "yaml stage":
            is_posted(compiled(completed("", LARGE), {**FILES, "_stages/example.yaml": example}))
        case "yaml labels":
            is_posted(compiled(completed("", LARGE), {**FILES, LABELS: example}))
        case _:
            is_posted(compiled(completed(example, LARGE), FILES))


@pytest.mark.parametrize("example", SHORT.values(), ids=SHORT.keys())
def test_what_only_the_tables_of_the_guides_show_is_posted(compiled: Compile, example: str) -> None:
    is_posted(compiled(completed(example, LARGE), FILES))


@pytest.mark.parametrize("line", OF_A_STAGE)
def test_what_only_the_table_of_stages_shows_is_posted(compiled: Compile, line: str) -> None:
    is_posted(compiled(completed("", LARGE), {"_stages/test.yaml": f"{STAGE}{line}\n"}))
