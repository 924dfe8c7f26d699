"""The page beside the deployed function: what is published appears, and what is edited takes effect or says why not."""

from __future__ import annotations

import io
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console
from selenium.webdriver import Chrome
from slack_sdk import WebClient

from cli.commands.demo import sample_events
from cli.compiler import compile_templates
from cli.demo_slack import DemoSlack
from cli.edits import Edits
from cli.operations.stack import of_outputs
from cli.page_requests import Answers
from cli.session import Session
from cli.watch import Watch
from lab.sam import ROOT
from tests.e2e.conftest import PATIENCE_SECONDS, Deployment
from tests.e2e.test_edits import replace
from tests.plugins.browser import ORDERS, Page

PICTURE = ROOT / "docs/images/demo.png"


@pytest.fixture
def page(driver: Chrome, by_queue: Deployment, edits: Edits) -> Iterator[Page]:
    """The page of a demo that runs: something looks at the deployment and at the templates all the time."""
    cloud = by_queue.cloud
    slack, compilation = DemoSlack(cloud.slack, "demo"), compile_templates(ROOT / "templates")
    slack.follow(compilation)
    watch = Watch(cloud, by_queue.outputs, Console(file=io.StringIO()), slack)
    answers = Answers(of_outputs("notifier", cloud.aws, by_queue.outputs), edits.folder)
    session, ended = Session(cloud, slack, watch, edits, answers), threading.Event()
    session.exhibit(compilation)

    def look() -> None:
        while not ended.wait(0.1):
            session.look()

    looking = threading.Thread(target=look)
    looking.start()
    try:
        page = Page(driver, cloud.slack, WebClient())
        page.patience = PATIENCE_SECONDS  # here the function's whole way lies before what is seen
        page.open()
        yield page
    finally:
        ended.set()
        looking.join()


def test_what_is_published_and_edited_appears_without_a_reload(
    page: Page, by_queue: Deployment, tmp_path: Path
) -> None:
    page.run("window.loaded = 'once'")
    by_queue.publish('{"type": "order.created", "id": 1042}')
    page.see(".message", "New order T-001042 from Zoë <VIP> & Co: €118.00")
    page.see(".footer", "template order.created.yaml")
    template = tmp_path / "templates/order.created.yaml"
    replace(template, "New order", "Edited order")
    page.emit("order.created", "1044")
    page.see(".message", "Edited order T-001044 from 山田 花子: ¥12,400")
    page.see(".footer", "order.created 1044")
    replace(template, "{{ order.number }}", "{{ order.nmuber }}")
    for word in ("order.created.yaml", "number", "The message above was made by the last version"):
        page.see(".message .findings", word)
    assert "Edited order T-001044" in page.all(".message:has(.findings)")[0]
    page.show("templates")
    page.see(".finding", "order.created.yaml")
    page.show(ORDERS)
    replace(template, "{{ order.nmuber }}", "{{ order.number }}")
    page.see("nav a[href='#templates']:not(.unread)")
    page.see(".message", "Edited order T-001044")
    assert page.all(".findings") == []
    assert page.run("return window.loaded") == "once"


def test_an_event_whose_row_comes_late_is_shown_until_it_is_delivered(page: Page, by_queue: Deployment) -> None:
    primary = by_queue.cloud.database.primary
    by_queue.publish('{"type": "order.created", "id": 9999}')
    page.see("nav a.unread", "Waiting").click()
    card = page.see(".card.waiting", "ROW_NOT_FOUND").text
    assert "order.created 9999" in card
    assert "no row for this id" in card
    columns = "customer_id, region, status, amount, currency, note, created_at, updated_at"
    copy = f"SELECT 9999, 'T-009999', {columns} FROM shop.orders WHERE id = 1042"
    primary.query(f"INSERT INTO shop.orders (id, number, {columns}) {copy}")
    try:
        page.see(".empty", "Nothing is waiting")
        page.show(ORDERS)
        page.see(".message", "T-009999")
    finally:
        primary.query("DELETE FROM shop.orders WHERE id = 9999")
        by_queue.cloud.database.wait_for_replica()


def test_an_event_leads_to_its_message_its_row_and_its_story(page: Page) -> None:
    page.emit("order.created", "1043")
    page.see(".emit a", "Posted in #orders").click()
    page.see(".message[data-found] .footer a", "Row").click()
    page.see(".sample.real .message", "T-001043")
    page.see(".answer td", "T-001043")
    page.show(ORDERS)
    page.see(".footer a", "Story").click()
    page.see(".delivery h2", "order.created")
    page.see(".steps", "attempt 1")
    page.see(".steps a", "Show the message").click()
    page.see(".message[data-found]", "T-001043")


def test_a_parked_event_is_sent_again_and_parked_again(page: Page, by_queue: Deployment) -> None:
    page.emit("order.refunded", "1042")
    page.see(".emit a", "Parked: EVENT_TYPE_UNKNOWN").click()
    before = page.see(".card.parked[data-found]").get_attribute("data-part")
    page.see(".card.parked .action", "Send again").click()
    page.see(".done", "1 event sent again.")
    page.see(".done a", "Parked: EVENT_TYPE_UNKNOWN").click()
    assert page.see(".card.parked[data-found]").get_attribute("data-part") != before
    page.see(".ways a", "Story").click()
    page.see(".steps", "a replay")
    by_queue.parked(1)


def test_every_starter_template_is_shown_and_a_picture_is_made_of_it(page: Page, by_queue: Deployment) -> None:
    events = sample_events(ROOT / "templates")
    for event in events:
        by_queue.publish_event(event)
    by_queue.posts(len(events))
    page.open("C0LABPAYMENTS", height=1000)
    page.see(".footer", "order.payment_failed")
    assert page.run("return document.documentElement.scrollWidth <= innerWidth")
    page.settle()
    if os.environ.get("UPDATE_SCREENSHOTS") == "1":
        PICTURE.write_bytes(page.driver.get_screenshot_as_png())
    assert PICTURE.exists()
    page.show("C0LABOPS")
    page.see(".content", "@oncall")
