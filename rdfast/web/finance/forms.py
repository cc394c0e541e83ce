"""What finance officers fill in."""

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from rdfast.core.amounts import AmountField
from rdfast.core.texts import TextField
from rdfast.programmes.models import Programme
from rdfast.settlement.models import ClaimLine
from rdfast.settlement.operations import Verdict
from rdfast.web.forms import ConfirmForm, DayInput, Rows


class BounceForm(ConfirmForm):
    """Why the bank sent the payment back."""

    reason = TextField(label=_("What the bank gave as its reason"), lines=3, max_length=1000)


class ReceiveForm(ConfirmForm):
    """Money that arrived."""

    reference = TextField(label=_("Bank reference"), max_length=80, help_text=_("It counts once."))
    received_on = forms.DateField(label=_("Received on"), widget=DayInput, input_formats=["%Y-%m-%d"])
    amount = AmountField(label=_("Amount"))


class RemitForm(ConfirmForm):
    """What was transferred to the treasury: what the page showed."""

    transferred = forms.IntegerField(min_value=1, widget=forms.HiddenInput)


class InstalmentForm(forms.Form):
    """One part of what is owed, and its last day."""

    amount = AmountField(label=_("Amount"))
    due_on = forms.DateField(label=_("To be paid by"), widget=DayInput, input_formats=["%Y-%m-%d"])


class InstalmentRows(Rows):
    """The parts in which a debt is paid."""

    row_words = _("Instalment")


Instalments = InstalmentRows.of(InstalmentForm, least=2, most=36)


class DisallowForm(ConfirmForm):
    """What should not have been accepted of a claim that was checked in full."""

    amount = AmountField(label=_("Amount that should not have been accepted"))
    reason = TextField(
        label=_("Reason"), lines=4, max_length=4000, help_text=_("Those who are to pay read it.")
    )


class DrawForm(ConfirmForm):
    """Which programme's sample of which year."""

    programme = forms.ModelChoiceField(label=_("Programme"), queryset=Programme.objects.none())
    year = forms.IntegerField(label=_("Year"), min_value=2000, max_value=2100)

    def __init__(self, *args: Any, programmes: QuerySet[Programme], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["programme"]
        field.queryset = programmes


class ClaimForm(ConfirmForm):
    """What is accepted of each line: everything, unless something else is written with its reason.

    The fields are named as the refusals of settlement name them: `line-0-accepted`, `line-0-reason`.
    """

    def __init__(self, *args: Any, lines: list[ClaimLine], full_check: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.lines = lines
        understood = self.fields.pop("understood")
        for index, line in enumerate(lines):
            self.fields[f"line-{index}-accepted"] = AmountField(
                label=_("Accepted of line %(number)s") % {"number": index + 1},
                zero_allowed=True,
                initial=line.amount,
            )
            self.fields[f"line-{index}-reason"] = TextField(
                label=_("Why not all of line %(number)s") % {"number": index + 1}, required=False
            )
        if full_check:
            self.fields["checked_in_full"] = forms.BooleanField(
                label=_("I have checked every receipt of this claim."),
                error_messages={
                    "required": _("This claim is of high risk: check every receipt before you decide.")
                },
            )
        self.fields["understood"] = understood

    def rows(self) -> list[tuple[ClaimLine, forms.BoundField, forms.BoundField]]:
        """Each line with its two fields."""
        return [
            (line, self[f"line-{index}-accepted"], self[f"line-{index}-reason"])
            for index, line in enumerate(self.lines)
        ]

    def verdicts(self) -> dict[int, Verdict]:
        """The decision by line id, once the form is valid."""
        typed = self.cleaned_data
        return {
            line.pk: Verdict(typed[f"line-{index}-accepted"], typed[f"line-{index}-reason"])
            for index, line in enumerate(self.lines)
        }
