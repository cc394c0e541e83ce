"""Controls that Django does not have, or not as these pages show them."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.functional import Promise


class DayInput(forms.DateInput):
    """The browser's own picker of a day."""

    input_type = "date"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        # The browser insists on ISO here, whatever the reader's language writes.
        super().__init__(attrs=attrs, format="%Y-%m-%d")


class InstantInput(forms.DateTimeInput):
    """The browser's own picker of a day and a time, in local time."""

    input_type = "datetime-local"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs=attrs, format="%Y-%m-%dT%H:%M")


class ChoiceList(forms.CheckboxSelectMultiple):
    """Any number of a few, one below the other."""

    template_name = "widgets/choice_list.html"


class RadioCards(forms.RadioSelect):
    """One of a few, each a card with a sentence that says what choosing it means."""

    template_name = "widgets/radio_cards.html"

    def __init__(
        self,
        attrs: dict[str, Any] | None = None,
        *,
        descriptions: Mapping[str, str | Promise] | None = None,
    ) -> None:
        super().__init__(attrs=attrs)
        self.descriptions = descriptions or {}

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        option = super().create_option(name, value, *args, **kwargs)
        return {**option, "description": self.descriptions.get(str(value), "")}
