"""My work: what I have to do, my proposals and awards, and the deadlines ahead."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from rdfast.changes.queries import asked_of_applicant
from rdfast.changes.rules import may as may_answer
from rdfast.changes.states import Side
from rdfast.changes.states import State as ChangeState
from rdfast.funding import queries as funding
from rdfast.funding.models import Tranche
from rdfast.funding.rules import may_with_award
from rdfast.people.models import User
from rdfast.programmes.queries import open_calls
from rdfast.programmes.relations import relations_of
from rdfast.proposals import queries as proposals
from rdfast.proposals.models import Proposal
from rdfast.proposals.states import State
from rdfast.reports import story
from rdfast.settlement.queries import can_be_done
from rdfast.timers import clock
from rdfast.timers.kinds import Kind
from rdfast.timers.models import Timer
from rdfast.web.pages import page_of
from rdfast.web.signed_in import person

_SHOWN_AT_HOME = 10
_DEADLINES = 50

# What a deadline asks of the principal investigator. Signing is asked of whoever may sign.
_ASKS: dict[str, Promise] = {
    Kind.RESUBMIT: _("Complete the proposal and send it in again"),
    Kind.SIGN: _("Sign the agreement, or refuse the award"),
    Kind.REPORT_DUE: _("Report the milestone"),
    Kind.REPORT_MISSED: _("Report the milestone: it is overdue"),
    Kind.CURE: _("Put the milestone right and report it again"),
    Kind.ACCOUNT: _("Account for the payment"),
    Kind.FINAL_CLAIM: _("Make the last claim"),
    Kind.CONTEST: _("Read the notice of the recovery, and contest it if it is wrong"),
    Kind.PAY: _("Pay the recovery"),
    Kind.DUN: _("Pay the recovery: it is overdue"),
    Kind.REFER: _("Pay the recovery: this is the last day"),
    Kind.PLAN_DUE: _("Write the plan of the whole work and hand it in"),
    Kind.FINAL_REPORT: _("Give the final report"),
    Kind.REPLY: _("Reply to the notice"),
    Kind.ANSWER_CHANGE: _("Answer the proposed change"),
}
# Asked of the principal investigator and of whoever signs, each of whom may do it.
_OF_BOTH = {"settlement.recovery", "proceedings.proceeding"}


@dataclass(frozen=True)
class Ahead:
    """One deadline with what it belongs to; `asks` is empty when it waits for somebody else."""

    what: str
    due_at: datetime
    proposal: Proposal
    url: str
    asks: str | Promise


@require_safe
@login_required
def home(request: HttpRequest) -> HttpResponse:
    """What I have to do on top; then my newest proposals and awards, and every deadline ahead."""
    user = person(request)
    mine, awards = proposals.on_applicant_side(user), funding.on_applicant_side(user)
    timers = story.deadlines_for_applicant_in(mine, limit=_DEADLINES)
    ahead = _with_their_proposals(timers, user)
    context = {
        "todo": [each for each in ahead if each.asks],
        "drafts": _to_submit(user)[:_SHOWN_AT_HOME],
        "ahead": ahead,
        "proposals": mine[:_SHOWN_AT_HOME],
        "awards": awards[:_SHOWN_AT_HOME],
    }
    return render(request, "researcher/home.html", context)


def _to_submit(user: User) -> QuerySet[Proposal]:
    """The person's drafts that can still be submitted."""
    still_open = open_calls(clock.now()).order_by()
    return proposals.own(user).filter(state=State.DRAFT, call__in=still_open.values("pk"))


@require_safe
@login_required
def proposal_list(request: HttpRequest) -> HttpResponse:
    """Every proposal that I may read, newest first."""
    page = page_of(proposals.on_applicant_side(person(request)), request)
    return render(request, "researcher/proposals.html", {"proposals": page.rows, "next_key": page.next_key})


@require_safe
@login_required
def award_list(request: HttpRequest) -> HttpResponse:
    """Every award that I lead or sign for, newest first."""
    page = page_of(funding.on_applicant_side(person(request)), request)
    return render(request, "researcher/awards.html", {"awards": page.rows, "next_key": page.next_key})


