"""What is filled in about how an award goes on."""

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from rdfast.core.amounts import AmountField, written
from rdfast.core.texts import TextField
from rdfast.funding.models import Award
from rdfast.funding.states import MotionKind
from rdfast.programmes.models import Envelope
from rdfast.web.forms import ConfirmForm, DayInput, RadioCards


class PlanAnswerForm(ConfirmForm):
    """The manager's answer to a plan."""

    field_order = ("answer", "reason")
    answer = forms.ChoiceField(
        label=_("Your answer"),
        choices=[("accept", _("Accept the plan")), ("return", _("Return it"))],
        widget=RadioCards(
            descriptions={
                "accept": _("The award can be confirmed over it once the first milestone is passed."),
                "return": _("The applicant completes it within ten working days."),
            }
        ),
    )
    reason = TextField(
        label=_("Reason"),
        lines=3,
        required=False,
        help_text=_("Needed if you return it; the applicant reads it."),
    )

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        if found.get("answer") == "return" and not found.get("reason"):
            self.add_error("reason", _("Say what is missing."))
        return found


class MotionForm(ConfirmForm):
    """What is proposed; which fields there are depends on what it is."""

    field_order = ("amount", "envelope", "lesson", "reason")
    amount = AmountField(label=_("The award is to stand at"))
    envelope = forms.ModelChoiceField(Envelope.objects.none(), label=_("Envelope that gives what is added"))
    lesson = TextField(label=_("Lesson for others"), lines=4, help_text=_("It is published."))
    reason = TextField(label=_("Reason"), lines=4, help_text=_("The second approver reads it."))

    def __init__(
        self, data: Any, *, kind: str, award: Award, envelopes: QuerySet[Envelope], most: int
    ) -> None:
        super().__init__(data, auto_id="confirm-%s", initial={"envelope": award.envelope_id})
        self.fields["envelope"] = forms.ModelChoiceField(
            envelopes, label=_("Envelope that gives what is added"), initial=award.envelope_id
        )
        self.fields["amount"].help_text = _("More than %(now)s and at most %(most)s.") % {
            "now": written(award.amount),
            "most": written(most),
        }
        wanted = {
            MotionKind.RAISE: {"amount", "envelope"},
            MotionKind.CONFIRM: {"envelope"},
            MotionKind.TERMINATE: {"lesson"},
        }.get(MotionKind(kind), set())
        for name in {"amount", "envelope", "lesson"} - wanted:
            del self.fields[name]
        self.order_fields(self.field_order)


class SignMotionForm(ConfirmForm):
    """The second signature."""

    field_order = ("choice", "answer")
    choice = forms.ChoiceField(
        label=_("Your answer"),
        choices=[("sign", _("Sign: it is done at once")), ("refuse", _("Refuse"))],
        widget=RadioCards(),
    )
    answer = TextField(label=_("Reason"), lines=3, help_text=_("The manager reads it."))


class ExtendForm(ConfirmForm):
    """How many days more, and why."""

    field_order = ("days", "reason")
    days = forms.IntegerField(label=_("Days more"), min_value=1)
    reason = TextField(label=_("Reason"), lines=3)

    def __init__(self, data: Any, *, most: int) -> None:
        super().__init__(data, auto_id="confirm-%s")
        help_text = _("At most %(most)s.") % {"most": most}
        self.fields["days"] = forms.IntegerField(
            label=_("Days more"), min_value=1, max_value=most, help_text=help_text
        )
        self.order_fields(self.field_order)


class LeaveForm(ConfirmForm):
    """Until when a missed milestone may still be reported."""

    field_order = ("until", "reason")
    until = forms.DateField(label=_("Until"), widget=DayInput, input_formats=["%Y-%m-%d"])
    reason = TextField(label=_("Reason"), lines=2, help_text=_("The applicant reads it."))
