"""What finance officers fill in."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from rdfast.core.amounts import AmountField
from rdfast.core.texts import TextField
from rdfast.settlement.models import ClaimLine
from rdfast.settlement.operations import Verdict
from rdfast.web.forms import ConfirmForm


class ClaimForm(ConfirmForm):
    """What is accepted of each line: everything, unless something else is written with its reason.

    The fields are named as the refusals of settlement name them: `line-0-accepted`, `line-0-reason`.
    """

    def __init__(self, *args: Any, lines: list[ClaimLine], **kwargs: Any) -> None:
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
