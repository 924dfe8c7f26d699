"""What a person sees on the page while the notifier works: nothing is ever reloaded here but where a test says so."""

from __future__ import annotations

from pathlib import Path

from cli.preview.gallery import Gallery
from tests.browser.samples import FINDING, PARKED, WAITING, delivered
from tests.plugins.browser import ORDERS, Page
from tests.unit.preview.test_gallery import Shop


def test_an_accepted_message_appears_without_a_reload(page: Page) -> None:
    page.run("window.loaded = 'once'")
    page.see(".empty", ".venv/bin/notifier emit order.created 1042")
    page.post(":tea: New order *T-001042*")
    assert page.see(".message strong").text == "T-001042"
    assert page.see(".slack_emoji").text == "🍵"
    assert page.run("return window.loaded") == "once"


def test_a_message_tells_its_event_template_and_outcome(page: Page) -> None:
    ts = page.post("New order")
    page.control.tell(delivered(ts, "order.created", 1042))
    assert page.see(".footer").text.split("\n") == ["delivered", "order.created 1042", "template order.created.yaml"]


def test_an_edit_changes_the_message_and_is_marked(page: Page) -> None:
    ts = page.post("New order")
    page.see(".message", "New order")
    page.edit(ts, "New order, paid")
    page.see(".message", "New order, paid")
    assert page.all(".edited") == ["(edited)"]


def test_a_reply_stands_in_the_thread_of_its_parent(page: Page) -> None:
    first = page.post("Order 1")
    page.post("Order 2")
    page.post("Packed", thread=first)
    page.post("Shipped", thread=first)
    page.see(".thread summary", "2 replies")
    assert page.run("return document.querySelector('.thread').closest('.message').dataset.ts") == first
    assert len(page.all(".message")) == 4
    page.run("document.querySelector('.thread summary').click()")
    assert not page.see(".thread").find_element("css selector", ".message").is_displayed()


def test_another_channel_counts_what_is_unread_until_it_is_opened(page: Page) -> None:
    page.post("a", channel="C0LABPAYMENTS")
    page.post("b", channel="C0LABPAYMENTS")
    entry = page.see("nav a.unread", "payments")
    assert entry.find_element("css selector", ".count").text.startswith("2")
    entry.click()
    page.see("h1", "# payments")
    page.see(".message", "b")
    assert page.all("nav a.unread") == []


def test_a_channel_that_refuses_posts_is_not_listed(page: Page) -> None:
    names = {text.split("\n")[-1] for text in page.all("nav a .label")}
    assert {"orders", "payments", "ops"} <= names
    assert "archived" not in names


def test_what_was_parked_shows_why_and_what_to_do(page: Page) -> None:
    page.control.tell(*PARKED)
    entry = page.see("nav a.unread", "Parked")
    assert entry.find_element("css selector", ".count.alarm").text.startswith("2")
    entry.click()
    page.see(".card", "ROW_NOT_FOUND")
    text = page.all(".card")[1]
    for word in (
        "order.createed 1042",
        "EVENT_TYPE_UNKNOWN",
        "No template is for this event type.",
        "What to do: Did you mean",
    ):
        assert word in text


def test_what_waits_shows_why_and_until_when_and_goes_when_it_ends(page: Page) -> None:
    page.control.replace("waiting", [WAITING])
    entry = page.see("nav a.unread", "Waiting")
    assert entry.find_element("css selector", ".count:not(.alarm)").text.startswith("1")
    entry.click()
    card = page.see(".card.waiting", "ROW_NOT_FOUND").text
    for word in ("order.paid 999998", "no row for this id", "Tried 3 times, next at about", "What to do: check that"):
        assert word in card
    page.control.replace("waiting", [{**WAITING, "attempt": 1}])
    page.see(".card.waiting", "Tried once")
    page.control.replace("waiting", [])
    page.see(".empty", "notifier emit order.created 999999")
    assert page.all("nav a.unread") == []


def test_code_in_words_is_shown_as_code(page: Page) -> None:
    page.control.tell(PARKED[0], WAITING)
    page.control.replace("finding", [{**FINDING, "fix": "write `section`"}])
    for view, words in (("parked", ["order"]), ("waiting", ["expect: optional"])):
        page.show(view)
        page.see(f".card.{view}")
        assert page.all(".card .word") == words
    page.show("templates")
    page.see(".card.finding")
    assert page.all(".card .word") == ["order.totl", "order", "total", "section"]
    assert "`" not in page.see("main").text


def test_a_type_without_a_template_is_not_offered_again(page: Page) -> None:
    ts = page.post("New order")
    page.control.tell(delivered(ts, "order.shipped", 1044), *PARKED, WAITING)
    page.see("nav a.unread", "Parked")
    offered = page.run("return [...document.querySelectorAll('#types option')].map(each => each.value)")
    assert sorted(offered) == ["order.created", "order.paid", "order.shipped"]


def test_findings_show_beside_the_last_good_message_and_go_when_they_are_mended(page: Page) -> None:
    page.post("The last good message")
    page.see(".message", "The last good message")
    page.control.replace("finding", [FINDING])
    banner = page.see(".banner", "order.created.yaml:15")
    assert page.all(".message")
    banner.click()
    card = page.see(".card.finding").text
    for word in ("order.created.yaml:15", "UNDEFINED", "The nearest is total", "money('JPY')"):
        assert word in card
    page.control.replace("finding", [])
    page.see(".empty", "The templates are in order")


