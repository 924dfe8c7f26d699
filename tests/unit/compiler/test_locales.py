"""`time_zone:` and `language:` of a template and of a stage: what is taken, and what is said of the rest."""

from __future__ import annotations

import json
from dataclasses import replace
from zoneinfo import available_timezones

import pytest

from cli.compiler import locales
from cli.compiler.encoding import encode
from handler import catalog

from .conftest import FILE, STAGE, Compile
from .test_documented import EXAMPLES, LABELS, STAGES, TEMPLATE, posted

BASE = "id: integer\nchannel: orders\ntext: Order {{ now | datetime }}\nsamples: {one: {id: 1}}\n"
ZONES = [
    ("asia/tokyo", "Asia/Tokyo"),
    ("Asia/Tokio", "Asia/Tokyo"),
    ("Tokyo", "Asia/Tokyo"),
    ("JST", "Asia/Tokyo"),
    ("utc", "UTC"),
    ("Z", "UTC"),
    ("PST", "America/Los_Angeles"),
    ("America/NewYork", "America/New_York"),
    ("New York", "America/New_York"),
    ("Europe/Berln", "Europe/Berlin"),
    ("Asia/Osaka", ""),  # no place that is spelt alike is meant
    ("CST", ""),  # that of Chicago, of Shanghai or of Havana
    ("+09:00", ""),
    ("UTC+9", ""),
    ("localtime", ""),
    ("Factory", ""),
    ("日本", ""),
]
LANGUAGES = [
    ("jp", "ja"),
    ("JA", "ja"),
    ("ja-JP", "ja"),
    ("japanese", "ja"),
    ("日本語", "ja"),
    ("en_US", "en"),
    ("English", "en"),
    ("英語", "en"),
    ("de", ""),
    ("x", ""),
]


def test_every_name_of_the_time_zone_database_is_meant_by_itself() -> None:
    known = available_timezones() - {"Factory", "localtime", "posixrules"}
    assert {locales.zone_meant(name) for name in known} == known


@pytest.mark.parametrize(("written", "meant"), ZONES)
def test_a_wrong_time_zone_is_named_with_the_right_one(compiled: Compile, written: str, meant: str) -> None:
    for text, stage, file in (
        (f"{BASE}time_zone: {written}\n", STAGE, FILE),
        (BASE, f"{STAGE}time_zone: {written}\n", "_stages/test.yaml"),
    ):
        [finding] = compiled(text, {"_stages/test.yaml": stage}).findings
        assert (finding.file, finding.code) == (file, "VALUE_INVALID")
        assert finding.message == f"there is no time zone `{written}`"
        assert finding.fix == (
            f"write time_zone: {meant}" if meant else "write a name such as Europe/Berlin or Asia/Tokyo"
        )
        if meant:
            assert compiled(BASE + finding.fix.removeprefix("write "), {"_stages/test.yaml": STAGE}).findings == ()


@pytest.mark.parametrize(("written", "meant"), LANGUAGES)
def test_a_wrong_language_is_named_with_the_right_one(compiled: Compile, written: str, meant: str) -> None:
    for text, stage in (
        (f"{BASE}language: {written}\n", STAGE),
        (BASE, f"{STAGE}language: {written}\n"),
    ):
        [finding] = compiled(text, {"_stages/test.yaml": stage}).findings
        assert (finding.code, finding.message) == ("VALUE_INVALID", f"there is no language `{written}`, only en, ja")
        assert finding.fix == (f"write language: {meant}" if meant else "write one of: en, ja")
        if meant:
            assert compiled(BASE + finding.fix.removeprefix("write "), {"_stages/test.yaml": STAGE}).findings == ()


@pytest.mark.parametrize(("word", "key"), locales.MEANT.items())
def test_another_word_for_a_key_is_known(compiled: Compile, word: str, key: str) -> None:
    for text, stage in ((f"{BASE}{word}: ja\n", STAGE), (BASE, f"{STAGE}{word}: ja\n")):
        [finding] = compiled(text, {"_stages/test.yaml": stage}).findings
        assert (finding.code, finding.fix) == ("KEY_UNKNOWN", f"write `{key}`")


@pytest.mark.parametrize("key", locales.KEYS)
@pytest.mark.parametrize("value", ["", "[ja]", "{a: b}", "'{{ id }}'"])
def test_a_value_of_another_form_is_a_finding(compiled: Compile, key: str, value: str) -> None:
    [finding] = compiled(f"{BASE}{key}: {value}\n").findings
    assert finding.code in ("VALUE_INVALID", "TEMPLATE_FORBIDDEN")


@pytest.mark.parametrize("language", ["", *locales.LANGUAGES])
@pytest.mark.parametrize("zone", ["", "Asia/Tokyo"])
def test_the_keys_are_in_the_catalog(compiled: Compile, zone: str, language: str) -> None:
    lines = [f"{key}: {value}\n" for key, value in zip(locales.KEYS, (zone, language), strict=True) if value]
    compilation = compiled(BASE + "".join(lines))
    assert compilation.findings == ()
    (one,) = catalog.read(json.loads(json.dumps(compilation.catalog)), "test").route("order.created")
    assert (one.time_zone, one.language) == (zone, language)
    assert one == compilation.templates[0].notification


def test_a_catalog_without_the_keys_has_the_stages_locale(compiled: Compile) -> None:
    compilation = compiled(f"{BASE}language: ja\n")
    document = json.loads(json.dumps(compilation.catalog))
    for key in locales.KEYS:
        del document["notifications"][0][key]
    (one,) = catalog.read(document, "test").route("order.created")
    assert one == replace(compilation.templates[0].notification, language="")


def test_the_version_before_has_its_own_keys(compiled: Compile) -> None:
    compilation = compiled(f"{BASE}language: ja\n")
    one = compilation.templates[0].notification
    both = replace(one, previous=replace(one, language="en", time_zone="Asia/Tokyo"))
    document = json.loads(json.dumps(encode([both], compilation.stages)))
    assert catalog.read(document, "test").route("order.created") == (both,)


# What the guides and the docstrings show of the filters, in a stage of the other language. Labels are the stage's.
LINES = {"en": "time_zone: UTC\nlanguage: en\n", "ja": "time_zone: Asia/Tokyo\nlanguage: ja\n"}
OTHER = {"en": "ja", "ja": "en"}


@pytest.mark.parametrize(("name", "source", "shown", "language"), EXAMPLES)
def test_a_filter_follows_the_template_and_not_the_stage(
    compiled: Compile, name: str, source: str, shown: str, language: str
) -> None:
    text = TEMPLATE.format(source) + LINES[language]
    compilation = compiled(text, {**STAGES, "_labels.yaml": LABELS[language]})
    assert [finding for finding in compilation.findings if finding.severity == "error"] == []
    assert posted(compilation.catalog, OTHER[language], dict(compilation.samples[0].answers)) == shown.strip()


def test_lint_renders_the_samples_in_the_templates_locale(compiled: Compile) -> None:
    """A sample whose text would be empty in the language of the stage."""
    text = BASE.replace("Order {{ now | datetime }}", "\"{{ 'x' if (now | weekday) == '月曜日' }}\"")
    assert {one.code for one in compiled(text).findings} == {"MESSAGE_EMPTY", "VALUE_EMPTY"}
    assert compiled(f"{text}language: ja\n").findings == ()
