"""Files and stages: what is read, and what is said about the rest."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.compiler import RULES, compile_templates
from handler.errors import CODES

from .conftest import FILE, Compile

GOOD = """\
id: integer
channel: orders
text: Order {{ id }}
samples:
  one: {id: 1}
"""
STAGE = "_stages/test.yaml"
SOUND = "channels: {orders: C0ORDERS01}\nfallback: C0FALLBACK\n"


@pytest.mark.parametrize(
    ("name", "fix"),
    [
        ("order.created.yml", "name it order.created.yaml"),
        ("Order.Created.yaml", "name it order.created.yaml"),
        ("order-created.yaml", ""),
        ("order..created.yaml", ""),
        ("order created.yaml", ""),
        ("_label.yaml", "name it <event type>.yaml"),
        ("x" * 129 + ".yaml", ""),
        ("orders/created.yaml", "directly into the folder"),
        ("_stages/production.yml", "name it production.yaml"),
        ("_stages/Production.yaml", "name it production.yaml"),
    ],
)
def test_a_file_that_only_looks_like_a_template_is_named(compiled: Compile, name: str, fix: str) -> None:
    compilation = compiled(GOOD, {name: GOOD})
    assert [finding.code for finding in compilation.findings] == ["FILE_NAME"]
    assert fix in compilation.findings[0].fix
    assert compilation.files == (FILE, STAGE)


@pytest.mark.parametrize(
    ("name", "better"),
    [
        ("Order Created.yaml", "order.created.yaml"),
        ("order..created-.yaml", "order.created.yaml"),
        ("_stages/Staging 2.yaml", "staging-2.yaml"),
        ("注文.yaml", "small letters, digits and _"),
    ],
)
def test_a_name_that_would_do_is_offered(compiled: Compile, name: str, better: str) -> None:
    (finding,) = [one for one in compiled(GOOD, {name: GOOD}).findings if one.code == "FILE_NAME"]
    assert finding.fix == f"name it {better}" if better.endswith("yaml") else f"name it in {better}"


@pytest.mark.parametrize("name", ["README.md", ".order.created.yaml.swp", ".hidden.yaml", "notes.txt", "img/a.png"])
def test_other_files_are_nobodys_business(compiled: Compile, name: str) -> None:
    assert compiled(GOOD, {name: "{{{"}).findings == ()


@pytest.mark.parametrize("event", ["gift_card.blockd", "gift_card.bloocked", "gift_card.blcoked", "gift_card.blokced"])
def test_an_event_type_that_looks_like_a_slip_is_a_warning(compiled: Compile, event: str) -> None:
    finding, *more = compiled(GOOD, {"gift_card.blocked.yaml": GOOD, "x.yaml": f"event: {event}\n{GOOD}"}).findings
    assert more == []
    assert (finding.file, finding.line, finding.code, finding.severity) == (
        "x.yaml",
        1,
        "EVENT_TYPE_SIMILAR",
        "warning",
    )
    assert f"`{event}`" in finding.message
    assert "write gift_card.blocked" in finding.fix


def test_an_event_type_may_be_misspelt_in_the_file_of_its_own_name(compiled: Compile) -> None:
    findings = compiled(f"event: order.creatd\n{GOOD}").findings
    assert [finding.code for finding in findings] == ["EVENT_TYPE_SIMILAR"]


@pytest.mark.parametrize(
    ("mine", "other"),
    [
        ("order.creates", "order.created"),
        ("oder.created", "order.created"),
        ("order.create", "order.created"),
        ("orders.created", "order.created"),
        ("user.blocked", "user.locked"),
        ("stock.slow", "stock.low"),
        ("item.carted", "item.created_2"),
        ("order.created.v1", "order.created.v2"),
        ("order.created2", "order.created"),
        ("order.packed", "order.parked"),
        ("order.opened", "order.reopened"),
        ("order.shipped", "order.shipped.jp"),
        ("bill.paid", "bill.pad"),
    ],
)
def test_event_types_that_can_both_be_meant_are_fine(compiled: Compile, mine: str, other: str) -> None:
    for one, two in ((mine, other), (other, mine)):
        assert compiled(None, {"a.yaml": f"event: {one}\n{GOOD}", "b.yaml": f"event: {two}\n{GOOD}"}).findings == ()


def test_an_event_type_that_several_files_share_or_that_is_a_files_name_is_meant(compiled: Compile) -> None:
    misspelt = f"event: order.creatd\n{GOOD}"
    assert compiled(GOOD, {"a.yaml": misspelt, "b.yaml": misspelt}).findings == ()
    assert compiled(GOOD, {"order.creatd.yaml": GOOD}).findings == ()


def test_an_event_type_near_to_two_others_is_nobodys_slip(compiled: Compile) -> None:
    files = {"order.creatad.yaml": GOOD, "a.yaml": f"event: order.creatd\n{GOOD}"}
    assert compiled(GOOD, files).findings == ()


def test_a_broken_file_hides_no_finding_of_another(compiled: Compile) -> None:
    files: dict[str, str | bytes] = {
        "a.yaml": "id: [",
        "b.yaml": b"id: \xff",
        "c.yaml": "x" * 65_537,
        "d.yaml": "- a list\n",
        "e.yaml": "",
        "f.yaml": GOOD.replace("{{ id }}", "{{ idd }}"),
        "_stages/broken.yaml": "channels: [",
    }
    compilation = compiled(GOOD, files)
    assert [(finding.file, finding.code) for finding in compilation.findings] == [
        ("_stages/broken.yaml", "YAML_SYNTAX"),
        ("a.yaml", "YAML_SYNTAX"),
        ("b.yaml", "FILE_UNREADABLE"),
        ("c.yaml", "FILE_UNREADABLE"),
        ("d.yaml", "VALUE_INVALID"),
        ("e.yaml", "VALUE_INVALID"),
        ("f.yaml", "TEMPLATE_UNDEFINED"),
    ]
    assert [one["name"] for one in compilation.catalog["notifications"]] == ["order.created"]
    assert list(compilation.catalog["stages"]) == ["test"]


def test_the_line_that_is_not_utf8_is_named(compiled: Compile) -> None:
    finding = compiled(GOOD, {"a.yaml": b"id: integer\nchannel: \xe9\n"}).findings[0]
    assert (finding.code, finding.line) == ("FILE_UNREADABLE", 2)


def test_a_byte_order_mark_and_windows_line_ends_are_fine(compiled: Compile) -> None:
    assert compiled(None, {FILE: b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode()}).findings == ()


def test_a_folder_without_templates_or_stages_is_a_finding(tmp_path: Path) -> None:
    findings = compile_templates(tmp_path).findings
    assert [(finding.file, finding.code) for finding in findings] == [("", "FILE_MISSING"), ("_stages", "FILE_MISSING")]


@pytest.mark.parametrize(
    ("stage", "line", "code", "message"),
    [
        ("channels: {orders: C0ORDERS01}\n", 1, "KEY_MISSING", "`fallback`"),
        ("fallback: C0FALLBACK\n", 1, "KEY_MISSING", "`channels`"),
        ("channels: {orders: '#orders'}\nfallback: C0FALLBACK\n", 1, "VALUE_INVALID", "neither a channel's id"),
        ("channels: {orders: c0orders01!}\nfallback: C0FALLBACK\n", 1, "VALUE_INVALID", "neither a channel's id"),
        ("channels: {orders: D012345678}\nfallback: C0FALLBACK\n", 1, "VALUE_INVALID", "neither a channel's id"),
        ("channels: {orders: C123}\nfallback: C0FALLBACK\n", 1, "VALUE_INVALID", "neither a channel's id"),
        ("channels: {orders: https://x}\nfallback: C0FALLBACK\n", 1, "VALUE_INVALID", "neither a channel's id"),
        ("channels: {Orders: C0ORDERS01}\nfallback: C0FALLBACK\n", 1, "VALUE_INVALID", "not an alias"),
        ("channels: {orders: C0ORDERS01}\nfallback:\n", 2, "VALUE_INVALID", "empty"),
        ("channels: {orders: C0ORDERS01}\nfallback: C0FALLBACK\nvar: {}\n", 3, "KEY_UNKNOWN", "`var`"),
        (f"{SOUND}prefix: '{{{{ id }}}}'\n", 3, "TEMPLATE_FORBIDDEN", "as it stands"),
        (f"{SOUND}redirect: '#orders'\n", 3, "VALUE_INVALID", "neither a channel's id"),
        (f"{SOUND}vars: {{'a b': x}}\n", 3, "VALUE_INVALID", "cannot be used"),
        (f"{SOUND}vars: {{in: x}}\n", 3, "NAME_RESERVED", "`in`"),
        (f"{SOUND}vars: {{a: [x]}}\n", 3, "VALUE_INVALID", "takes a text"),
        (f"{SOUND}vars: {{a: '{{{{ id }}}}'}}\n", 3, "TEMPLATE_FORBIDDEN", "as it stands"),
        (f"{SOUND}vars: x\n", 3, "VALUE_INVALID", "`key: value` lines"),
        (f"{SOUND}mentions: {{ada: '@ada'}}\n", 3, "VALUE_INVALID", "neither a person's"),
        (f"{SOUND}mentions: {{Ada: U01234567}}\n", 3, "VALUE_INVALID", "not an alias"),
        (f"{SOUND}mentions: {{ada: C01234567}}\n", 3, "VALUE_INVALID", "neither a person's"),
        (f"{SOUND}people: {{ada@example.org: here}}\n", 3, "VALUE_INVALID", "not the id of a person"),
        (f"{SOUND}people: {{17: C01234567}}\n", 3, "VALUE_INVALID", "not the id of a person"),
        (f"{SOUND}people: [U01234567]\n", 3, "VALUE_INVALID", "`people` takes `key: value` lines"),
        (f"{SOUND}time_zone: Asia/Tokio\n", 3, "VALUE_INVALID", "no time zone `Asia/Tokio`"),
        (f"{SOUND}time_zone: JST\n", 3, "VALUE_INVALID", "no time zone"),
        (f"{SOUND}language: de\n", 3, "VALUE_INVALID", "en, ja"),
        (f"{SOUND}threads: off\n", 3, "VALUE_INVALID", "required, ignore"),
        ("channels: {orders: '{{ id }}'}\nfallback: C0FALLBACK\n", 1, "TEMPLATE_FORBIDDEN", "as it stands"),
    ],
)
def test_a_stage_is_checked(compiled: Compile, stage: str, line: int, code: str, message: str) -> None:
    findings = compiled(GOOD, {"_stages/broken.yaml": stage}).findings
    assert [(finding.file, finding.line, finding.code) for finding in findings] == [("_stages/broken.yaml", line, code)]
    assert message in findings[0].message


@pytest.mark.parametrize(
    ("labels", "line", "code", "message"),
    [
        ("- a\n", 1, "VALUE_INVALID", "`key: value` lines"),
        ("state: new\n", 1, "VALUE_INVALID", "`key: value` lines"),
        ("state:\n  1: [new]\n", 2, "VALUE_INVALID", "takes a text"),
        ("state:\n  1: '{{ id }}'\n", 2, "TEMPLATE_FORBIDDEN", "as it stands"),
        ("state:\n  1: new\n  1: old\n", 3, "KEY_DUPLICATE", "line 2"),
        ("a b:\n  1: new\n", 1, "VALUE_INVALID", "cannot be used"),
        ("state: :package: new\n", 1, "YAML_SYNTAX", "`: `"),
    ],
)
def test_the_labels_are_checked(compiled: Compile, labels: str, line: int, code: str, message: str) -> None:
    findings = compiled(GOOD, {"_labels.yaml": labels}).findings
    assert [(finding.file, finding.line, finding.code) for finding in findings] == [("_labels.yaml", line, code)]
    assert message in findings[0].message


def test_every_stage_has_to_know_every_alias(compiled: Compile) -> None:
    bare = "channels: {payments: C0PAYMENTS}\nfallback: C0FALLBACK\n"
    findings = compiled(GOOD, {"_stages/a.yaml": bare, "_stages/b.yaml": bare}).findings
    assert [(finding.file, finding.line, finding.code) for finding in findings] == [(FILE, 2, "CHANNEL_UNKNOWN")] * 2
    assert ["_stages/a.yaml" in findings[0].fix, "_stages/b.yaml" in findings[1].fix] == [True, True]


def test_a_stage_that_redirects_everything_needs_to_know_one_channel(compiled: Compile) -> None:
    stage = "channels: {try: C0123456789}\nfallback: C0FALLBACK\nredirect: try\n"
    assert not compiled(GOOD, {"_stages/a.yaml": stage}).findings


def test_no_code_of_the_compiler_is_one_of_the_function() -> None:
    assert not RULES.keys() & CODES.keys()
