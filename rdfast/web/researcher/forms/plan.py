"""The whole plan form: its parts together, from the saved plan or from what was posted, and back."""

from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from rdfast.core.amounts import AmountField
from rdfast.core.refusals import RuleBroken
from rdfast.core.texts import TextField
from rdfast.plans.models import Plan
from rdfast.plans.operations import Content, Step
from rdfast.proposals.models import MOST_MILESTONES
from rdfast.web.forms import Rows, each_of, show_refusal
from rdfast.web.researcher.forms.proposal import BudgetForm, PlannedMilestoneForm, budget_initial

_TEXTS = ("scope", "team")
_AMOUNTS = ("amount", "own_cash", "own_kind")


class PlanForm(forms.Form):
    """Everything of a plan that is not a row of something. What a plan needs, the domain says."""

    revision = forms.IntegerField(widget=forms.HiddenInput)
    scope = TextField(label=_("Scope of the work"), lines=8, max_length=10_000, required=False)
    team = TextField(
        label=_("Team"), lines=5, max_length=5000, required=False, help_text=_("Who does what, and how much.")
    )
    data_plan = TextField(
        label=_("What happens to the data"),
        lines=5,
        max_length=5000,
        required=False,
        help_text=_("What is kept, where, for how long, and who may use it."),
    )
    amount = AmountField(label=_("Government money for the whole work"), required=False, zero_allowed=True)
    own_cash = AmountField(label=_("Own share in cash"), required=False, zero_allowed=True)
    own_kind = AmountField(label=_("Own share in kind"), required=False, zero_allowed=True)


class StepForm(PlannedMilestoneForm):
    """One promise; `milestone` is the one of the award that it restates."""

    is_critical = forms.BooleanField(label=_("Critical: without it the work makes no sense"), required=False)
    milestone = forms.IntegerField(widget=forms.HiddenInput, required=False)


class StepRows(Rows):
    """The promises in the order of their days."""

    row_words = _("Milestone")


Steps = StepRows.of(StepForm, least=1, most=MOST_MILESTONES)


class PlanSheet:
    """The form of one plan."""

    def __init__(self, plan: Plan, data: QueryDict | None = None) -> None:
        self.data = data.copy() if data is not None else None
        saved = _saved(plan) if data is None else {"form": None, "budget": None, "steps": None}
        self.form = PlanForm(self.data, initial=saved["form"])
        self.budget = BudgetForm(self.data, initial=saved["budget"])
        self.steps = Steps(self.data, initial=saved["steps"], prefix="steps")

    @property
    def parts(self) -> list[forms.BaseForm | forms.BaseFormSet[forms.Form]]:
        """The parts in the order of the page."""
        return [self.form, self.budget, self.steps]

    def is_valid(self) -> bool:
        """Whether everything typed can be read; each part is asked, so that every error shows."""
        wrong = [part for part in self.parts if not part.is_valid()]
        return not wrong

    @property
    def revision(self) -> int:
        """How many times the plan had been saved when the page was loaded."""
        return int(self.form.cleaned_data["revision"])

    def saved_as(self, revision: int) -> None:
        """What is on the page was saved: the same page may be saved again."""
        if self.data is not None:
            self.data["revision"] = str(revision)

    def content(self) -> Content:
        """What was typed, as the domain takes it. Nothing counts as zero."""
        typed = self.form.cleaned_data
        return Content(
            scope=typed["scope"],
            team=typed["team"],
            data=typed["data_plan"],
            amount=typed["amount"] or 0,
            own_cash=typed["own_cash"] or 0,
            own_kind=typed["own_kind"] or 0,
            budget=self.budget.amounts,
            steps=[_step(row.cleaned_data) for row in self.steps.filled],
        )

    def show(self, refusal: RuleBroken) -> None:
        """Put each rule that refused beside its field, in its section, or above the form."""
        for each in each_of(refusal):
            if each.field == "budget":
                self.budget.add_error(None, str(each))
            elif not self.steps.show(each):
                show_refusal(self.form, each)


def _saved(plan: Plan) -> dict[str, Any]:
    names = ("title", "criterion", "due_on", "share_percent", "is_critical")
    return {
        "form": {
            **{name: getattr(plan, name) for name in _TEXTS},
            **{name: getattr(plan, name) or None for name in _AMOUNTS},
            "data_plan": plan.data,
            "revision": plan.revision,
        },
        "budget": budget_initial(plan),
        "steps": [
            {**{name: getattr(step, name) for name in names}, "milestone": step.milestone_id}
            for step in plan.steps.all()
        ],
    }


def _step(typed: dict[str, Any]) -> Step:
    return Step(
        title=typed["title"],
        criterion=typed["criterion"],
        due_on=typed["due_on"],
        share_percent=typed["share_percent"],
        is_critical=typed["is_critical"],
        milestone=typed["milestone"],
    )
