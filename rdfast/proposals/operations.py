"""Writes of proposals. Submitting, which also screens, is told in `flow/submitting.py`."""

from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from rdfast.audit import operations as audit
from rdfast.core import boundaries
from rdfast.core.locks import lock
from rdfast.core.machines import NotPossibleNow
from rdfast.core.refusals import OutOfDate, RuleBroken, ensure
from rdfast.core.transactions import one_transaction
from rdfast.people.models import Organisation, User
from rdfast.people.operations import lock_person
from rdfast.programmes.models import BudgetCategory, Call, Policy, Topic
from rdfast.programmes.relations import Relation
from rdfast.proposals import rules
from rdfast.proposals.models import BudgetLine, PlannedMilestone, Proposal, TeamMember
from rdfast.proposals.queries import may, relations
from rdfast.proposals.states import ANSWERABLE, MACHINE


class CallClosed(RuleBroken):
    """The call takes no proposals now."""


class NotAManager(RuleBroken):
    """A late decision goes to one of the programme's managers, free of conflicts."""


class ReturnedBefore(RuleBroken):
    """A proposal is returned for completion only once."""


@dataclass(frozen=True)
class Member:
    """One row of the team."""

    name: str
    task: str
    effort_percent: int
    email: str = ""


@dataclass(frozen=True)
class Planned:
    """One row of the milestones; incomplete in a draft."""

    title: str = ""
    criterion: str = ""
    due_on: date | None = None
    share_percent: int | None = None


@dataclass(frozen=True)
class Content:
    """Everything the proposal form holds. Amounts in minor units; budget by (category id, year of the work)."""

    organisation: Organisation | None = None
    topic: Topic | None = None
    title_ko: str = ""
    title_en: str = ""
    abstract_ko: str = ""
    abstract_en: str = ""
    aim: str = ""
    asked_amount: int = 0
    asked_provisional: int = 0
    own_cash: int = 0
    own_kind: int = 0
    other_projects_as_pi: int = 0
    other_projects_in_all: int = 0
    team: list[Member] = field(default_factory=list)
    budget: dict[tuple[int, int], int] = field(default_factory=dict)
    milestones: list[Planned] = field(default_factory=list)


_PLAIN_FIELDS = [
    "organisation",
    "topic",
    "title_ko",
    "title_en",
    "abstract_ko",
    "abstract_en",
    "aim",
    "asked_amount",
    "asked_provisional",
    "own_cash",
    "own_kind",
    "other_projects_as_pi",
    "other_projects_in_all",
]


@boundaries.commit
def start(call: Call, *, by: User, at: datetime, once: UUID) -> Proposal:
    """A new draft in an open call. The same `once` finds the same draft. Raises CallClosed."""
    lock_person(by.pk)  # a double click waits for itself
    existing = Proposal.objects.filter(once=once, pi=by).first()
    if existing:
        return existing
    ensure(rules.may_propose(by), _("Only people of an organisation that may apply write proposals."))
    if not call.is_open(at):
        raise CallClosed(_("This call takes no proposals now."))
    proposal = Proposal.objects.create(
        call=call, pi=by, organisation=by.organisation, once=once, created_at=at
    )
    audit.began(proposal, by=by, at=at)
    return proposal


@boundaries.commit
def save(proposal_id: int, content: Content, *, revision: int, by: User, at: datetime) -> Proposal:
    """Replace the draft's content. Raises OutOfDate when the form was loaded before another save."""
    proposal = lock(Proposal, proposal_id)
    ensure(
        rules.may_edit(state=proposal.state, relations=relations(proposal, by)),
        _("This proposal can no longer be edited."),
    )
    if proposal.revision != revision:
        raise OutOfDate
    for name in _PLAIN_FIELDS:
        setattr(proposal, name, getattr(content, name))
    proposal.revision += 1
    proposal.save(update_fields=[*_PLAIN_FIELDS, "revision"])
    _replace_rows(proposal, content)
    return proposal


