"""What managers, second approvers and heads fill in."""

from typing import Any, cast

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from rdfast.core.amounts import AmountField, written
from rdfast.core.texts import TextField
from rdfast.funding.states import AwardState, MotionKind
from rdfast.milestones.models import Milestone
from rdfast.people.models import User
from rdfast.proceedings.states import Kind
from rdfast.programmes.models import Envelope
from rdfast.proposals.models import Proposal
from rdfast.proposals.states import State
from rdfast.reviews.queries import candidates
from rdfast.web.forms import ConfirmForm, DayInput, RadioCards


def as_seen(proposal: Proposal) -> str:
    """What the decision rests on: the text and the recommendation as the page showed them."""
    recommendation = (proposal.recommended_by_id, proposal.recommended_amount)
    return f"{proposal.revision}:{proposal.times_returned}:{recommendation}"


class AnswerForm(forms.Form):
    """What every answer has: a reason, and the declaration that nothing binds the person to the applicants."""

    reason = TextField(
        label=_("Reason"),
        help_text=_("The applicant reads it."),
        lines=4,
        error_messages={"required": _("Give a reason that the applicant can read.")},
    )
    no_conflict = forms.BooleanField(
        label=_("I have no conflict of interest with these applicants."),
        error_messages={"required": _("Declare that you have none, or say below that you have one.")},
    )
    seen = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, data: Any, *, proposal: Proposal) -> None:
        super().__init__(data, initial=self.first_values(proposal))
        self.proposal = proposal

    def first_values(self, proposal: Proposal) -> dict[str, Any]:
        """What the empty form shows."""
        return {"seen": as_seen(proposal)}

    def clean_seen(self) -> str:
        seen: str = self.cleaned_data["seen"]
        if seen != as_seen(self.proposal):
            # The page is shown again as it is now: answering it is a new act.
            self.data = {**dict(self.data.items()), "seen": as_seen(self.proposal)}
            raise forms.ValidationError(
                _("The proposal has changed since you opened this page. Look at it again before you answer.")
            )
        return seen


class FirstAnswerForm(AnswerForm):
    """The manager's answer."""

    field_order = ("amount", "reason", "no_conflict", "seen")
    amount = AmountField(label=_("Provisional amount"), required=False)

    def __init__(self, data: Any, *, proposal: Proposal) -> None:
        super().__init__(data, proposal=proposal)
        help_text = _("At most the %(asked)s that was asked for.") % {
            "asked": written(proposal.asked_provisional)
        }
        self.fields["amount"].help_text = help_text
        may_return = proposal.state == State.SUBMITTED and not proposal.times_returned
        self.answers = ["approve", *(["return"] if may_return else []), "route", "decline"]

    def first_values(self, proposal: Proposal) -> dict[str, Any]:
        return {**super().first_values(proposal), "amount": proposal.asked_provisional}

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        if self.data.get("answer") != "approve":
            # Whoever declines need not repair the amount first.
            self.errors.pop("amount", None)
        elif "amount" not in self.errors and not found.get("amount"):
            self.add_error("amount", _("Write the amount to grant."))
        return found


class SecondAnswerForm(AnswerForm):
    """The second approver's answer to a recommendation."""

    answers = ("approve_second", "refuse_second")

    def __init__(self, data: Any, *, proposal: Proposal) -> None:
        super().__init__(data, proposal=proposal)
        self.fields["reason"].help_text = _(
            "If you approve, the applicant reads it; if you refuse, the manager."
        )


class ConflictForm(forms.Form):
    """Why the person must keep away."""

    conflict = TextField(
        label=_("What binds you to the applicants or their organisation?"),
        max_length=300,
        error_messages={"required": _("Say in a few words what the conflict is.")},
    )


class ReassignForm(forms.Form):
    """To whom the head gives a late decision, and why."""

    to = forms.ModelChoiceField(User.objects.none(), label=_("Manager"))
    reassign_reason = TextField(label=_("What the manager should know"), lines=2)

    def __init__(self, data: Any, *, managers: list[User]) -> None:
        super().__init__(data, auto_id="reassign-%s")
        people = User.objects.filter(pk__in=[user.pk for user in managers])
        self.fields["to"] = forms.ModelChoiceField(people, label=_("Manager"))


class OpenProceedingForm(ConfirmForm):
    """The notice of a proceeding."""

    field_order = ("kind", "reason", "possible_outcome", "amount")
    kind = forms.ChoiceField(label=_("Kind"))
    reason = TextField(label=_("Reason"), lines=6, help_text=_("The applicant side reads it."))
    possible_outcome = TextField(
        label=_("Possible outcome"), lines=3, help_text=_("What may come of it; the applicant side reads it.")
    )
    amount = AmountField(
        label=_("Amount asked back"), required=False, help_text=_("Only for a recovery for cause.")
    )

    def __init__(self, data: Any, *, kinds: list[Kind]) -> None:
        super().__init__(data, auto_id="confirm-%s")
        self.fields["kind"] = forms.ChoiceField(
            label=_("Kind"),
            choices=[(kind.value, kind.label) for kind in kinds],
            widget=RadioCards(
                descriptions={
                    Kind.SPECIAL_REVIEW: _("Suspends the award from today; it may be continued or end."),
                    Kind.TERMINATION: _("May end the award; reports and claims are taken meanwhile."),
                    Kind.RECOVERY: _("May ask money back for cause, also of ended and closed awards."),
                }
            ),
        )
        self.order_fields(self.field_order)

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        if found.get("kind") == Kind.RECOVERY and not found.get("amount") and "amount" not in self.errors:
            self.add_error("amount", _("Write the amount that is asked back."))
        return found


