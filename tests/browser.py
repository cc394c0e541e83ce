"""A real Chromium on a live site. Where there is none, the tests that need it are skipped and say so."""

import os
import shutil
import threading
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from playwright.sync_api import Browser, Page, sync_playwright

from tests.databases import FreshDatabase

NO_CHROMIUM = "no Chromium"
# A test browser asks nobody outside, and as root in a container it has no sandbox to use.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def chromium_path() -> str | None:
    """CHROMIUM if set, else the first one found."""
    if (named := os.environ.get("CHROMIUM")) is not None:
        return named if Path(named).is_file() else None
    return next(filter(None, map(shutil.which, ("chromium", "google-chrome", "chromium-browser"))), None)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever uses the browser carries the marker `browser`."""
    for item in items:
        if "chromium" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.browser)
        if item.get_closest_marker("browser") and chromium_path() is None:
            item.add_marker(pytest.mark.skip(reason=NO_CHROMIUM))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(terminalreporter: Any) -> Generator[None]:
    """The last words before pytest's own: did a browser take part?"""
    yield
    reports = [report for kind in ("passed", "failed") for report in terminalreporter.stats.get(kind, [])]
    ran = sum(1 for report in reports if report.when == "call" and "browser" in report.keywords)
    terminalreporter.write_line(
        f"browser: not run: {NO_CHROMIUM}" if chromium_path() is None else f"browser: ran {ran}"
    )


class LiveSite:
    """The application behind a threaded server of this process, so that the test's settings hold there."""

    def __init__(self) -> None:
        self._server = ThreadedWSGIServer(("127.0.0.1", 0), _QuietHandler)
        self._server.set_app(WSGIHandler())
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> "LiveSite":
        self._thread.start()
        return self

    def __exit__(self, *problem: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _QuietHandler(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its parent's word
        """Say nothing: the tests' output is for the tests."""


@pytest.fixture(scope="session")
def chromium() -> Generator[Browser]:
    """The browser, started once for all tests of this process."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def live_site(fresh_database: FreshDatabase) -> Generator[LiveSite]:
    """The site on the test's own database, where commits are real."""
    with LiveSite() as site:
        yield site


@pytest.fixture
def page(chromium: Browser, live_site: LiveSite) -> Generator[Page]:
    """An empty window of the live site, in Korean, without cookies."""
    window = chromium.new_context(base_url=live_site.url, locale="ko-KR")
    yield window.new_page()
    window.close()
