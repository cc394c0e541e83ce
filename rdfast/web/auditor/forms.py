"""What auditors look for."""

from django import forms
from django.utils.translation import gettext_lazy as _

from rdfast.reports.story import LABELS
from rdfast.web.forms import DayInput


class EventFilters(forms.Form):
    """Which events to list."""

    number = forms.RegexField(
        label=_("Proposal"),
        regex=r"^\s*(?:[Pp]-?)?0*([1-9]\d{0,17})\s*$",
        required=False,
        widget=forms.TextInput(attrs={"placeholder": "P-000001"}),
        error_messages={"invalid": _("Write a number such as P-000001.")},
    )
    kind = forms.ChoiceField(
        label=_("What happened"), required=False, choices=[("", _("Everything")), *LABELS.items()]
    )
    from_on = forms.DateField(label=_("From"), required=False, widget=DayInput())
    until_on = forms.DateField(label=_("Until"), required=False, widget=DayInput())

    def clean_number(self) -> int | None:
        typed = self.cleaned_data["number"]
        return int(typed.strip().lstrip("Pp").lstrip("-")) if typed else None
