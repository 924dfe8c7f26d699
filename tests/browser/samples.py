"""Sample messages of a tea shop as the notifier writes them, and the facts about them."""

from __future__ import annotations

from typing import Any

HOSTILE = '<img src=x onerror="window.broken=1"><script>window.broken=1</script> <!channel> <@U0LABBOT> &amp; {{ 7*7 }}'


def mrkdwn(text: str) -> dict[str, Any]:
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


def escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def cell(text: str) -> dict[str, str]:
    return {"type": "raw_text", "text": text}


def table(*rows: tuple[str, ...]) -> dict[str, Any]:
    return {
        "type": "table",
        "rows": [[cell(text) for text in row] for row in rows],
        "column_settings": [{"is_wrapped": True}, {"align": "right"}, {"align": "right"}],
    }


PAYMENT_FAILED = [
    {"type": "header", "text": plain("Payment failed: T-001043")},
    {
        "type": "section",
        "fields": [
            mrkdwn('*Customer*\nO\'Brien "Bob" &lt;!channel&gt;'),
            mrkdwn("*Tier*\nSTANDARD"),
            mrkdwn("*Amount*\n47.74 USD"),
            mrkdwn("*Reason*\n`do_not_honor`"),
        ],
    },
    {"type": "section", "text": mrkdwn("• 1 × Matcha 抹茶, 30 g\n• 1 × Bamboo whisk 茶筅")},
    {"type": "divider"},
    {"type": "context", "elements": [mrkdwn("bank, Thu 14 Aug 2025 13:23"), mrkdwn("Note: none")]},
    {
        "type": "actions",
        "elements": [
            {"type": "button", "text": plain("Open order"), "url": "https://shop.example/orders/1043"},
            {"type": "button", "text": plain("Call customer"), "style": "danger", "action_id": "call"},
        ],
    },
]
STOCK = [
    {"type": "header", "text": plain("在庫が少なくなっています :warning:")},
    table(("商品", "在庫", "発注点"), ("有機抹茶 30g缶", "3", "20"), ("京都玉露「かりがね」 100g", "0", "10")),
    {"type": "context", "elements": [mrkdwn("担当: 山田 花子 ・ 2026年11月22日(日) 19:05")]},
]
TICKET = "返品のお問い合わせ *#5012* が届きました 👩‍🍳🇯🇵 :tea:\n&gt; 届いた急須にひびが入っていました。交換できますか。"


def fill(page: Any) -> None:
    """Fill the page with a working day: posts, an edit, a thread, parked events."""
    first = page.post(":tea: New order *T-001042* from Zoë &lt;VIP&gt; &amp; Co: 118.00 EUR")
    second = page.post(":tea: New order *T-001044*")
    page.edit(second, ":tea: New order *T-001044* from 山田 花子: ¥12,400")
    third = page.post("Payment failed for T-001043", PAYMENT_FAILED)
    fourth = page.post("在庫が少なくなっています", STOCK)
    fifth = page.post(TICKET)
    page.post("佐藤が対応します。交換品は本日発送の予定です :truck:", thread=fifth)
    page.post("発送しました。伝票番号: `4512-8890-1123`", thread=fifth)
    page.post("Payment failed for T-001051", channel="C0LABPAYMENTS")
    told = (
        (first, "order.created", 1042),
        (second, "order.created", 1044),
        (third, "order.payment_failed", 1043),
        (fourth, "stock.low", "SKU-抹茶-30"),
        (fifth, "ticket.opened", 5012),
    )
    page.control.tell(*(delivered(ts, event, identity) for ts, event, identity in told), *PARKED, WAITING)


def delivered(ts: str, event: str, identity: int | str, channel: str = "C0LABORDERS") -> dict[str, Any]:
    names = {"event": f"e{identity}", "type": event, "id": identity}
    names |= {"template": f"{event}.yaml", "outcome": "delivered"}
    return {"kind": "delivery", "channel": channel, "ts": ts, **names}


def story(ts: str) -> dict[str, Any]:
    """What is told of an event (cli.operations.event_json)."""
    message = {"channel": "C0LABORDERS", "ts": ts, "link": None}
    facts = ["attempt 1", "posted in 12 ms"]
    step = {"at": "2026-01-05T10:00:01.000+00:00", "what": "delivered", "text": "", "facts": facts, "message": message}
    delivery = {"notification": "a.b", "channel": "orders", "notice": False, "state": "delivered", "queued": False}
    delivery |= {"due": None, "code": "", "meaning": None, "remedy": None, "steps": [step]}
    event = {"event_id": "e7", "type": "a.b", "id": "7", "origin": None, "received": "2026-01-05T10:00:00.000+00:00"}
    return {**event, "deliveries": [delivery]}


PARKED = (
    {
        "kind": "parked",
        "message": "m1",
        "records": 1,
        "event": "e999999",
        "type": "order.created",
        "id": 999999,
        "code": "ROW_NOT_FOUND",
        "meaning": "The lookup `order` found no row for this id.",
        "remedy": "Look whether the order exists on the replica; publish after the commit. Then replay the event.",
    },
    {
        "kind": "parked",
        "message": "m2",
        "records": 1,
        "event": "e1042",
        "type": "order.createed",
        "id": 1042,
        "code": "EVENT_TYPE_UNKNOWN",
        "meaning": "No template is for this event type.",
        "remedy": "Did you mean order.created? Add templates/order.createed.yaml, or correct the publisher.",
    },
)
WAITING = {
    "kind": "waiting",
    "event": "e999998",
    "type": "order.paid",
    "id": 999998,
    "code": "ROW_NOT_FOUND",
    "meaning": "order.paid.yaml:9 lookups.order: no row for this id",
    "remedy": "check that the id exists; use `expect: optional` where it may not",
    "attempt": 3,
    "due": 1_767_600_000,
}
SILENT = {
    "kind": "silent",
    "event": "e1",
    "type": "order.created",
    "id": 1042,
    "template": "order.yaml",
    "code": "WHEN",
    "meaning": "the template's `when` did not hold",
    "detail": "order.yaml:3",
}
FINDING = {
    "kind": "finding",
    "file": "order.created.yaml",
    "line": 15,
    "code": "UNDEFINED",
    "severity": "error",
    "message": "`order.totl` is no column of the lookup `order`. The nearest is `total`.",
    "edit": "",
    "fix": "text: \":tea: New order *{{ order.number }}*: {{ order.total | money('JPY') }}\"",
}
