"""A person at a window of their own, and what must hold of every page they come by."""

from collections.abc import Callable
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from django.urls import resolve
from playwright.sync_api import BrowserContext, ConsoleMessage, expect

DESK = {"width": 1280, "height": 900}
PHONE = {"width": 360, "height": 740}
_FACTS = """() => ({
    language: document.documentElement.lang,
    headings: document.querySelectorAll("h1").length,
    forms: [...document.forms].map((form) => (form.getAttribute("action") || "").replace(/\\d+/g, "")).join(" "),
})"""
_TOO_WIDE = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


class Desk:
    """Somebody's browser window. Each page is looked at as they come to it: `inspected` are those seen before."""

    def __init__(self, window: BrowserContext, *, language: str, inspected: set[tuple[str, ...]]) -> None:
        self.page = window.new_page()
        self.language = language
        self.complaints: list[str] = []
        self._inspected = inspected
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def go(self, path: str) -> None:
        self.page.goto(path)
        self.look()

    def press(self, words: str) -> None:
        """A button that leads to a page."""
        with self.page.expect_navigation():
            self.page.get_by_role("button", name=words, exact=True).click()
        self.look()

    def follow(self, words: str, *, within: str = "main") -> None:
        """The first link of these words."""
        with self.page.expect_navigation():
            self.page.locator(within).get_by_role("link", name=words).first.click()
        self.look()

    def fill(self, **typed: str) -> None:
        """Text fields, by their names."""
        for name, text in typed.items():
            self.page.locator(f'[name="{name}"]').fill(text)

    def type(self, name: str, text: str) -> None:
        """Key by key, and on to the next field."""
        field = self.page.locator(f'[name="{name}"]')
        field.press_sequentially(text)
        field.press("Tab")

    def tick(self, name: str) -> None:
        """A check box."""
        self.page.locator(f'[name="{name}"]').check()

    def choose(self, name: str, value: str) -> None:
        """A radio button, by its label, as people do."""
        button = self.page.locator(f'[name="{name}"][value="{value}"]')
        self.page.locator(f'label[for="{button.get_attribute("id")}"]').click()
        expect(button).to_be_checked()

    def attach(self, name: str, file: str) -> None:
        """A small PDF of this name."""
        pdf: Any = {"name": file, "mimeType": "application/pdf", "buffer": b"%PDF-1.7\n%%EOF\n"}
        self.page.locator(f'[name="{name}"]').set_input_files(pdf)

    def reads(self, *words: str) -> None:
        """Each of the words stands on the page."""
        for each in words:
            expect(self.page.locator("main")).to_contain_text(each)

    def look(self) -> None:
        """What must hold of every page: its language, its heading, a phone's width, no errors, and axe once."""
        where = self.page.url
        facts = self.page.evaluate(_FACTS)
        assert (facts["language"], facts["headings"]) == (self.language, 1), where
        self.page.set_viewport_size(PHONE)
        is_too_wide = self.page.evaluate(_TOO_WIDE)
        self.page.set_viewport_size(DESK)
        assert not is_too_wide, f"{where} scrolls sideways on a phone."
        kind = (str(resolve(self._path).view_name), facts["forms"])
        if kind not in self._inspected:
            self._inspected.add(kind)
            self.inspect()
        assert not self.complaints, f"{where}: {self.complaints}"

    def inspect(self) -> None:
        """What axe has to say of the page."""
        found = Axe().run(self.page)
        assert not found.violations_count, f"{self.page.url}\n{found.generate_report()}"

    @property
    def _path(self) -> str:
        return "/" + self.page.url.split("/", 3)[3].split("?")[0].split("#")[0]

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(message.text)


Seat = Callable[..., Desk]
