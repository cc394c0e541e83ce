"""What the people of a programme fill in about its money and its rules."""

from dataclasses import fields
from datetime import datetime
from typing import Any
from uuid import uuid4

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from rdfast.core.amounts import AmountField
from rdfast.core.refusals import ManyRulesBroken
from rdfast.core.texts import TextField
from rdfast.programmes.terms import Terms, parse
from rdfast.web.forms import ConfirmForm, InstantInput


class ReasonForm(ConfirmForm):
    """Why; the same page sent twice counts once."""

    reason = TextField(label=_("Reason"), help_text=_("It stays in the record, beside your name."))
    once = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, data: Any = None) -> None:
        super().__init__(data, auto_id="confirm-%s", initial={"once": uuid4()})


class AmountForm(ReasonForm):
    """How much, and why."""

    field_order = ("amount", "reason")
    amount = AmountField(label=_("Amount"))


class PolicyForm(forms.Form):
    """A new version: every parameter with its default and the precedent behind it."""

    reason = TextField(
        label=_("Reason"), lines=3, max_length=2000, help_text=_("Everyone who works under it reads it.")
    )
    starts_at = forms.DateTimeField(
        label=_("Applies from"),
        required=False,
        widget=InstantInput(),
        help_text=_("Left empty: from the moment it is adopted."),
    )
    # The newest version that the difference was shown against.
    after = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, data: Any, *, initial: Terms, after: int, at: datetime) -> None:
        shown = {each.name: getattr(initial, each.name) for each in fields(Terms)}
        super().__init__(data, initial={**shown, "after": after})
        self.at = at
        for parameter in fields(Terms):
            self.fields[parameter.name] = _parameter_field(parameter)

    @property
    def parameters(self) -> list[forms.BoundField]:
        """The fields of the parameters, in their order."""
        return [self[parameter.name] for parameter in fields(Terms)]

    @property
    def values(self) -> dict[str, Any]:
        """The typed parameters of a form that is valid."""
        return {parameter.name: self.cleaned_data[parameter.name] for parameter in fields(Terms)}

    def clean_starts_at(self) -> datetime | None:
        starts_at: datetime | None = self.cleaned_data["starts_at"]
        if starts_at and starts_at < self.at:
            raise forms.ValidationError(_("A policy cannot apply to the past."))
        return starts_at

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        try:
            parse({each.name: cleaned[each.name] for each in fields(Terms) if each.name in cleaned})
        except ManyRulesBroken as refused:
            for refusal in refused.refusals:
                self.add_error(refusal.field, str(refusal))
        return cleaned


def _parameter_field(parameter: Any) -> forms.Field:
    precedent = parameter.metadata["precedent"]
    if isinstance(parameter.default, bool):
        standard = _("yes") if parameter.default else _("no")
        return forms.BooleanField(
            label=parameter.metadata["label"], required=False, help_text=_help(standard, precedent)
        )
    return forms.IntegerField(
        label=parameter.metadata["label"],
        min_value=parameter.metadata["least"],
        max_value=parameter.metadata["most"],
        help_text=_help(f"{parameter.default:,}", precedent),
    )


def _help(standard: Any, precedent: Any) -> str:
    text = gettext("Default: %(standard)s.") % {"standard": standard}
    return f"{text} {gettext('Precedent: %(precedent)s') % {'precedent': precedent}}" if precedent else text
