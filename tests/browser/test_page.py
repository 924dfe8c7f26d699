"""What a person sees on the page while the notifier works: nothing is ever reloaded here but where a test says so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cli.preview.gallery import Gallery
from lab.processes import wait_until
from tests.browser.samples import FINDING, HOSTILE, PARKED, SILENT, WAITING, delivered, story
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
    assert page.see(".footer").text.split("\n") == [
        "delivered",
        "order.created 1042",
        "template order.created.yaml",
        "Story",
    ]


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


def test_a_direct_message_is_listed_once_there_is_one(page: Page) -> None:
    assert "U0LABYOU" not in "".join(page.all("nav a .label"))
    page.post("A test for you", channel="U0LABYOU")
    page.see("nav a.unread", "U0LABYOU").click()
    page.see(".message", "A test for you")


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


def test_what_is_parked_beyond_the_list_is_counted(page: Page) -> None:
    page.control.tell(*PARKED, {"kind": "more", "of": "parked", "count": 11})
    entry = page.see("nav a.unread", "Parked")
    assert entry.find_element("css selector", ".count.alarm").text.startswith("13")
    entry.click()
    page.see(".hint", "and 11 more")


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


def answered(page: Page, answer: dict[str, Any]) -> dict[str, Any]:
    """Answer the last question of the page as a demo would, and return it."""
    *_, asked = wait_until(page.control.questions, "a question", 10.0)
    page.control.answer(asked["number"], answer)
    question: dict[str, Any] = asked["question"]
    return question


def test_the_form_publishes_and_leads_to_the_outcome(page: Page) -> None:
    page.emit("stock.low", "SKU-抹茶")
    page.see(".emit [role=status]", "Publishing stock.low SKU-抹茶…")
    question = answered(page, {"answer": {"event": "e1"}})
    assert question["publish"] == {"type": "stock.low", "id": "SKU-抹茶"}
    page.see(".emit [role=status]", "Published stock.low SKU-抹茶.")
    page.see(".emit .outcomes", "The outcome is not known yet.")
    page.control.replace("waiting", [{**WAITING, "event": "e1"}])
    page.see(".emit a", "Waiting: order.paid.yaml:9 lookups.order: no row for this id").click()
    page.see(".card.waiting[data-found]")
    page.control.replace("waiting", [])
    page.control.tell({**PARKED[0], "event": "e1"})
    page.see(".emit a", "Parked: ROW_NOT_FOUND").click()
    page.see(".card.parked[data-found]")
    page.control.replace("parked", [])
    ts = page.post("Low stock", channel="C0LABOPS")
    page.control.tell({**delivered(ts, "stock.low", "a", "C0LABOPS"), "event": "e1"})
    page.see(".emit a", "Posted in #ops").click()
    page.see(f".message[data-ts='{ts}'][data-found]")


def test_a_publish_of_which_nothing_is_posted_says_by_which_rule(page: Page) -> None:
    page.emit("order.created", "1042")
    answered(page, {"answer": {"event": "e1"}})
    page.control.tell(SILENT)
    page.see(".emit .outcomes", "Nothing posted: the template's `when` did not hold: order.yaml:3".replace("`", ""))


def test_a_publish_that_fails_says_why(page: Page) -> None:
    page.emit("order.created", "1042")
    answered(page, {"error": "Could not publish the event"})
    page.see(".emit [role=status]", "That did not work: Could not publish the event")


def test_parked_events_are_sent_again_and_lead_to_their_outcome(page: Page) -> None:
    page.control.tell(*PARKED, {**PARKED[0], "message": "m3", "event": "e3", "records": 0})
    page.show("parked")
    page.see(".card.parked", "holds no event")
    first, _ = page.driver.find_elements("css selector", ".again .action")
    first.click()
    page.see(".again .action:disabled", "Sending…")
    sent = {"message": "m1", "event": "e999999", "type": "order.created", "id": "999999"}
    assert answered(page, {"answer": {"sent": [sent], "left": [], "problem": ""}})["replay"] == ["m1"]
    page.see(".done", "1 event sent again.")
    page.see(".done", "The outcome is not known yet.")
    page.control.replace("parked", [{**PARKED[0], "message": "m9"}, PARKED[1]])
    page.see(".done a", "Parked: ROW_NOT_FOUND").click()
    page.see("[data-part=m9][data-found]")
    page.see(".tools input").click()
    page.see(".tools .action", "Send 2 again").click()
    answer = {"sent": [], "left": [{**sent, "message": "m9"}], "problem": "SQS did not answer"}
    assert sorted(answered(page, {"answer": answer})["replay"]) == ["m2", "m9"]
    page.see(".done", "order.created 999999 is still parked.")
    page.see(".done", "That did not work: SQS did not answer")


def test_a_message_leads_to_its_template_its_row_and_its_story(page: Page, tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    page.control.exhibit(Gallery(shop.folder, None).items(shop.compile()))
    ts = page.post("Order 7")
    page.control.tell(delivered(ts, "a.b", 7))
    page.see(".footer a", "template a.b.yaml").click()
    page.see(".sample .message", "Order 1")
    page.show(ORDERS)
    page.see(".footer a", "Row").click()
    made = {"notification": "a.b", "event": "a.b", "stage": "production", "id": "7", "rule": "WHEN", "where": "a.b:1"}
    answers = {"order": {"id": 7, "note": HOSTILE}, "items": [{"sku": "抹茶"}, {"sku": None}], "none": None}
    assert answered(page, {"answer": [{**made, "answers": answers}]})["id"] == "7"
    page.see(".answer td", HOSTILE)
    page.see(".answer th", "sku")
    page.see(".answer", "nothing found")
    page.show(ORDERS)
    page.see(".footer a", "Story").click()
    assert answered(page, {"answer": {"events": [story(ts)], "notes": ["A note"]}})["story"] == "e7"
    page.see(".delivery h2", "a.b → #orders delivered".replace(" delivered", ""))
    page.see(".steps", "attempt 1 · posted in 12 ms")
    page.see(".story", "A note")
    page.see(".steps a", "Show the message").click()
    page.see(f".message[data-ts='{ts}'][data-found]")


def test_the_story_is_told_anew_when_there_is_news(page: Page) -> None:
    page.show("story:e1")
    answered(page, {"answer": {"events": [], "notes": []}})
    page.see(".empty", "Nothing is known of this event yet")
    page.control.tell(SILENT)
    answered(page, {"answer": {"events": [story("1.1")], "notes": []}})
    page.see(".delivery")
    page.control.tell({**SILENT, "code": "NO_ROUTE"})
    answered(page, {"error": "Could not read the state table"})
    page.see(".empty", "Could not read the state table")


def test_the_form_refuses_what_is_no_event_type(page: Page) -> None:
    page.see("input[name=type]").send_keys("Order Created")
    page.see("input[name=id]").send_keys("1\n")
    assert page.run("return document.querySelector('input[name=type]').matches(':invalid')")
    assert page.control.questions() == []


def test_the_notifications_stand_beside_the_channels(page: Page, tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    page.post("Posted")
    page.control.exhibit(Gallery(shop.folder, None).items(shop.compile()))
    page.see("#catalogue a", "a.b").click()
    page.see("h1", "a.b")
    page.see(".sample .message", "Order 1")
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
