"""The Korean catalogue: what is to be translated, found in code and templates without gettext's binaries."""

import io
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_python
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.utils.translation import templatize

KEYWORDS: Any = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
}
BEGUN = datetime(2026, 11, 23, tzinfo=UTC)
PO = Path("locale/ko/LC_MESSAGES/django.po")


def sources() -> Iterator[Path]:
    """Every file whose words a person may read."""
    for pattern in ("rdfast/**/*.py", "templates/**/*.html", "templates/**/*.txt"):
        yield from sorted(path for path in settings.BASE_DIR.glob(pattern) if "migrations" not in path.parts)


def extracted() -> Catalog:
    """Every message of code and templates."""
    catalog = Catalog(locale="ko", project="rdfast", charset="utf-8", copyright_holder="rdfast developers")
    for path in sources():
        text = path.read_text()
        if path.suffix != ".py":
            # What is left of a template between its messages is filler, whose indentation means nothing.
            text = "\n".join(line.lstrip() for line in templatize(text, origin=str(path)).splitlines())
        name = str(path.relative_to(settings.BASE_DIR))
        for _line, function, message, comments in extract_python(
            io.BytesIO(text.encode()), KEYWORDS, ["Translators:"], {"encoding": "utf-8"}
        ):
            words = _words(function, message)
            if words:
                catalog.add(words, locations=[(name, 0)], auto_comments=comments or ())
    return catalog


def _words(function: Any, message: object) -> str | tuple[str, str] | None:
    if isinstance(message, str):
        return message or None
    if (
        isinstance(message, tuple)
        and function.startswith("ngettext")
        and all(isinstance(m, str) for m in message[:2])
    ):
        return (str(message[0]), str(message[1]))
    first = message[0] if isinstance(message, tuple) else None
    return first if isinstance(first, str) and first else None


def written() -> Catalog:
    """The catalogue as translators left it."""
    path = settings.BASE_DIR / PO
    if not path.exists():
        return Catalog(locale="ko", charset="utf-8")
    with path.open("rb") as file:
        return read_po(file, locale="ko")


def update() -> list[str]:
    """Bring the catalogue up to date, keeping every translation; gives the messages still to be translated."""
    catalog = written()
    catalog.update(extracted(), no_fuzzy_matching=True)
    catalog.obsolete.clear()
    catalog.fuzzy = False  # a catalogue marked fuzzy is not compiled
    catalog.creation_date = BEGUN  # left alone, so that two people's changes do not meet here
    catalog.project, catalog.version = "rdfast", "1"
    catalog.last_translator = catalog.language_team = catalog.msgid_bugs_address = "rdfast"
    catalog.header_comment = "# The Korean words of rdfast. `make messages` keeps this file up to date."
    path = settings.BASE_DIR / PO
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(file, catalog, width=110, omit_header=False, sort_output=True, include_lineno=False)
    return untranslated(catalog)


def untranslated(catalog: Catalog) -> list[str]:
    """The messages of the catalogue without a translation."""
    missing = []
    for message in catalog:
        said = message.string if isinstance(message.string, tuple | list) else (message.string,)
        if message.id and (message.fuzzy or not all(said) or not said):
            missing.append(str(message.id))
    return missing
