"""What either side fills in to propose a change, and to answer one."""

from typing import Any
from uuid import uuid4

from django import forms
from django.utils.translation import gettext_lazy as _

from rdfast.core.amounts import AmountField
from rdfast.core.texts import TextField
from rdfast.funding.models import Award
from rdfast.milestones.operations import Promise
from rdfast.web.forms import ConfirmForm, DayInput, RadioCards, Rows

MOST_MILESTONES = 6


class ChangeForm(forms.Form):
    """A new amount and the reason; `version` is the agreement's when the page was loaded."""

    amount = AmountField(label=_("The award is to stand at"))
    reason = TextField(label=_("Reason"), lines=4, help_text=_("The other side reads it."))
    version = forms.IntegerField(widget=forms.HiddenInput)
    once = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, data: Any, *, award: Award) -> None:
        first = {"amount": award.amount, "version": award.version, "once": uuid4()}
        super().__init__(data, initial=first)


class PromiseForm(forms.Form):
    """One milestone that is to be reached."""

    title = TextField(label=_("What will be reached"), max_length=200)
    criterion = TextField(label=_("Criterion"), lines=2)
    due_on = forms.DateField(label=_("Due"), widget=DayInput, input_formats=["%Y-%m-%d"])
    share_percent = forms.IntegerField(label=_("Share of the money, %"), min_value=1, max_value=100)
    is_critical = forms.BooleanField(label=_("Critical: without it the work makes no sense"), required=False)


class PromiseRows(Rows):
    """The milestones in place of those not begun."""

    row_words = _("Milestone")

    def promises(self) -> list[Promise]:
        """The rows as the domain takes them."""
        return [
            Promise(
                title=form.cleaned_data["title"],
                criterion=form.cleaned_data["criterion"],
                due_on=form.cleaned_data["due_on"],
                share_percent=form.cleaned_data["share_percent"],
                is_critical=form.cleaned_data["is_critical"],
            )
            for form in self.filled
        ]


Promises = PromiseRows.of(PromiseForm, most=MOST_MILESTONES)


def promises_form(data: Any, award: Award) -> PromiseRows:
    """The rows, beginning with the award's milestones that are not begun. What was sent stands by itself."""
    if data is not None:
        return Promises(data, prefix="milestones")
    planned = award.milestones.filter(state="planned").order_by("number")
    names = ("title", "criterion", "due_on", "share_percent", "is_critical")
    return Promises(None, prefix="milestones", initial=list(planned.values(*names)))


class AnswerChangeForm(ConfirmForm):
    """The other side's answer."""

    field_order = ("answer", "words")
    answer = forms.ChoiceField(
        label=_("Your answer"),
        choices=[("agree", _("Agree")), ("refuse", _("Refuse"))],
        widget=RadioCards(
            descriptions={
                "agree": _("The agreement changes at once, as shown."),
                "refuse": _("The agreement stays as it is."),
            }
        ),
    )
    words = TextField(
        label=_("Reason"),
        lines=3,
        required=False,
        help_text=_("Needed if you refuse; the other side reads it."),
    )

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        if found.get("answer") == "refuse" and not found.get("words"):
            self.add_error("words", _("Say why; the other side reads it."))
        return found