def test_a_finding_stands_below_the_last_message_of_its_file_until_it_is_mended(page: Page) -> None:
    older, last = page.post("Order 1"), page.post("Order 2")
    other = page.post("Stock is low")
    page.control.tell(*(delivered(ts, "order.created", 1) for ts in (older, last)), delivered(other, "stock.low", "a"))
    page.control.replace("finding", [FINDING, {**FINDING, "file": "ticket.opened.yaml"}])
    found = page.see(".message .finding")
    assert page.run("return arguments[0].closest('.message').dataset.ts", found) == last
    for word in ("order.created.yaml:15", "The nearest is total", "money('JPY')"):
        assert word in found.text
    assert page.all(".findings .hint") == [
        "The message above was made by the last version of this file that was in order."
    ]
    newer = page.post("Order 3")
    page.control.tell(delivered(newer, "order.created", 3))
    page.see(f"[data-ts='{newer}'] .finding")
    assert len(page.all(".message .finding")) == 1
    page.control.replace("finding", [{**FINDING, "severity": "warning"}])
    page.see(".findings .hint", "A warning does not keep a file from being used.")
    page.control.replace("finding", [])
    page.see("nav a[href='#templates']:not(.unread)")
    assert page.all(".message .finding") == []


def test_a_finding_stands_in_the_thread_where_its_file_posted_last(page: Page) -> None:
    first = page.post("Order 1")
    reply = page.post("Packed", thread=first)
    page.control.tell(delivered(first, "order.created", 1), delivered(reply, "order.created", 1))
    page.control.replace("finding", [FINDING])
    page.see(f".thread [data-ts='{reply}'] .finding")
    assert len(page.all(".message .finding")) == 1


def test_a_finding_of_a_file_that_has_made_no_message_is_among_the_templates(page: Page) -> None:
    page.post("Posted by nobody knows what")
    page.control.replace("finding", [FINDING])
    page.see(".banner", "order.created.yaml:15").click()
    page.see(".card.finding", "order.created.yaml:15")
    page.show(ORDERS)
    page.see(".message")
    assert page.all(".message .finding") == []


def test_the_form_asks_for_an_event(page: Page) -> None:
    kind, identity = page.see("input[name=type]"), page.see("input[name=id]")
    kind.send_keys("order.created")
    identity.send_keys("1042\n")
    page.see(".emit [role=status]", "Asked for order.created 1042.")
    kind.clear()
    kind.send_keys("stock.low")
    identity.send_keys("SKU-抹茶\n")
    page.see(".emit [role=status]", "Asked for stock.low SKU-抹茶.")
    first, second = page.control.wishes()
    assert (first["type"], first["id"]) == ("order.created", 1042)
    assert (second["type"], second["id"]) == ("stock.low", "SKU-抹茶")
    assert page.control.wishes(after=first["number"]) == [second]


def test_the_form_refuses_what_is_no_event_type(page: Page) -> None:
    page.see("input[name=type]").send_keys("Order Created")
    page.see("input[name=id]").send_keys("1\n")
    assert page.run("return document.querySelector('input[name=type]').matches(':invalid')")
    assert page.control.wishes() == []


def test_the_notifications_stand_beside_the_channels(page: Page, tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    page.post("Posted")
    page.control.exhibit(Gallery(shop.folder, None).items(shop.compile()))
    page.see("#catalogue a", "a.b").click()
    page.see("h1", "a.b")
    page.see(".sample .message", "Order 1")
    assert page.all(".row") == []
    page.show(ORDERS)
    page.see(".message", "Posted")


def test_what_cannot_be_shown_stands_as_it_was_posted_and_harms_no_other_message(page: Page) -> None:
    page.post("Before")
    page.post("Odd", attachments=[{"text": 5}])
    page.post("After")
    page.see(".message pre", '"text": 5')
    assert [text.split("\n")[-1] for text in page.all(".message")[::2]] == ["Before", "After"]


def test_a_reset_empties_the_page(page: Page) -> None:
    page.post("New order")
    page.control.tell(*PARKED)
    page.see(".message")
    page.control.reset()
    page.see(".empty", "#orders is quiet")
    assert page.all(".count") == []


def test_the_keyboard_reaches_everything(page: Page) -> None:
    page.post("New order")
    page.see(".message")
    reached = []
    for _ in range(14):
        page.driver.switch_to.active_element.send_keys("\ue004")  # Tab
        reached.append(
            page.run("return document.activeElement.getAttribute('aria-label') || document.activeElement.innerText")
        )
    for name in ("Dark theme", "payments", "# orders", "Publish"):
        assert any(name in each for each in reached), f"{name} is not among {reached}"


def test_the_newest_message_is_in_view_unless_one_reads_above(page: Page) -> None:
    for number in range(30):
        page.post(f"Order {number}")
    last = page.see(".message", "Order 29")
    in_view = "const r = arguments[0].getBoundingClientRect(); return r.top > 0 && r.bottom < innerHeight"
    assert page.run(in_view, last)
    page.run("document.querySelector('.scroll').scrollTop = 0")
    page.see(".message", "Order 0")
    page.settle()
    page.post("Order 30")
    page.see(".message", "Order 30")
    assert page.run("return document.querySelector('.scroll').scrollTop") == 0


def test_each_view_has_its_own_address(page: Page) -> None:
    page.open("parked")
    assert page.see("h1").text == "Parked"
    page.open(ORDERS)
    assert page.run("return document.title") == "# orders · Slack stand-in"
