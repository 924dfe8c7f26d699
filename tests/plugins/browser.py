"""Headless Chromium on the page of the Slack stand-in, and helpers to use it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

import pytest
from selenium.webdriver import Chrome, ChromeOptions, ChromeService
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.wait import WebDriverWait
from slack_sdk import WebClient

from cli.page.document import bundled
from lab.slack import Control

WAIT_SECONDS = 10.0
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--lang=en-GB",
)
ORDERS = "C0LABORDERS"


class Screen:
    """A page in a browser, and helpers for tests; `patience` is the timeout of its waits, in seconds."""

    patience = WAIT_SECONDS

    def __init__(self, driver: Chrome, url: str) -> None:
        self.driver = driver
        self._url = url

    def load(self, view: str = "", *, width: int = 1180, height: int = 760, dark: bool = False, lang: str = "") -> None:
        """Load the page at this size, system theme and language, and wait until it has content."""
        media = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": media})
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        self.driver.get("about:blank")
        self.driver.get(f"{self._url}{f'?lang={lang}' if lang else ''}#{view}")
        self.see("nav a")

    def show(self, view: str) -> None:
        """Go to another view without a reload."""
        self.run("location.hash = arguments[0]", view)

    def see(self, selector: str, text: str = "") -> WebElement:
        """Wait for an element, with this text somewhere in it, and return it."""

        def found(driver: Chrome) -> WebElement | None:
            script = "return [...document.querySelectorAll(arguments[0])].find(e => e.innerText.includes(arguments[1]))"
            return driver.execute_script(script, selector, text)

        return WebDriverWait(self.driver, self.patience, 0.05).until(found, f"no {selector} with {text!r}")

    def all(self, selector: str) -> list[str]:
        """Return the texts of all matching elements."""
        return self.run("return [...document.querySelectorAll(arguments[0])].map(e => e.innerText)", selector)

    def settle(self) -> None:
        """Wait until the fonts are loaded and two frames are painted."""
        frames = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
        self.run(f"return document.fonts.ready.then(() => {frames})")

    def run(self, script: str, *arguments: object) -> Any:
        """Run a script in the page."""
        return self.driver.execute_script(script, *arguments)


class Page(Screen):
    """The page of a stand-in."""

    def __init__(self, driver: Chrome, control: Control, slack: WebClient) -> None:
        super().__init__(driver, f"{control.url}/")
        self.control = control
        self._slack = slack

    def open(self, view: str = ORDERS, *, width: int = 1180, height: int = 760, dark: bool = False) -> None:
        """Load the page, and wait until it is live."""
        self.load(view, width=width, height=height, dark=dark)
        self.see(".live:not(.lost)")

    def post(
        self, text: str, blocks: list[Any] | None = None, *, channel: str = ORDERS, thread: str = "", **more: Any
    ) -> str:
        """Post as the notifier does, and return the message's ts."""
        answer = self._slack.chat_postMessage(
            channel=channel, text=text, blocks=blocks or [], thread_ts=thread or None, unfurl_links=False, **more
        )
        return str(answer["ts"])

    def edit(self, ts: str, text: str) -> None:
        """Edit a message."""
        self._slack.chat_update(channel=ORDERS, ts=ts, text=text)

    def emit(self, event_type: str, event_id: str) -> None:
        """Publish an event with the page's form, as a person does."""
        self.see("input[name=type]").send_keys(event_type)
        self.see("input[name=id]").send_keys(f"{event_id}\n")


@pytest.fixture(scope="session")
def driver(missing: Callable[[str], NoReturn], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    chromium, chromedriver = shutil.which("chromium"), shutil.which("chromedriver")
    if not (chromium and chromedriver):
        missing("there is no chromium here (Debian: apt-get install chromium chromium-driver)")
    if not bundled():
        missing("the page is not bundled (make page)")
    options = ChromeOptions()
    options.binary_location = chromium
    options.accept_insecure_certs = True
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('chromium')}"):
        options.add_argument(flag)
    driver = Chrome(options, ChromeService(chromedriver))
    try:
        yield driver
    finally:
        driver.quit()
