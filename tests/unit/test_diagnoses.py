"""What an error says, in the language of the tools: the function's detail is English in any of them."""

from __future__ import annotations

import pytest

from cli import diagnoses
from cli.language import speaking
from handler.errors import CODES

DETAIL = "no row for this id"


@pytest.mark.parametrize("code", [*CODES])
def test_an_error_says_what_its_code_means_where_its_detail_is_in_another_language(code: str) -> None:
    with speaking("en"):
        assert diagnoses.detail(code, DETAIL) == DETAIL
        assert diagnoses.detail(code, "") == CODES[code].meaning
    with speaking("ja"):
        meaning = diagnoses.detail(code, "")
        assert meaning != CODES[code].meaning
        assert diagnoses.detail(code, DETAIL) == f"{meaning} ({DETAIL})"


def test_what_has_no_code_says_its_detail_alone() -> None:
    with speaking("ja"):
        assert diagnoses.detail("", DETAIL) == DETAIL
        assert diagnoses.detail("", "") == ""