class SignProceedingForm(ConfirmForm):
    """The second approver's answer to what the committee voted for."""

    field_order = ("answer", "conclusion")
    answer = forms.ChoiceField(
        label=_("Your answer"),
        choices=[("sign", _("Sign: put it into effect")), ("refuse", _("Refuse: the proceeding ends"))],
        widget=RadioCards(),
    )
    conclusion = TextField(label=_("Reason"), lines=3, help_text=_("Both sides read it."))


class DetermineForm(ConfirmForm):
    """What is to be paid back, and the answer to the objection."""

    amount = AmountField(label=_("Amount to be paid back"))
    determination = TextField(
        label=_("Answer to the objection"),
        lines=5,
        max_length=4000,
        help_text=_("Those who are to pay read it."),
    )


class PaymentForm(ConfirmForm):
    """The yes to a payment."""


class FindingForm(ConfirmForm):
    """The confirmation of what the panel found."""

    remark = TextField(label=_("Remark to the applicant"), required=False, lines=3)


class _CandidateField(forms.ModelChoiceField[User]):
    """A reviewer who may be invited, with what speaks for and against it."""

    def label_from_instance(self, obj: User) -> str:
        return _("%(name)s, %(organisation)s (open reviews: %(busy)s)") % {
            "name": obj.name,
            "organisation": obj.organisation or "–",
            "busy": getattr(obj, "busy", 0),
        }


class InviteForm(forms.Form):
    """Whom to invite besides those the clock invites."""

    def __init__(self, data: Any = None, *, milestone: Milestone) -> None:
        super().__init__(data)
        self.fields["reviewer"] = _CandidateField(
            label=_("Reviewer"),
            queryset=candidates(milestone).select_related("organisation"),
            error_messages={"invalid_choice": _("This person cannot be invited any more. Choose another.")},
        )


class AwardFilters(forms.Form):
    """Which awards to list."""

    state = forms.ChoiceField(
        label=_("State"), required=False, choices=[("", _("All states")), *AwardState.choices]
    )
    organisation = TextField(label=_("Organisation"), required=False, max_length=200)


class PlanAnswerForm(forms.Form):
    """The answer to a plan; returning it needs a reason."""

    answers = ("accept", "return")
    reason = TextField(
        label=_("Reason"), help_text=_("The applicant reads it."), lines=4, required=False, max_length=3000
    )


class MotionForm(ConfirmForm):
    """What a manager proposes for a second signature."""

    amount = AmountField(label=_("The award shall stand at"))
    envelope = forms.ModelChoiceField(
        label=_("Envelope that gives the money"), queryset=Envelope.objects.none()
    )
    lesson = TextField(
        label=_("Lesson for others"), lines=4, max_length=5000, help_text=_("It is published.")
    )
    reason = TextField(label=_("Reason"), lines=4, max_length=3000)

    def __init__(self, data: Any, *, kind: str, envelopes: QuerySet[Envelope]) -> None:
        super().__init__(data, initial={"envelope": envelopes.first()}, auto_id="confirm-%s")
        wanted = {MotionKind.RAISE: {"amount", "envelope"}, MotionKind.CONFIRM: {"envelope"}}
        more = wanted.get(MotionKind(kind), {"lesson"} if kind == MotionKind.TERMINATE else set())
        for name in {"amount", "envelope", "lesson"} - more:
            del self.fields[name]
        if "envelope" in self.fields:
            cast("forms.ModelChoiceField[Envelope]", self.fields["envelope"]).queryset = envelopes


class SignMotionForm(ConfirmForm):
    """The second signature, or the refusal, which needs a reason."""

    choices = [("carry", _("Sign: it happens at once")), ("refuse", _("Refuse: nothing is changed"))]
    verdict = forms.ChoiceField(label=_("Your answer"), choices=choices, widget=RadioCards)
    answer = TextField(label=_("Reason"), lines=4, required=False, max_length=3000)


class ExtendForm(ConfirmForm):
    """How many days the confirmation is put off, and why."""

    days = forms.IntegerField(label=_("Days"), min_value=1, max_value=1000)
    reason = TextField(label=_("Reason"), lines=4, max_length=3000)


class LeaveForm(forms.Form):
    """Until when a missed milestone may still be reported, and why."""

    until = forms.DateField(
        label=_("May still be reported until"), widget=DayInput, input_formats=["%Y-%m-%d"]
    )
    reason = TextField(label=_("Reason"), lines=3, max_length=3000, help_text=_("The applicant reads it."))
