"""Text that people type."""

import unicodedata
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

_KEPT = {"\n", "\t"}


def unreadable_characters(text: str) -> bool:
    """Whether the text holds NUL, control or direction-override characters nobody can type on purpose."""
    return any(
        (unicodedata.category(c) == "Cc" and c not in _KEPT)
        or c in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"
        for c in text
    )


class TextField(forms.CharField):
    """One line or several of readable text, with a limit that is said before it is met.

    NUL and control characters are refused here with a message; PostgreSQL would refuse NUL with an error.
    """

    default_validators: list[Any] = []
    default_error_messages = {
        "unreadable": _("This text contains control characters. Type it again or paste it as plain text.")
    }

    def __init__(self, *, lines: int = 1, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 300 if lines == 1 else 10_000)
        if lines > 1:
            kwargs.setdefault("widget", forms.Textarea(attrs={"rows": lines}))
        super().__init__(**kwargs)
        # Django's own check for NUL speaks of «null characters»; ours covers it in plainer words.
        self.validators = [
            v for v in self.validators if type(v).__name__ != "ProhibitNullCharactersValidator"
        ]

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value) or ""
        text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
        if unreadable_characters(text):
            raise forms.ValidationError(self.error_messages["unreadable"], code="unreadable")
        return text
