"""The parts of the proposal form. A draft may be incomplete, so no field is required here; what a submission
needs, the domain says."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from django import forms
from django.forms.boundfield import BoundField
from django.utils.translation import gettext_lazy as _

from rdfast.core.amounts import AmountField
from rdfast.core.texts import TextField
from rdfast.people.models import Organisation
from rdfast.plans.models import Plan
from rdfast.programmes.models import BudgetCategory, Topic
from rdfast.proposals.models import MOST_MILESTONES, MOST_YEARS, Proposal
from rdfast.web.forms import DayInput, Rows
from rdfast.web.templatetags.rdfast import in_language

MOST_MEMBERS = 20
YEARS = range(1, MOST_YEARS + 1)


class _NamedChoice(forms.ModelChoiceField[Any]):
    """A choice among things that have a name in both languages."""

    def label_from_instance(self, obj: Any) -> str:
        return in_language(obj, "name")


def _whole_number(label: Any, *, least: int, most: int, help_text: Any = "") -> forms.IntegerField:
    return forms.IntegerField(
        label=label, required=False, min_value=least, max_value=most, help_text=help_text
    )


class ProposalForm(forms.Form):
    """Everything of a proposal that is not a row of something."""

    revision = forms.IntegerField(widget=forms.HiddenInput)
    organisation = _NamedChoice(
        label=_("Organisation that carries the work"),
        queryset=Organisation.objects.none(),
        required=False,
        error_messages={"invalid_choice": _("Only your own organisation can carry the work.")},
    )
    topic = _NamedChoice(
        label=_("Topic of the call"),
        queryset=Topic.objects.none(),
        required=False,
        error_messages={"invalid_choice": _("This topic does not belong to the call.")},
    )
    title_ko = TextField(label=_("Title in Korean"), required=False)
    title_en = TextField(
        label=_("Title in English"), required=False, help_text=_("One of the two titles is enough.")
    )
    abstract_ko = TextField(label=_("Abstract in Korean"), lines=6, max_length=5000, required=False)
    abstract_en = TextField(
        label=_("Abstract in English"),
        lines=6,
        max_length=5000,
        required=False,
        help_text=_("One of the two abstracts is enough."),
    )
    aim = TextField(
        label=_("Aim"),
        lines=6,
        max_length=5000,
        required=False,
        help_text=_("What will be known or work at the end?"),
    )
    asked_amount = AmountField(
        label=_("Government money for the whole work"), required=False, zero_allowed=True
    )
    asked_provisional = AmountField(
        label=_("Of this, asked to start with (provisional)"), required=False, zero_allowed=True
    )
    own_cash = AmountField(label=_("Own share in cash"), required=False, zero_allowed=True)
    own_kind = AmountField(label=_("Own share in kind"), required=False, zero_allowed=True)
    other_projects_as_pi = _whole_number(
        _("Other running projects as principal investigator"),
        least=0,
        most=100,
        help_text=_("National R&D projects outside this system that you lead now."),
    )
    other_projects_in_all = _whole_number(
        _("Other running projects in all"),
        least=0,
        most=100,
        help_text=_("National R&D projects outside this system that you take part in now, leading or not."),
    )

    def __init__(self, *args: Any, proposal: Proposal, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        theirs = Organisation.objects.filter(people=proposal.pi_id)
        cast("_NamedChoice", self.fields["organisation"]).queryset = theirs
        cast("_NamedChoice", self.fields["topic"]).queryset = proposal.call.topics.all()


class MemberForm(forms.Form):
    """One person of the team."""

    name = TextField(label=_("Name"), max_length=100, required=False)
    email = forms.EmailField(
        label=_("E-mail address"),
        max_length=254,
        required=False,
        help_text=_("So that nobody who works with this person decides on the proposal."),
    )
    task = TextField(label=_("Task"), max_length=200, required=False)
    effort_percent = _whole_number(_("Share of working time, %"), least=1, most=100)


class PlannedMilestoneForm(forms.Form):
    """One promise."""

    title = TextField(label=_("What will be reached"), max_length=200, required=False)
    criterion = TextField(
        label=_("Criterion"),
        lines=2,
        max_length=2000,
        required=False,
        help_text=_("By what will a reviewer see that it is reached? Name a figure where you can."),
    )
    due_on = forms.DateField(label=_("Due"), required=False, widget=DayInput, input_formats=["%Y-%m-%d"])
    share_percent = _whole_number(_("Share of the money, %"), least=1, most=100)


class TeamRows(Rows):
    """The people besides the principal investigator."""

    row_words = _("Person")


class MilestoneRows(Rows):
    """The promises in the order of their days."""

    row_words = _("Milestone")


Team = TeamRows.of(MemberForm, extra=1, most=MOST_MEMBERS)
Milestones = MilestoneRows.of(PlannedMilestoneForm, least=2, most=MOST_MILESTONES)


@dataclass(frozen=True)
class BudgetRow:
    """One category of the grid, as `<c-budget-grid>` takes it."""

    label: str
    fields: list[BoundField]


class BudgetForm(forms.Form):
    """An amount for each category and year, in fields named `budget-<category>-<year>`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.categories = list(BudgetCategory.objects.all())
        for category in self.categories:
            for year in YEARS:
                label = _("%(category)s, year %(year)s") % {
                    "category": in_language(category, "name"),
                    "year": year,
                }
                self.fields[_cell(category.pk, year)] = AmountField(
                    label=label, required=False, zero_allowed=True
                )

    @property
    def columns(self) -> list[str]:
        """The years of the work, in words."""
        return [str(_("Year %(number)s") % {"number": year}) for year in YEARS]

    @property
    def rows(self) -> list[BudgetRow]:
        """The fields by category."""
        return [
            BudgetRow(in_language(category, "name"), [self[_cell(category.pk, year)] for year in YEARS])
            for category in self.categories
        ]

    @property
    def amounts(self) -> dict[tuple[int, int], int]:
        """What was typed, by category and year; nothing and zero are left out."""
        cells = {
            (category.pk, year): self.cleaned_data.get(_cell(category.pk, year))
            for category in self.categories
            for year in YEARS
        }
        return {cell: amount for cell, amount in cells.items() if amount}


def _cell(category_id: int, year: int) -> str:
    return f"budget-{category_id}-{year}"


def budget_initial(planned: Proposal | Plan) -> Mapping[str, int]:
    """The saved budget as the form names it."""
    return {_cell(line.category_id, line.year): line.amount for line in planned.budget.all()}
