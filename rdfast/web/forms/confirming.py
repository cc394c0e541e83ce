"""The tick before what cannot be undone."""

from django import forms
from django.utils.translation import gettext_lazy as _


class ConfirmForm(forms.Form):
    """The server's side of `<c-confirm>`; inherit from it to ask for more than the tick."""

    understood = forms.BooleanField(
        label=_("I understand what this does."),
        error_messages={"required": _("Tick the box to show that you understand what this does.")},
    )