def _with_their_proposals(timers: Iterable[Timer], user: User) -> list[Ahead]:
    timers = list(timers)
    found = Proposal.objects.select_related("call__programme", "pi", "award__policy", "award__pi").in_bulk(
        [timer.matter_id for timer in timers if timer.matter_id]
    )
    changes = asked_of_applicant([each.subject_id for each in timers if each.kind == Kind.ANSWER_CHANGE])
    known = [(timer, found[timer.matter_id]) for timer in timers if timer.matter_id in found]
    asked = {
        timer.pk: (timer, proposal) for timer, proposal in known if _asked(timer, proposal, user, changes)
    }
    to_do = asked.keys() - _waiting_for_agency(asked.values())
    return [_ahead(timer, proposal, asks=timer.pk in to_do) for timer, proposal in known]


def _waiting_for_agency(asked: Iterable[tuple[Timer, Proposal]]) -> set[int]:
    """Those of the deadlines for which there is nothing left to do: everything is in a claim, or with the bank.

    A few queries for each award that the person leads.
    """
    of_tranches = [timer.subject_id for timer, _proposal in asked if timer.kind == Kind.ACCOUNT]
    tranches = Tranche.objects.in_bulk(of_tranches)
    waiting = set()
    for timer, proposal in asked:
        if timer.kind not in {Kind.ACCOUNT, Kind.FINAL_CLAIM}:
            continue
        tranche = tranches.get(timer.subject_id) if timer.kind == Kind.ACCOUNT else None
        if tranche is not None:
            tranche.award = proposal.award
        if not can_be_done(timer.kind, tranche or proposal.award):
            waiting.add(timer.pk)
    return waiting


def _ahead(timer: Timer, proposal: Proposal, *, asks: bool) -> Ahead:
    what = _ASKS.get(timer.kind, "") if asks else ""
    due_at = timer.late_since or timer.due_at
    return Ahead(timer.get_kind_display(), due_at, proposal, _page_of(timer, proposal), what)


def _asked(timer: Timer, proposal: Proposal, user: User, changes: set[int]) -> bool:
    """Whether the deadline waits for this person; `changes` are those that the applicant side answers.

    Asks nothing of the database.
    """
    if timer.subject_kind in _OF_BOTH:
        return proposal.pi_id == user.pk or bool(user.is_signatory)
    if timer.kind not in {Kind.SIGN, Kind.ANSWER_CHANGE}:
        return proposal.pi_id == user.pk or (bool(user.is_signatory) and not proposal.pi.is_active)
    award = proposal.award
    theirs = relations_of(
        user,
        programme_id=proposal.call.programme_id,
        pi_id=award.pi_id,
        applicants=set(),
        organisation_id=award.organisation_id,
    )
    terms = award.policy.terms
    if timer.kind == Kind.ANSWER_CHANGE:
        return timer.subject_id in changes and may_answer(
            "agree", state=ChangeState.PROPOSED, side=Side.AGENCY, relations=theirs, terms=terms
        )
    return may_with_award("sign", state=award.state, relations=theirs, terms=terms)


def _page_of(timer: Timer, proposal: Proposal) -> str:
    """Where one does something about the deadline."""
    pages = {
        "milestones.milestone": "researcher:milestone",
        "settlement.claim": "researcher:claim",
        "funding.award": "researcher:award",
        "settlement.recovery": "researcher:recovery",
        "changes.change": "change",
        "proceedings.proceeding": "researcher:proceeding",
        "appeals.appeal": "researcher:appeal",
    }
    if timer.kind == Kind.FINAL_REPORT:
        return reverse("researcher:final_report", args=[timer.subject_id])
    if timer.subject_kind == "plans.plan":
        return reverse("researcher:plan", args=[proposal.award.pk])
    if timer.subject_kind == "funding.tranche":
        return reverse("researcher:award", args=[proposal.award.pk])
    return reverse(pages.get(timer.subject_kind, "researcher:proposal"), args=[timer.subject_id])
