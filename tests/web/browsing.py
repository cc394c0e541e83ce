"""Pages as a person's browser gets and reads them."""

from collections.abc import Iterator
from typing import Any

from django.db import connection
from django.test import Client
from django.test.html import Element, parse_html
from django.test.utils import CaptureQueriesContext

from rdfast.people.models import User


def as_(user: User) -> Client:
    """A browser in which the person has signed in."""
    client = Client()
    client.force_login(user)
    return client


def text_of(response: Any) -> str:
    return response.content.decode()  # type: ignore[no-any-return]


def said_beside(response: Any, field: str) -> str:
    """What a screen reader adds to the field: the texts that its `aria-describedby` names."""
    elements = [(element, dict(element.attributes)) for element in _elements(parse_html(text_of(response)))]
    texts = {attributes["id"]: element for element, attributes in elements if "id" in attributes}
    control = next(attributes for _element, attributes in elements if attributes.get("name") == field)
    return " ".join(str(texts[each]) for each in (control.get("aria-describedby") or "").split())


def _elements(parent: Element) -> Iterator[Element]:
    for child in parent.children:
        if isinstance(child, Element):
            yield child
            yield from _elements(child)


def queries_for(user: User, address: str) -> int:
    """How many times the page asks the database, once the person's session is warm."""
    client = as_(user)
    client.get(address)
    with CaptureQueriesContext(connection) as asked:
        assert client.get(address).status_code == 200
    return len(asked)
