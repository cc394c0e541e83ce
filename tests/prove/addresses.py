"""Which addresses take a form, asked of the URL resolver and of the views themselves."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from django.test import Client
from django.urls import NoReverseMatch, URLPattern, URLResolver, get_resolver, reverse

# Addresses that take a form and that no proof sends one to, with the reason.
EXCUSED = {
    "demo:become": "only in a demonstration, where anyone may become anyone; here it answers 404",
    "demo:forward": "only in a demonstration; here it answers 404",
    "demo:mailbox": "only in a demonstration; here it answers 404",
}


# Administration keeps master data and accounts on Django's own pages: no state and no money hangs on them. What
# moves money or changes rules there is sent all the same.
ADMINISTRATION = "admin:"


def taking_forms() -> set[str]:
    """The names of all addresses that do not refuse the method POST, administration's pages left out."""
    named = {name for name in _named(get_resolver()) if not name.startswith(ADMINISTRATION)}
    return {name for name in named if _takes_forms(name)}


def _takes_forms(name: str) -> bool:
    browser = Client(raise_request_exception=False)
    return browser.post(_address(name)).status_code != 405


def _address(name: str) -> str:
    found: Any = None
    for arguments in ([], [1], [1, 1]):
        with suppress(NoReverseMatch):
            found = reverse(name, args=arguments)
    return str(found)


def _named(resolver: URLResolver, namespace: str = "") -> Iterator[str]:
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            yield from _named(pattern, f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace)
        elif isinstance(pattern, URLPattern) and pattern.name:
            yield f"{namespace}{pattern.name}"
