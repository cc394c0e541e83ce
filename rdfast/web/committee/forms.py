"""What committee members fill in."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from rdfast.core.texts import TextField
from rdfast.funding.states import Termination
from rdfast.proceedings.models import Proceeding
from rdfast.proceedings.states import Kind
from rdfast.web.forms import ConfirmForm, RadioCards


class VoteForm(ConfirmForm):
    """A vote with its reason. How the award should end is asked only where the measure ends it."""

    field_order = ("vote", "termination_kind", "reason")
    vote = forms.ChoiceField(
        label=_("Your vote"),
        choices=[("for", _("For the measure")), ("against", _("Against the measure"))],
        widget=RadioCards(
            descriptions={
                "for": _("If most vote for it, the second approver is asked to sign it."),
                "against": _("If half or more vote against it, the proceeding is dismissed."),
            }
        ),
    )
    termination_kind = forms.ChoiceField(
        label=_("If the award ends, how?"),
        choices=Termination.choices,
        required=False,
        widget=RadioCards(),
    )
    reason = TextField(label=_("Reason"), lines=5, help_text=_("It stays in the record of the proceeding."))

    def __init__(self, data: Any, *, proceeding: Proceeding) -> None:
        super().__init__(data, auto_id="confirm-%s")
        if proceeding.kind == Kind.RECOVERY:
            del self.fields["termination_kind"]


class AppealForm(ConfirmForm):
    """The decision on an appeal."""

    field_order = ("decision", "reason")
    decision = forms.ChoiceField(
        label=_("Your decision"),
        choices=[("uphold", _("Uphold the appeal")), ("reject", _("Reject the appeal"))],
        widget=RadioCards(
            descriptions={
                "uphold": _("What was decided is undone, as this page says."),
                "reject": _("What was decided stands."),
            }
        ),
    )
    reason = TextField(label=_("Reason"), lines=5, help_text=_("Both sides read it."))
