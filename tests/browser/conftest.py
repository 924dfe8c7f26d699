"""The stand-in over TLS, without a rate limit, and its page in a browser."""

from __future__ import annotations

import ssl
from collections.abc import Iterator

import pytest
from selenium.webdriver import Chrome
from slack_sdk import WebClient

from lab.slack import Config, Control, Rate, running_slack
from lab.tls import Authority
from tests.plugins.browser import Page


@pytest.fixture(scope="session")
def standin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Control, WebClient]]:
    authority = Authority.create(tmp_path_factory.mktemp("tls"))
    certificate = authority.issue("slack", "localhost")
    with running_slack(Config(rate=Rate(0)), host="localhost", certificate=certificate) as url:
        control = Control(url, authority.ca)
        trust = ssl.create_default_context(cafile=authority.ca)
        yield control, WebClient("xoxb-lab-token", base_url=f"{url}/api/", ssl=trust)
        control.close()


@pytest.fixture
def page(driver: Chrome, standin: tuple[Control, WebClient]) -> Page:
    """The page of an empty stand-in, in a browser without a chosen theme."""
    page = Page(driver, *standin)
    driver.get("about:blank")  # the previous page sends no more requests
    page.control.reset()
    driver.execute_cdp_cmd("Storage.clearDataForOrigin", {"origin": page.control.url, "storageTypes": "local_storage"})
    page.open()
    return page
