"""A form as a browser would send it back untouched, read from the page."""

from html.parser import HTMLParser

_UNSENT = {"submit", "button", "reset", "image", "file"}


class _Reader(HTMLParser):
    """Collects the named fields of the page's posting forms, but those of blank rows in <template>."""

    def __init__(self) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}
        self._templates = 0
        self._posts = False
        self._select = ""
        self._textarea = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if tag == "template":
            self._templates += 1
        elif tag == "form":
            # The page's own form, not the language switch or signing out in its head.
            self._posts = attributes.get("method", "").lower() == "post" and not attributes.get("action")
        elif self._posts and not self._templates:
            self._take(tag, attributes)

    def _take(self, tag: str, attributes: dict[str, str]) -> None:
        name = attributes.get("name", "")
        kind = attributes.get("type", "text")
        if tag == "input" and name and kind not in _UNSENT:
            if kind not in {"checkbox", "radio"} or "checked" in attributes:
                self.fields[name] = attributes.get("value", "")
        elif tag == "select" and name:
            self._select, self.fields[name] = name, ""
        elif tag == "option" and self._select and "selected" in attributes:
            self.fields[self._select] = attributes.get("value", "")
        elif tag == "textarea" and name:
            self._textarea, self.fields[name] = name, ""

    def handle_data(self, data: str) -> None:
        if self._textarea:
            self.fields[self._textarea] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "template":
            self._templates -= 1
        elif tag == "form":
            self._posts = False
        elif tag == "select":
            self._select = ""
        elif tag == "textarea" and self._textarea:
            # A browser drops the line break that follows the opening tag.
            self.fields[self._textarea] = self.fields[self._textarea].removeprefix("\n")
            self._textarea = ""


def form_in(html: str) -> dict[str, str]:
    """Every field of the page's forms by name, as it stands there."""
    reader = _Reader()
    reader.feed(html)
    return reader.fields