def _replace_rows(proposal: Proposal, content: Content) -> None:
    proposal.team.all().delete()
    proposal.budget.all().delete()
    proposal.planned_milestones.all().delete()
    addresses = [member.email.lower() for member in content.team if member.email]
    accounts = {user.email: user for user in User.objects.filter(email__in=addresses)}
    TeamMember.objects.bulk_create(
        TeamMember(
            proposal=proposal,
            user=accounts.get(member.email.lower()),
            name=member.name,
            email=member.email,
            task=member.task,
            effort_percent=member.effort_percent,
        )
        for member in content.team
    )
    categories = BudgetCategory.objects.in_bulk()
    BudgetLine.objects.bulk_create(
        BudgetLine(proposal=proposal, category=categories[category], year=year, amount=amount)
        for (category, year), amount in sorted(content.budget.items())
        if amount
    )
    PlannedMilestone.objects.bulk_create(
        PlannedMilestone(
            proposal=proposal,
            number=number,
            title=planned.title,
            criterion=planned.criterion,
            due_on=planned.due_on,
            share_percent=planned.share_percent,
        )
        for number, planned in enumerate(content.milestones, start=1)
    )


@one_transaction
def submit(proposal: Proposal, *, policy: Policy, by: User, at: datetime) -> Proposal:
    """Hand in the proposal, which the caller holds, for the first time or again after it was returned."""
    again = proposal.times_returned > 0
    _ensure_may(proposal, "resubmit" if again else "submit", by)
    if again:
        proposal.resubmit(policy=policy, at=at)
    else:
        proposal.submit(policy=policy, at=at)
    proposal.save(update_fields=["state", "policy", "first_submitted_at", "submitted_at", "escalated_at"])
    audit.moved(proposal, by=by, at=at)
    return proposal


@one_transaction
def give_back(proposal_id: int, *, by: User, at: datetime, reason: str) -> Proposal:
    """Return it once, saying what is missing. Raises ReturnedBefore the second time."""
    proposal = lock(Proposal, proposal_id)
    _ensure_may(proposal, "give_back", by)
    if proposal.times_returned:
        raise ReturnedBefore(_("This proposal was returned once already. Approve or decline it."))
    proposal.give_back()
    proposal.save(update_fields=["state", "times_returned"])
    audit.moved(proposal, by=by, at=at, reason=reason)
    return proposal


@one_transaction
def recommend(proposal_id: int, *, amount: int, by: User, at: datetime, reason: str) -> Proposal:
    """The first of two approvals; the second approver's yes is needed."""
    proposal = lock(Proposal, proposal_id)
    _ensure_may(proposal, "recommend", by)
    proposal.recommend(amount=amount, by=by)
    proposal.save(update_fields=["state", "recommended_amount", "recommended_by", "escalated_at"])
    audit.moved(proposal, by=by, at=at, reason=reason, data={"amount": amount})
    return proposal


@one_transaction
def send_back(proposal_id: int, *, by: User, at: datetime, reason: str) -> Proposal:
    """The second approver says no; the manager decides anew."""
    proposal = lock(Proposal, proposal_id)
    _ensure_may(proposal, "send_back", by)
    proposal.send_back()
    proposal.save(update_fields=["state", "recommended_amount", "recommended_by", "escalated_at"])
    audit.moved(proposal, by=by, at=at, reason=reason)
    return proposal


@one_transaction
def approve(proposal: Proposal, *, by: User, at: datetime, reason: str, amount: int) -> Proposal:
    """The yes to a proposal that the caller holds; what follows from it is told in `flow/granting.py`."""
    _ensure_may(proposal, "approve", by)
    proposal.approve(at=at)
    proposal.save(update_fields=["state", "decided_at"])
    audit.moved(proposal, by=by, at=at, reason=reason, data={"amount": amount})
    return proposal


@one_transaction
def decline(proposal_id: int, *, by: User, at: datetime, reason: str) -> Proposal:
    """The no, with a reason the applicant can read."""
    proposal = lock(Proposal, proposal_id)
    _ensure_may(proposal, "decline", by)
    proposal.decline(by=by, at=at)
    proposal.save(update_fields=["state", "decided_at", "turned_down_by", "waits_since"])
    audit.moved(proposal, by=by, at=at, reason=reason)
    return proposal


@one_transaction
def route(proposal_id: int, *, by: User, at: datetime, reason: str) -> Proposal:
    """It belongs on the standard track; the reason says why."""
    proposal = lock(Proposal, proposal_id)
    _ensure_may(proposal, "route", by)
    proposal.route(by=by, at=at)
    proposal.save(update_fields=["state", "decided_at", "turned_down_by", "waits_since"])
    audit.moved(proposal, by=by, at=at, reason=reason)
    return proposal


