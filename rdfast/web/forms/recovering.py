"""Asking money back, and signing an answer with a reason: what managers and finance officers fill in alike."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from rdfast.core.amounts import AmountField, written
from rdfast.core.texts import TextField
from rdfast.settlement.states import ON_TOP, Origin, RecoveryKind
from rdfast.web.forms.confirming import ConfirmForm


class RecoverForm(ConfirmForm):
    """What is asked back, why, and where it lies."""

    kind = forms.ChoiceField(label=_("Kind"), choices=RecoveryKind.choices)
    origin = forms.ChoiceField(
        label=_("Where the money lies"),
        choices=[each for each in Origin.choices if each[0] != Origin.ON_TOP],
        required=False,
        help_text=_("Surcharges and interest come on top of the award, whatever is chosen here."),
    )
    amount = AmountField(label=_("Amount"))
    reason = TextField(
        label=_("Reason"), lines=5, max_length=4000, help_text=_("Those who are to pay read it.")
    )

    def __init__(self, *args: Any, most: dict[str, int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["amount"].help_text = _(
            "At most %(advances)s of what is not accounted for, %(expense)s of what was accepted."
        ) % {key: written(value) for key, value in most.items()}

    def proposal(self) -> dict[str, Any]:
        """What the domain takes."""
        typed = self.cleaned_data
        on_top = typed["kind"] in ON_TOP
        origin = Origin.ON_TOP if on_top else typed["origin"] or Origin.ADVANCES
        return {
            "kind": typed["kind"],
            "origin": origin,
            "amount": typed["amount"],
            "reason": typed["reason"],
        }


class ReasonForm(ConfirmForm):
    """A reason that the other side reads."""

    conclusion = TextField(label=_("Reason"), lines=4, max_length=4000)
