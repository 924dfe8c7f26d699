"""What must stay out of a sample, and of all that `notifier sample` says, whatever a row or a document looks like."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pytest
from click.testing import CliRunner, Result

from cli.commands import sample as command
from cli.main import main
from cli.preview.connections import Connections
from handler.model import Row
from tests.kit import FakeApi, FakeDatabase

TEMPLATE: Final = """\
id: {{pattern: ".{{1,80}}"}}
channel: orders
lookups:
  order:
    sql: {sql}
  profile: {{get: "/profiles/{{{{ id }}}}", on_failure: without}}
text: "An order {{{{ id }}}}"
{more}
samples:
  one: {{id: a, lookups: {{order: {{a: 1}}, profile: null}}}}
"""
STAGE: Final = "channels: {orders: C0ORDERS01}\nfallback: C0FALLBACK\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "templates"
    (made / "_stages").mkdir(parents=True)
    (made / "_stages/production.yaml").write_text(STAGE)
    shutil.copy("templates/_privacy.yaml", made)
    return made


Run = Callable[..., Result]


@pytest.fixture
def run(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    def sample(
        row: Any, profile: Any = None, *arguments: str, sql: str = "", row_id: str = "a", more: str = ""
    ) -> Result:
        def select(_: str, __: object) -> list[Row]:
            if isinstance(row, Exception):
                raise row
            return [Row(row)]

        def get(_: str) -> Any:
            if isinstance(profile, Exception):
                raise profile
            return profile

        @contextmanager
        def connect(*_: object) -> Iterator[Connections]:
            yield Connections(FakeDatabase(select), FakeApi(get), "a test")

        monkeypatch.setattr(command.connections, "connect", connect)
        names = row if isinstance(row, Mapping) else {"a": 1}
        listed = sql or f"SELECT {', '.join(f'`{name}`' for name in names)} FROM orders WHERE id = :id"
        text = TEMPLATE.format(sql=json.dumps(listed, ensure_ascii=False), more=more)
        (folder / "order.created.yaml").write_text(text, "utf-8")
        return CliRunner().invoke(
            main, ["sample", "order.created", row_id, "--templates", str(folder), *arguments], catch_exceptions=False
        )

    return sample


def seen(ran: Result, folder: Path) -> str:
    shared = ("_privacy.yaml", "production.yaml")
    files = [path for path in folder.rglob("*") if path.is_file() and path.name not in shared]
    return ran.output + ran.stderr + "".join(path.name + path.read_text("utf-8") for path in files)


# What a row has, and what of it must be nowhere.
ROWS: Final[list[tuple[dict[str, Any], tuple[str, ...]]]] = [
    ({"EMAIL": "ines@shop.jp", "Name": "Ines Brandt", "PHONE": "090-1234-5678"}, ("ines", "Brandt", "5678")),
    ({"code": "ines@shop.jp"}, ("ines", "shop.jp")),
    ({"error": "Card of Ines <ines@shop.jp> was refused"}, ("ines@", "shop.jp", "refused")),
    ({"number": "ｉｎｅｓ＠ｓｈｏｐ．ｊｐ"}, ("ｉｎｅｓ", "ｓｈｏｐ")),
    ({"status": "https://shop.jp/reset?token=abcdef123"}, ("abcdef123",)),
    ({"state": "https://ines:secretword@shop.jp/"}, ("secretword",)),
    ({"phone": 819012345678, "card_number": 4111111111111111, "salary": Decimal(5200000)}, ("8190", "4111", "52000")),
    ({"customer_phone_number": "090-1234-5678", "home_phone_number": 901234567}, ("1234",)),
    ({"bank_account_number": "1234567", "credit_card_number": "4111 1111 1111 1111"}, ("34567", "4111")),
    ({"shipping_zip_code": "104-0061", "reset_code": "739214", "access_code": "739214"}, ("0061", "739214")),
    ({"携帯電話番号": "090123456", "配送先郵便番号": "104-0061", "銀行口座番号": "7392145"}, ("1234", "0061", "73921")),
    ({"customer_birthday": date(1984, 5, 6), "birth_day": date(1984, 5, 6)}, ("1984", "05-06")),
    ({"marital_status": "divorced", "health_status": "pregnant"}, ("divorced", "pregnant")),
    ({"national_id": "19840506-1234", "line_id": "ines.b", "tax_id": "DE81198"}, ("1984", "ines", "81198")),
    ({"note": "０９０ー１２３４ー５６７８", "memo": "🎁 Ines", "keep": "Ines"}, ("１２３４", "🎁", "Ines")),
    ({"x": "I\u200bnes", "y": "ＩＮＥＳ", "z": "①②③④-⑤"}, ("nes", "ＩＮＥＳ", "③")),
    ({"phone": "①②③④⑤⑥⑦1", "tel": "½½½½½½½5"}, ("③", "½")),
    ({"tags": "vip,ines", "kindness": "yes"}, ("vip", "ines", "yes")),
    ({"meta": '{"email": "ines@shop.jp", "n": [["Ines", 5]]}'}, ("ines", "Ines", "shop")),
]  # fmt: skip


@pytest.mark.parametrize("arguments", [(), ("--stdout",)])
@pytest.mark.parametrize(("row", "secrets"), ROWS)
def test_nothing_of_a_row_is_left(run: Run, folder: Path, row: dict[str, Any], secrets: Any, arguments: Any) -> None:
    ran = run(row, None, *arguments)
    assert ran.exit_code == 0, ran.output
    assert [secret for secret in secrets if secret in seen(ran, folder)] == []


DOCUMENTS: Final[list[tuple[Any, tuple[str, ...]]]] = [
    ({"by_mail": {"ines@shop.jp": 1, "umut@shop.jp": 2}}, ("ines", "umut")),
    ({"visits": {"Ines Brandt": 3, "山田 花子": 4}}, ("Ines", "山田")),
    ({"visits": {"Ines": {"Brandt": "x"}}, "Umut": 1}, ("Ines", "Brandt", "Umut")),
    ({"calls": {"090-1234-5678": 1, "０９０１２３４": 2, "819012345678": 3}}, ("1234", "１２３４")),
    ({"see": {"https://shop.jp/?t=abcdef": 1, "mail ines@shop.jp now": 1}}, ("abcdef", "ines")),
    ({"sessions": {"a8f3c9e177d04b": 1, "eyJhbGciOi.J9.abc": 2}}, ("a8f3c9", "eyJh")),
    ({"list": [["Ines", ["Brandt"]], [[{"code": "ines@shop.jp"}]]]}, ("Ines", "Brandt", "shop.jp")),
    ({"customer": {"id": 5, "code": "ines@shop.jp", "birthday": "1984-05-06", "age": 41}}, ("shop.jp", "1984", "41")),
    ([{"name": "Ines"}], ("Ines",)),
]


@pytest.mark.parametrize(("document", "secrets"), DOCUMENTS)
def test_nothing_of_a_document_is_left(run: Run, folder: Path, document: Any, secrets: Any) -> None:
    if isinstance(document, list):
        document = {"people": document}
    ran = run({"a": 1}, document)
    assert ran.exit_code == 0, ran.output
    assert [secret for secret in secrets if secret in seen(ran, folder)] == []


# What a column is called in the SELECT, where its name there would be kept.
ALIASES: Final = [
    "SELECT email AS code FROM customers WHERE id = :id",
    "SELECT c.phone AS `number` FROM customers c WHERE c.id = :id",
    "SELECT CONCAT(o.number, c.phone) AS code FROM orders o JOIN customers c ON c.id = o.by_id WHERE o.id = :id",
    "SELECT UPPER(TRIM(address)) AS status FROM customers WHERE id = :id",
    "SELECT t.x AS code FROM (SELECT id, iban AS x FROM customers) t WHERE t.id = :id",
    "WITH t AS (SELECT id, birthday AS x FROM customers) SELECT x AS code FROM t WHERE id = :id",
    "SELECT (SELECT c.email FROM customers c WHERE c.id = o.customer_id) AS status FROM orders o WHERE id = :id",
    "SELECT CASE WHEN o.paid THEN c.email END AS status FROM orders o JOIN customers c USING (id) WHERE id = :id",
    "SELECT JSON_EXTRACT(c.address, '$.x') AS state FROM customers c WHERE id = :id",
    "SELECT number AS code FROM orders WHERE id = :id UNION SELECT phone FROM customers WHERE id = :id",
    "SELECT GROUP_CONCAT(phone) AS code FROM customers WHERE id = :id",
    "SELECT c.name AS code FROM customers c WHERE id = :id",
]


@pytest.mark.parametrize("sql", ALIASES)
def test_another_name_in_the_select_uncovers_nothing(run: Run, folder: Path, sql: str) -> None:
    name = next(one for one in ("code", "status", "number", "state") if f"AS {one}" in sql or f"AS `{one}`" in sql)
    ran = run({name: "Brandt77"}, None, sql=sql)
    assert ran.exit_code == 0, ran.output
    assert "Brandt77" not in seen(ran, folder)


KEPT: Final = [
    "SELECT status AS code FROM orders WHERE id = :id",
    "SELECT p.name AS product_name FROM products p WHERE id = :id",
    "SELECT CASE WHEN c.email IS NULL THEN 'guest' ELSE 'member' END AS kind FROM customers c WHERE id = :id",
    "SELECT o.number AS code FROM orders o JOIN customers c ON c.email = o.email WHERE c.phone = :id ORDER BY c.name",
    "SELECT COUNT(email) AS code FROM customers WHERE id = :id",
]


@pytest.mark.parametrize("sql", KEPT)
def test_what_a_select_only_compares_or_counts_masks_nothing(run: Run, folder: Path, sql: str) -> None:
    name = next(one for one in ("product_name", "code", "kind") if f"AS {one}" in sql)
    ran = run({name: "Brandt77"}, None, sql=sql)
    assert ran.exit_code == 0, ran.output
    assert "Brandt77" in seen(ran, folder)


@pytest.mark.parametrize(
    ("row_id", "secret"),
    [("ines@shop.jp", "ines"), ("user:ines@shop.jp", "ines"), ("https://shop.jp/?token=abcdef", "abcdef")],
)
def test_an_id_that_is_personal_is_masked(run: Run, folder: Path, row_id: str, secret: str) -> None:
    ran = run({"a": 1}, None, row_id=row_id)
    assert ran.exit_code == 0, ran.output
    assert secret not in seen(ran, folder)


# Templates that fail with a row, or with which lint finds something in its sample.
FAILING: Final = [
    "when: order.email + 1 > 2",
    "blocks:\n  - section: \"{{ order.email | money('EUR') }}\"",
    'blocks:\n  - section: "{{ order.email | date }}"',
    'blocks:\n  - section: "{{ 5 | money(order.email) }}"',
    'blocks:\n  - section: "{{ profile.nane }}"',
    'blocks:\n  - section: "{{ profile.name.x.y }}"',
    'blocks:\n  - section: "{{ profile[order.email] }}"',
    'blocks:\n  - section: "{{ 5 | round(order.email) }}"',
    'blocks:\n  - section: "{{ order.email | mask(order.email) }}"',
    'blocks:\n  - section: "{{ order.email | label(order.email) }}"',
    'blocks:\n  - section: "{{ order.email | truncate(order.email) }}"',
    'blocks:\n  - for: x in order.email\n    section: "{{ x }}"',
    'blocks:\n  - buttons: {a: "https://shop.jp/{{ order.dots }}"}',
    'thread: "{{ order.email * 9000 }}"',
    "version: order.email",
]


@pytest.mark.parametrize("arguments", [(), ("--stdout",)])
@pytest.mark.parametrize("more", FAILING)
def test_no_error_shows_a_value(run: Run, folder: Path, more: str, arguments: tuple[str, ...]) -> None:
    profile = {"name": "Ines", "quirin@shop.jp": {"Ines": 1}, "nanes": ["Ines"]}
    ran = run({"email": "quirin@shop.jp", "dots": "..", "name": "Ines"}, profile, *arguments, more=more)
    assert [secret for secret in ("quirin", "Ines", "quirin@") if secret in seen(ran, folder)] == []
    assert ran.exit_code == 0 or "Error: " in ran.output