@one_transaction
def reopen(proposal_id: int, *, by: User, at: datetime, reason: str) -> Proposal:
    """An appeal was upheld: another manager decides; the call window is waived."""
    proposal = lock(Proposal, proposal_id)
    proposal.reopen(at=at)
    proposal.save(
        update_fields=[
            "state",
            "decided_at",
            "escalated_at",
            "assigned_to",
            "recommended_amount",
            "recommended_by",
            "submitted_at",
        ]
    )
    audit.moved(proposal, by=by, at=at, reason=reason)
    return proposal


@one_transaction
def wait_for_money(proposal: Proposal, *, at: datetime) -> None:
    """A reopened proposal finds the money gone: its clock stands still, and it is first in line."""
    proposal.waits_since = at
    proposal.save(update_fields=["waits_since"])
    audit.record("proposal.waits", of=proposal, by=None, at=at)


@one_transaction
def serve(proposal: Proposal, *, at: datetime) -> None:
    """The money is there again: its decision clock starts. The caller holds the proposal."""
    proposal.waits_since = None
    proposal.save(update_fields=["waits_since"])
    audit.record("proposal.served", of=proposal, by=None, at=at)


@one_transaction
def reassign(proposal_id: int, to: User, *, reason: str, by: User, at: datetime) -> Proposal:
    """The head gives a late decision to a manager. Raises NotAManager."""
    proposal = lock(Proposal, proposal_id)
    if proposal.state not in ANSWERABLE:
        raise NotPossibleNow(proposal)
    allowed = rules.may_reassign(
        state=proposal.state, relations=relations(proposal, by), escalated=proposal.escalated_at is not None
    )
    ensure(allowed, _("Only the head of the programme gives a late decision to somebody else."))
    if not may("approve", proposal, to) or Relation.MANAGER not in relations(proposal, to):
        raise NotAManager(_("This person cannot decide on this proposal. Choose another."), field="to")
    proposal.assigned_to = to
    proposal.escalated_at = None
    proposal.save(update_fields=["assigned_to", "escalated_at"])
    audit.record("proposal.reassigned", of=proposal, by=by, at=at, reason=reason, data={"to": to.name})
    return proposal


@one_transaction
def withdraw(proposal_id: int, *, by: User, at: datetime) -> Proposal:
    """The applicant takes it back."""
    proposal = lock(Proposal, proposal_id)
    _ensure_may(proposal, "withdraw", by)
    proposal.withdraw(at=at)
    proposal.save(update_fields=["state", "decided_at", "waits_since"])
    audit.moved(proposal, by=by, at=at)
    return proposal


@one_transaction
def lapse(proposal_id: int, *, at: datetime) -> Proposal:
    """The clock: a returned proposal was not sent in again in time."""
    proposal = lock(Proposal, proposal_id)
    proposal.lapse(at=at)
    proposal.save(update_fields=["state", "decided_at"])
    audit.moved(proposal, by=None, at=at)
    return proposal


@one_transaction
def pass_to_head(proposal: Proposal, *, at: datetime) -> None:
    """Nobody but the head may answer it: they may from now on, before any deadline. The caller holds the proposal."""
    proposal.escalated_at = at
    proposal.save(update_fields=["escalated_at"])
    audit.record("proposal.passed_to_head", of=proposal, by=None, at=at)


@one_transaction
def escalate(proposal_id: int, *, at: datetime) -> Proposal:
    """The clock: nobody decided in time; from now on the head may decide."""
    proposal = lock(Proposal, proposal_id)
    if proposal.state not in MACHINE.sources_of("approve"):
        raise NotPossibleNow(proposal)
    proposal.escalated_at = at
    proposal.save(update_fields=["escalated_at"])
    audit.record("proposal.escalated", of=proposal, by=None, at=at)
    return proposal


def _ensure_may(proposal: Proposal, move: str, by: User) -> None:
    if proposal.state not in MACHINE.sources_of(move):
        raise NotPossibleNow(proposal)
    ensure(may(move, proposal, by), _("You cannot do this with this proposal."))
