"""The plan of the whole work: its form, its budget and its milestones as one sheet."""

from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from rdfast.core.amounts import AmountField
from rdfast.core.refusals import RuleBroken
from rdfast.core.texts import TextField
from rdfast.plans.models import Plan
from rdfast.plans.operations import Content, Step
from rdfast.plans.queries import has_begun
from rdfast.web.forms import DayInput, Rows, each_of, show_refusal
from rdfast.web.researcher.forms.proposal import BudgetForm, budget_initial

MOST_STEPS = 8


class PlanForm(forms.Form):
    """Texts and amounts; everything may be missing until the plan is handed in."""

    revision = forms.IntegerField(widget=forms.HiddenInput)
    scope = TextField(label=_("Scope of the work"), lines=8, required=False)
    team = TextField(
        label=_("Team"), lines=5, required=False, help_text=_("One person a line, with the task.")
    )
    data_use = TextField(
        label=_("What happens to the data"),
        lines=4,
        required=False,
        help_text=_("Where they are kept, who may use them and from when; or that there will be none."),
    )
    amount = AmountField(label=_("Government money for the whole work"), required=False)
    own_cash = AmountField(label=_("Own share in cash"), required=False, zero_allowed=True)
    own_kind = AmountField(label=_("Own share in kind"), required=False, zero_allowed=True)


class StepForm(forms.Form):
    """One milestone of the plan; `milestone` is the one of the award that it restates."""

    title = TextField(label=_("What will be reached"), max_length=200, required=False)
    criterion = TextField(label=_("Criterion"), lines=2, required=False)
    due_on = forms.DateField(label=_("Due"), required=False, widget=DayInput, input_formats=["%Y-%m-%d"])
    share_percent = forms.IntegerField(
        label=_("Share of the money, %"), min_value=1, max_value=100, required=False
    )
    is_critical = forms.BooleanField(label=_("Critical: without it the work makes no sense"), required=False)
    milestone = forms.IntegerField(widget=forms.HiddenInput, required=False)


class StepRows(Rows):
    """The milestones in the order of their days."""

    row_words = _("Milestone")


Steps = StepRows.of(StepForm, least=1, most=MOST_STEPS)


class PlanSheet:
    """Everything the plan's page holds."""

    def __init__(self, plan: Plan, data: QueryDict | None = None) -> None:
        names = ("revision", "scope", "team", "amount", "own_cash", "own_kind")
        steps = [_initial(step) for step in plan.steps.all()]
        saved = {name: getattr(plan, name) for name in names}
        self.form = PlanForm(data, initial={**saved, "data_use": plan.data})
        self.budget = BudgetForm(data, initial=budget_initial(plan.budget.all()))
        self.steps = Steps(data, prefix="steps", initial=steps)
        self.begun = [step for step in plan.steps.all() if has_begun(step)]

    @property
    def parts(self) -> list[Any]:
        """What may hold errors, in the order of the page."""
        return [self.form, self.budget, self.steps]

    def is_valid(self) -> bool:
        """Whether everything could be read."""
        # Every part is asked, so that every error is shown.
        return {True} == {bool(part.is_valid()) for part in self.parts}

    def content(self) -> Content:
        """What was typed, as the domain takes it."""
        typed = self.form.cleaned_data
        return Content(
            scope=typed["scope"],
            team=typed["team"],
            data=typed["data_use"],
            amount=typed["amount"] or 0,
            own_cash=typed["own_cash"] or 0,
            own_kind=typed["own_kind"] or 0,
            budget=self.budget.amounts,
            steps=[Step(**_step(row.cleaned_data)) for row in self.steps.filled],
        )

    def saved_as(self, revision: int) -> None:
        """What the page holds is saved; sending it again saves over that."""
        self.form.data = {**dict(self.form.data.items()), "revision": str(revision)}

    def show(self, refusal: RuleBroken) -> None:
        """Put each rule that refused beside its field, in its section, or above the form."""
        for each in each_of(refusal):
            if each.field == "budget":
                self.budget.add_error(None, str(each))
            elif each.field == "data":
                self.form.add_error("data_use", str(each))
            elif not self.steps.show(each):
                show_refusal(self.form, each)


_STEP = ("title", "criterion", "due_on", "share_percent", "is_critical", "milestone")


def _initial(step: Any) -> dict[str, Any]:
    return {name: getattr(step, "milestone_id" if name == "milestone" else name) for name in _STEP}


def _step(typed: dict[str, Any]) -> dict[str, Any]:
    return {name: typed[name] for name in _STEP}
