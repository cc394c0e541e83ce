"""The whole proposal form: its parts together, from the saved proposal or from what was posted, and back."""

from datetime import date, timedelta
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _

from rdfast.core.amounts import written
from rdfast.core.refusals import RuleBroken
from rdfast.programmes.terms import Terms
from rdfast.proposals.models import MOST_MILESTONES, Proposal
from rdfast.proposals.operations import Content, Member, Planned
from rdfast.web.forms import each_of, show_refusal
from rdfast.web.researcher.forms.proposal import BudgetForm, Milestones, ProposalForm, Team, budget_initial
from rdfast.web.templatetags.rdfast import day

_TEXTS = ("title_ko", "title_en", "abstract_ko", "abstract_en", "aim")
_AMOUNTS = ("asked_amount", "asked_provisional", "own_cash", "own_kind")
_COUNTS = ("other_projects_as_pi", "other_projects_in_all")


class Sheet:
    """The proposal form of one proposal."""

    def __init__(
        self, proposal: Proposal, data: QueryDict | None = None, *, terms: Terms, today: date
    ) -> None:
        self.data = data.copy() if data is not None else None
        bound: dict[str, Any] = {"data": self.data}
        saved = (
            _saved(proposal)
            if data is None
            else {"form": None, "budget": None, "team": None, "milestones": None}
        )
        self.form = ProposalForm(**bound, initial=saved["form"], proposal=proposal)
        self.budget = BudgetForm(**bound, initial=saved["budget"])
        self.team = Team(**bound, initial=saved["team"], prefix="team")
        self.milestones = Milestones(**bound, initial=saved["milestones"], prefix="milestones")
        self._explain(terms, today=today, work_ends_on=proposal.call.work_ends_on)

    @property
    def parts(self) -> list[forms.BaseForm | forms.BaseFormSet[forms.Form]]:
        """The parts in the order of the page."""
        return [self.form, self.team, self.budget, self.milestones]

    def is_valid(self) -> bool:
        """Whether everything typed can be read; each part is asked, so that every error shows."""
        wrong = [part for part in self.parts if not part.is_valid()]
        return not wrong

    @property
    def revision(self) -> int:
        """How many times the proposal had been saved when the page was loaded."""
        return int(self.form.cleaned_data["revision"])

    def saved_as(self, revision: int) -> None:
        """What is on the page was saved: the same page may be saved again."""
        if self.data is not None:
            self.data["revision"] = str(revision)

    def content(self) -> Content:
        """What was typed, as the domain takes it. Nothing counts as zero."""
        typed = self.form.cleaned_data
        numbers = {name: typed[name] or 0 for name in (*_AMOUNTS, *_COUNTS)}
        plain: dict[str, Any] = {name: typed[name] for name in _TEXTS} | numbers
        return Content(
            **plain,
            organisation=typed["organisation"],
            topic=typed["topic"],
            team=[_member(row.cleaned_data) for row in self.team.filled],
            budget=self.budget.amounts,
            milestones=[_planned(row.cleaned_data) for row in self.milestones.filled],
        )

    def show(self, refusal: RuleBroken) -> None:
        """Put each rule that refused beside its field, in its section, or above the form."""
        for each in each_of(refusal):
            if each.field == "budget":
                self.budget.add_error(None, str(each))
            elif not self.team.show(each) and not self.milestones.show(each):
                show_refusal(self.form, each)

    def _explain(self, terms: Terms, *, today: date, work_ends_on: date) -> None:
        """Say the programme's terms where they matter."""
        self.form.fields["asked_provisional"].help_text = _(
            "At most %(percent)s %% of the government money and at most %(cap)s."
        ) % {"percent": terms.provisional_share_percent, "cap": written(terms.provisional_cap)}
        self.terms = [
            _("Plan at least two and at most %(most)s milestones, each due after the one before it.")
            % {"most": MOST_MILESTONES},
            _(
                "The shares add up to 100 %: each is the part of the money that is paid ahead of its milestone."
            ),
            _(
                "Handed in today, the first milestone is due by %(first)s at the latest; the work ends on %(last)s."
            )
            % {"first": day(today + timedelta(days=terms.first_milestone_day)), "last": day(work_ends_on)},
        ]


def _saved(proposal: Proposal) -> dict[str, Any]:
    team = proposal.team.all()
    planned = proposal.planned_milestones.all()
    return {
        "form": {
            **{name: getattr(proposal, name) for name in (*_TEXTS, *_COUNTS)},
            **{name: getattr(proposal, name) or None for name in _AMOUNTS},
            "revision": proposal.revision,
            "organisation": proposal.organisation_id or proposal.pi.organisation_id,
            "topic": proposal.topic_id,
        },
        "budget": budget_initial(proposal),
        "team": [
            {"name": m.name, "email": m.email, "task": m.task, "effort_percent": m.effort_percent or None}
            for m in team
        ],
        "milestones": [
            {"title": m.title, "criterion": m.criterion, "due_on": m.due_on, "share_percent": m.share_percent}
            for m in planned
        ],
    }


def _member(typed: dict[str, Any]) -> Member:
    effort = typed["effort_percent"] or 0
    return Member(name=typed["name"], task=typed["task"], effort_percent=effort, email=typed["email"])


def _planned(typed: dict[str, Any]) -> Planned:
    return Planned(typed["title"], typed["criterion"], typed["due_on"], typed["share_percent"])
