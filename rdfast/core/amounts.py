"""Amounts of money: whole numbers of the currency's minor unit (won has no smaller one)."""

import re
import unicodedata
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

# One currency per installation; the won has no smaller unit.
CURRENCY = "KRW"

# More than Korea's whole yearly R&D budget (35.5 trillion won): certainly a slip of the keyboard.
LARGEST = 100_000_000_000_000

_UNITS = {"조": 10**12, "억": 10**8, "만": 10**4, "천": 10**3}
_PLAIN = re.compile(r"\d+|\d{1,3}(,\d{3})+")
_KOREAN = re.compile(r"(?:([\d,]+)조)?(?:([\d,]+)억)?(?:([\d,]+)(천)?만)?([\d,]+)?")


class NotAnAmount(ValueError):
    """The text cannot be read as a whole amount."""


def parse(text: str) -> int:
    """The amount a person means: `1,200,000`, `１２０００`, `₩ 3000원`, `1억 2,000만원`. May be zero or negative.

    Raises NotAnAmount for anything that leaves a doubt, such as decimals or misplaced commas.
    """
    plain = unicodedata.normalize("NFKC", text)
    plain = re.sub(r"\s|₩|KRW|원정|원|_", "", plain, flags=re.IGNORECASE).replace("−", "-")
    sign = -1 if plain.startswith("-") else 1
    plain = plain.lstrip("-+")
    # Twenty digits are past every limit; int() need not meet a hundred thousand of them.
    if not plain or len(plain) > 40:
        raise NotAnAmount(text)
    if _PLAIN.fullmatch(plain):
        return sign * int(plain.replace(",", ""))
    korean = _KOREAN.fullmatch(plain)
    if not korean or not any(unit in plain for unit in _UNITS):
        raise NotAnAmount(text)
    trillions, hundred_millions, ten_thousands, thousand, rest = korean.groups()
    total = _whole(trillions) * _UNITS["조"] + _whole(hundred_millions) * _UNITS["억"]
    total += _whole(ten_thousands) * (_UNITS["천"] if thousand else 1) * _UNITS["만"] + _whole(rest)
    return sign * total


def _whole(digits: str | None) -> int:
    if digits and not _PLAIN.fullmatch(digits):
        raise NotAnAmount(digits)
    return int(digits.replace(",", "")) if digits else 0


def written(amount: int) -> str:
    """The amount as people read it: ₩1,200,000, in Korean 1,200,000원."""
    return ("-" if amount < 0 else "") + gettext("₩%(amount)s") % {"amount": f"{abs(amount):,}"}


class AmountField(forms.CharField):
    """A form field for an amount; keeps what was typed when it cannot be read."""

    default_error_messages = {
        "not_an_amount": _("Write a whole amount in won, for example 30,000,000."),
        "negative": _("An amount cannot be negative."),
        "zero": _("Write an amount above zero."),
        "too_large": _("This amount is too large to be right. Check the number of zeros."),
    }

    def __init__(self, *, zero_allowed: bool = False, **kwargs: Any) -> None:
        self.zero_allowed = zero_allowed
        kwargs.setdefault("widget", forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}))
        super().__init__(**kwargs)

    def clean(self, value: Any) -> int | None:
        text = super().clean(value)
        if not text:
            return None
        try:
            amount = parse(text)
        except NotAnAmount:
            raise forms.ValidationError(self.error_messages["not_an_amount"], code="not_an_amount") from None
        if amount < 0:
            raise forms.ValidationError(self.error_messages["negative"], code="negative")
        if amount == 0 and not self.zero_allowed:
            raise forms.ValidationError(self.error_messages["zero"], code="zero")
        if amount > LARGEST:
            raise forms.ValidationError(self.error_messages["too_large"], code="too_large")
        return amount

    def prepare_value(self, value: Any) -> Any:
        return f"{value:,}" if isinstance(value, int) else value
