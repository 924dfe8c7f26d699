"""The examples of the filters, in their docstrings and in the guides, are true, and each filter has one."""

from __future__ import annotations

from itertools import chain

import pytest

from handler.templating import FILTERS

from .examples import of_docs, of_docstrings, rendered

EXAMPLES = {
    "docstrings": of_docstrings(),
    "docs": of_docs("docs/templates.md", "Filters"),
    "docs in Japanese": of_docs("docs/ja/templates.md", "フィルター"),
}


@pytest.mark.parametrize(("name", "source", "shown", "language"), [*chain(*EXAMPLES.values())])
def test_an_example_shows_what_it_says(name: str, source: str, shown: str, language: str) -> None:
    assert name in source
    assert rendered(source, language=language) == shown


@pytest.mark.parametrize("examples", EXAMPLES.values(), ids=EXAMPLES.keys())
def test_each_filter_has_an_example(examples: list[tuple[str, ...]]) -> None:
    assert {name for name, *_ in examples} == set(FILTERS)
